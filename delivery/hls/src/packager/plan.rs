use media::codec::flac;
use media::{CodecConfig, Kind, Timestamp};

use super::audio::samples_per_frame;
use super::cast::Member;
use crate::config::Config;
use crate::mp4::timescale;

/// What is decided once, after the first segment, and constant from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// `EXT-X-TARGETDURATION`, in seconds.
    pub(super) target_duration: u32,
    /// A keyframe ends a segment that is at least this long.
    pub(super) cut: Timestamp,
    /// Audio alone is cut at this duration.
    pub(super) segment: Timestamp,
    /// No segment of the leading track gets longer than this.
    pub(super) longest: Timestamp,
    /// The first segment may be as long as this, which set the target duration.
    pub(super) first_longest: Timestamp,
}

impl Plan {
    /// `first` is the duration of the first segment; `slack` how much longer than it the segment of
    /// another rendition may be, since frames do not end at the same times.
    pub(super) fn new(config: &Config, first: Timestamp, slack: Timestamp) -> Self {
        let target_duration = rounded(config.segment).max(rounded(first + slack)).max(1);
        Self {
            target_duration,
            cut: cut_at(config),
            segment: config.segment,
            longest: longest(target_duration) - slack,
            first_longest: first_longest(config),
        }
    }

    /// No segment of any track gets longer than this: rounded to seconds it is the target duration.
    pub(super) fn limit(&self) -> Timestamp {
        longest(self.target_duration)
    }

    /// How far a picture of a track that does not lead may lie before the start of its segment. What
    /// comes before the segment's end then begins within the limit.
    pub(super) fn reach(&self) -> Timestamp {
        Timestamp::from_ticks((self.limit() - self.longest).ticks() / 2)
    }

    /// The same for tracks with this slack, which may be others than the first segment's.
    pub(super) fn with_slack(self, slack: Timestamp) -> Self {
        let least = self.cut.min(self.longest);
        let longest = (longest(self.target_duration) - slack).min(self.longest).max(least);
        Self { longest, ..self }
    }
}

/// RFC 8216bis 4.4.3.1: EXTINF, rounded to the nearest integer, never exceeds the target.
fn longest(target_duration: u32) -> Timestamp {
    Timestamp::from_ticks(i64::from(target_duration) * Timestamp::HZ + Timestamp::HZ / 2 - 1)
}

/// A keyframe ends a segment when three quarters of the target have passed: encoders' groups vary a little.
pub(super) fn cut_at(config: &Config) -> Timestamp {
    Timestamp::from_ticks(config.segment.ticks() * 3 / 4)
}

/// The first group is waited for until twice the target.
pub(super) fn first_longest(config: &Config) -> Timestamp {
    Timestamp::from_ticks(config.segment.ticks() * 2)
}

/// `PART-TARGET`, in ms, of a track whose frames last `frame` seconds: the whole number of frames that
/// is nearest to the wanted duration, and above it what time stamps of whole milliseconds can add.
pub(super) fn part_target_ms(config: &Config, frame: f64, exact: bool) -> u32 {
    let frames = (config.part.seconds() / frame).round().max(1.0);
    let ms = (frames * frame * 1_000.0 - 1e-6).ceil();
    ms as u32 + u32::from(!exact)
}

/// Seconds of a usual frame of an audio track.
pub(super) fn audio_frame_seconds(config: &CodecConfig) -> f64 {
    let scale = timescale(config).unwrap_or(48_000);
    f64::from(samples_per_frame(config)) / f64::from(scale)
}

/// The longest frame that there is room for, in seconds, whatever the target durations: segments of the
/// leading track may be as short as three quarters of the segment target, and the target duration is at
/// least the rounded segment target, so at least a quarter of 1.5 s is left.
pub(super) const LONGEST_FRAME: f64 = 0.37;

/// How much longer than a segment of the leading track a segment of another one of these tracks may get;
/// the leading track is the first. `picture` tells the seconds of a usual picture of a video track.
///
/// In whole milliseconds, and one for time stamps that are rounded to them.
pub(super) fn slack(members: &[Member], picture: impl Fn(&Member) -> f64) -> Timestamp {
    let frames = members.iter().enumerate().map(|(index, member)| match member.track.kind {
        Kind::Audio => longest_audio_frame_seconds(&member.config),
        // The leading track is cut where it gets too long.
        Kind::Video if index == 0 => 0.0,
        Kind::Video => picture(member).min(LONGEST_FRAME),
    });
    Timestamp::from_millis((frames.fold(0.0, f64::max) * 1_000.0).ceil() as i64 + 1)
}

/// Seconds of the longest frame that an audio track may send. Opus and FLAC may change the length with
/// each frame.
pub(super) fn longest_audio_frame_seconds(config: &CodecConfig) -> f64 {
    match config {
        // RFC 6716 2.1.4.
        CodecConfig::Opus { .. } => 0.12,
        CodecConfig::Flac { record, info } => {
            // The largest block (RFC 9639 8.2).
            let block = flac::stream_info(record).and_then(|info| info.get(2..)?.first_chunk());
            let samples = block.map_or(4_096, |block| u16::from_be_bytes(*block));
            f64::from(samples) / f64::from(info.sample_rate.max(1))
        }
        _ => audio_frame_seconds(config),
    }
}

/// Frames a second, in thousandths: what the codec declares when it fits what was measured, else the
/// usual rate that is nearest to the measured one.
pub(super) fn frame_rate_milli(declared: Option<(u32, u32)>, measured: Option<f64>) -> u32 {
    const USUAL: [f64; 10] = [
        15.0,
        24_000.0 / 1_001.0,
        24.0,
        25.0,
        30_000.0 / 1_001.0,
        30.0,
        50.0,
        60_000.0 / 1_001.0,
        60.0,
        120.0,
    ];
    let declared = declared
        .filter(|&(frames, per)| frames > 0 && per > 0)
        .map(|(frames, per)| f64::from(frames) / f64::from(per))
        .filter(|rate| (1.0..=480.0).contains(rate));
    let near = |rate: &f64, other: f64, part: f64| (rate - other).abs() <= other * part;
    let rate = match (declared, measured) {
        (Some(declared), Some(measured)) if near(&declared, measured, 0.05) => declared,
        (_, Some(measured)) => USUAL
            .into_iter()
            .filter(|usual| near(usual, measured, 0.004))
            .min_by(|a, b| (a - measured).abs().total_cmp(&(b - measured).abs()))
            .unwrap_or(measured),
        (Some(declared), None) => declared,
        (None, None) => 0.0,
    };
    (rate * 1_000.0).round() as u32
}

fn rounded(duration: Timestamp) -> u32 {
    ((duration.ticks() + Timestamp::HZ / 2) / Timestamp::HZ) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_whole_number_of_frames_near_the_target() {
        let config = Config::default();
        assert_eq!(part_target_ms(&config, 1.0 / 30.0, false), 268, "8 frames are 266.7 ms");
        assert_eq!(part_target_ms(&config, 1.0 / 25.0, false), 241);
        assert_eq!(part_target_ms(&config, 1.0 / 60.0, false), 251);
        assert_eq!(part_target_ms(&config, 1_024.0 / 48_000.0, true), 256);
        assert_eq!(
            part_target_ms(&config, 1_024.0 / 44_100.0, true),
            256,
            "11 frames are 255.4 ms"
        );
        assert_eq!(part_target_ms(&config, 1.0, false), 1_001, "one frame at least");
    }

    #[test]
    fn the_target_duration_covers_a_first_segment_of_any_length() {
        let plan = |ms| {
            Plan::new(&Config::default(), Timestamp::from_millis(ms), Timestamp::from_millis(34))
        };
        assert_eq!(plan(1_500).target_duration, 2);
        assert_eq!(plan(2_400).target_duration, 2);
        assert_eq!(plan(2_480).target_duration, 3, "another rendition's segment could round to 3");
        assert_eq!(plan(3_999).target_duration, 4);
    }

    #[test]
    fn tracks_with_longer_frames_than_the_first_ones_get_shorter_segments() {
        let ms = Timestamp::from_millis;
        let plan = Plan::new(&Config::default(), ms(2_000), ms(22));
        assert_eq!((plan.target_duration, plan.longest.millis()), (2, 2_477));
        assert_eq!(plan.with_slack(ms(121)).longest.millis(), 2_378);
        assert_eq!(plan.with_slack(ms(11)).longest, plan.longest);
        assert_eq!(plan.with_slack(ms(9_000)).longest, plan.cut);
    }

    #[test]
    fn there_is_room_for_the_longest_frame_whatever_the_segment_target() {
        let slack = Timestamp::from_millis((LONGEST_FRAME * 1_000.0) as i64 + 1);
        for ms in Config::SEGMENT_MIN.millis()..=Config::SEGMENT_MAX.millis() {
            let segment = Timestamp::from_millis(ms);
            let config = Config { segment, ..Config::default() };
            let plan = Plan::new(&config, cut_at(&config), Timestamp::from_millis(1));
            let plan = plan.with_slack(slack);
            assert!(plan.longest >= plan.cut && plan.longest + slack <= plan.limit(), "{ms} ms");
        }
    }

    #[test]
    fn the_longest_frame_is_the_codecs_where_frames_differ() {
        use media::AudioInfo;
        let info = || AudioInfo { sample_rate: 48_000, ..AudioInfo::default() };
        let longest = |config| longest_audio_frame_seconds(&config);
        let record = bytes::Bytes::from_static(
            b"\0\0\0\0\x80\0\0\x22\x04\0\x12\0------------------------------",
        );
        let of = |codec: fn(bytes::Bytes, AudioInfo) -> CodecConfig| codec(record.clone(), info());
        let flac = of(|record, info| CodecConfig::Flac { record, info });
        let opus = of(|record, info| CodecConfig::Opus { record, info });
        assert!((longest(opus) - 0.12).abs() < 1e-9);
        assert!((longest(flac) - 4_608.0 / 48_000.0).abs() < 1e-9);
    }

    #[test]
    fn a_declared_frame_rate_counts_when_it_fits() {
        assert_eq!(frame_rate_milli(Some((30_000, 1_001)), Some(29.99)), 29_970);
        assert_eq!(frame_rate_milli(Some((60, 1)), Some(30.01)), 30_000);
        assert_eq!(frame_rate_milli(None, Some(12.34)), 12_340);
        assert_eq!(frame_rate_milli(Some((1, 0)), None), 0);
    }
}
