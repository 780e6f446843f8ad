//! How a live stream is: what its home shard measured, and what the streamer should change.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};
use store::UtcTime;
use stream::{Listing, Protocol};
use utoipa::ToSchema;

/// A publisher that sends nothing for so long has stalled, in milliseconds.
const SILENT_MS: u64 = 3000;
/// Sound that stays away for so long is missing, in milliseconds.
const SOUNDLESS_MS: u64 = 5000;
/// Groups of pictures longer than this start slowly and package badly, in milliseconds.
const LONG_GROUP_MS: u64 = 10_000;

/// How a live stream is, as its home shard measured it within the last second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamStats {
    /// The home shard.
    pub home: usize,
    /// The session that is live.
    pub session: u32,
    /// When its first media came; `None` before that.
    #[schema(value_type = Option<String>)]
    pub started_at: Option<UtcTime>,
    /// The publisher; `None` while the server waits for its return.
    pub publisher: Option<PublisherStats>,
    /// The picture.
    pub video: Option<VideoStats>,
    /// The sound.
    pub audio: Option<AudioStats>,
    /// Payload received over the last seconds, in bits a second.
    pub bitrate: u64,
    /// The last complete group of pictures, in milliseconds of media; `None` before there was one.
    pub gop_ms: Option<u64>,
    /// Time since the last media came, in milliseconds; `None` before the first.
    pub silent_ms: Option<u64>,
    /// Bytes received in this session.
    pub bytes_in: u64,
    /// Bytes sent to viewers in this session, headers included.
    pub bytes_out: u64,
    /// Frames that viewers missed who read too slowly.
    pub dropped_frames: u64,
    /// Times that such a viewer was moved to a newer group.
    pub skips: u64,
    /// Returns of the publisher and jumps of its clock.
    pub interruptions: u64,
    /// Who watches.
    pub viewers: ViewerStats,
    /// How good it is altogether.
    pub health: Health,
    /// What is wrong and what the streamer can do about it, the worst first.
    pub issues: Vec<Issue>,
}

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublisherStats {
    /// How, such as `rtmp`.
    pub protocol: String,
    /// Where from.
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// Since when.
    #[schema(value_type = String)]
    pub since: UtcTime,
}

/// The default track of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VideoStats {
    /// The codec's usual name, such as `H.264`.
    pub codec: String,
    /// RFC 6381, such as `avc1.64001f`.
    pub codec_string: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Pictures a second that came over the last seconds.
    pub frame_rate: f64,
}

/// The default track of sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AudioStats {
    /// The codec's usual name, such as `AAC`.
    pub codec: String,
    /// RFC 6381, such as `mp4a.40.2`.
    pub codec_string: String,
    /// Samples a second.
    pub sample_rate: u32,
    /// How many.
    pub channels: u8,
}

/// Viewers of all shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViewerStats {
    /// All of them.
    pub total: u64,
    /// By RTMP.
    pub rtmp: u64,
    /// By HTTP-FLV.
    pub flv: u64,
    /// By FLV in a WebSocket.
    pub ws_flv: u64,
    /// By HLS or LL-HLS.
    pub hls: u64,
    /// The most at a time; `None` for no limit.
    pub limit: Option<u64>,
    /// Refused in this session because there were so many.
    pub refused: u64,
}

/// How good a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// Nothing keeps anybody from watching.
    Good,
    /// It plays, but worse than it could.
    Warning,
    /// Nothing comes.
    Bad,
}

/// What is wrong with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// No publisher is connected.
    NoPublisher,
    /// The publisher sends nothing.
    Silent,
    /// No sound comes.
    NoAudio,
    /// Key frames are far apart.
    LongGroups,
    /// The encoder uses B-frames.
    BFrames,
}

impl Reason {
    /// How bad it is.
    pub const fn health(self) -> Health {
        match self {
            Self::NoPublisher | Self::Silent => Health::Bad,
            Self::NoAudio | Self::LongGroups => Health::Warning,
            // Everything but WebRTC plays them.
            Self::BFrames => Health::Good,
        }
    }
}

/// What is wrong, for the streamer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// The kind of problem.
    pub reason: Reason,
    /// What it is and what to do.
    pub detail: String,
}

impl StreamStats {
    /// What a listing tells at `now_ms` of the shards' monotonic clock.
    pub fn of(listing: &Listing, now_ms: u64) -> Self {
        let counters = &*listing.stats;
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        let last = read(&counters.last_media_ms);
        let silent_ms = (last > 0).then(|| now_ms.saturating_sub(last));
        let issues = issues(listing, now_ms, silent_ms);
        Self {
            home: listing.home,
            session: listing.session,
            started_at: (listing.started_ms > 0).then(|| time(listing.started_ms)),
            publisher: listing.publisher.map(|publisher| PublisherStats {
                protocol: publisher.protocol.label().into(),
                address: publisher.peer.ip(),
                since: time(publisher.since_ms),
            }),
            video: video(listing),
            audio: audio(listing),
            bitrate: read(&counters.measured.bits),
            gop_ms: Some(read(&counters.measured.group_ms)).filter(|ms| *ms > 0),
            silent_ms,
            bytes_in: read(&counters.bytes_in),
            bytes_out: read(&counters.bytes_out),
            dropped_frames: read(&counters.skipped),
            skips: read(&counters.skips),
            interruptions: read(&counters.interruptions),
            viewers: viewers(listing),
            health: issues.iter().map(|it| it.reason.health()).max().unwrap_or(Health::Good),
            issues,
        }
    }
}

fn time(unix_ms: i64) -> UtcTime {
    UtcTime::from_unix(unix_ms / 1000)
}

fn video(listing: &Listing) -> Option<VideoStats> {
    let config = listing.tracks.video()?;
    let info = config.video()?;
    Some(VideoStats {
        codec: config.name().into(),
        codec_string: info.codec_string.clone(),
        width: info.width,
        height: info.height,
        frame_rate: (listing.stats.measured.pictures.load(Relaxed) / 10) as f64 / 100.0,
    })
}

fn audio(listing: &Listing) -> Option<AudioStats> {
    let config = listing.tracks.audio()?;
    let info = config.audio()?;
    Some(AudioStats {
        codec: config.name().into(),
        codec_string: info.codec_string.clone(),
        sample_rate: info.sample_rate,
        channels: info.channels,
    })
}

fn viewers(listing: &Listing) -> ViewerStats {
    let by = |protocol| listing.stats.viewers(protocol);
    ViewerStats {
        total: listing.stats.all_viewers(),
        rtmp: by(Protocol::Rtmp),
        flv: by(Protocol::Flv),
        ws_flv: by(Protocol::WsFlv),
        hls: by(Protocol::Hls),
        limit: listing.stats.max_viewers(),
        refused: listing.stats.refused.load(Relaxed),
    }
}

/// The worst first.
fn issues(listing: &Listing, now_ms: u64, silent_ms: Option<u64>) -> Vec<Issue> {
    let measured = &listing.stats.measured;
    let group_ms = measured.group_ms.load(Relaxed).max(measured.open_group_ms.load(Relaxed));
    let soundless_ms = now_ms.saturating_sub(measured.sound_ms.load(Relaxed));
    let silent = silent_ms.unwrap_or_default();
    let flows = listing.publisher.is_some() && silent < SILENT_MS;
    let mut found = Vec::new();
    let mut add = |reason, detail: String| found.push(Issue { reason, detail });
    if listing.publisher.is_none() {
        let detail = "The publisher's connection is gone; the server waits for its return. Check \
                      the encoder and its network.";
        add(Reason::NoPublisher, detail.into());
    } else if !flows {
        let detail = format!(
            "The publisher has sent nothing for {} s. Check the encoder and its network.",
            silent / 1000
        );
        add(Reason::Silent, detail);
    }
    let has_video = listing.tracks.video().is_some();
    if has_video && listing.tracks.audio().is_none() {
        add(Reason::NoAudio, "The stream has no sound. Add an audio source.".into());
    } else if flows && listing.tracks.audio().is_some() && soundless_ms >= SOUNDLESS_MS {
        add(Reason::NoAudio, "No sound has come for a while. Check the audio source.".into());
    }
    if has_video && group_ms > LONG_GROUP_MS {
        let detail = format!(
            "Key frames are {} s apart, so players start and switch slowly. In OBS set Output > \
             Keyframe Interval to 2 s; with ffmpeg add -g 60 (twice the frame rate).",
            group_ms / 1000
        );
        add(Reason::LongGroups, detail);
    }
    if measured.reordered.load(Relaxed) {
        let detail = "The encoder uses B-frames, which WebRTC players cannot show. In OBS set the \
                      B-frames to 0; with ffmpeg add -bf 0.";
        add(Reason::BFrames, detail.into());
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stream::Publishing;
    use stream::control::StreamId;

    use super::*;

    fn listing() -> Listing {
        Listing {
            id: StreamId::parse("abc").unwrap(),
            title: "A".into(),
            home: 1,
            session: 7,
            started_ms: 1_000_500,
            publisher: Some(Publishing {
                protocol: Protocol::Rtmp,
                peer: "192.0.2.1:5".parse().unwrap(),
                since_ms: 999_000,
            }),
            tracks: Arc::default(),
            stats: Arc::default(),
        }
    }

    fn reasons(stats: &StreamStats) -> Vec<Reason> {
        stats.issues.iter().map(|issue| issue.reason).collect()
    }

    #[test]
    fn what_the_shards_counted_is_told_by_its_name() {
        let listing = listing();
        listing.stats.limit(3);
        listing.stats.joined(Protocol::Hls);
        listing.stats.last_media_ms.store(100, Relaxed);
        listing.stats.measured.bits.store(5_000, Relaxed);
        let stats = StreamStats::of(&listing, 350);
        assert_eq!((stats.home, stats.session, stats.bitrate), (1, 7, 5_000));
        assert_eq!((stats.silent_ms, stats.gop_ms), (Some(250), None));
        assert_eq!((stats.viewers.total, stats.viewers.hls), (1, 1));
        assert_eq!((stats.viewers.limit, stats.health), (Some(3), Health::Good));
        let text = serde_json::to_string(&stats).unwrap();
        assert!(text.contains(r#""startedAt":"1970-01-01T00:16:40Z""#), "{text}");
        assert!(text.contains(r#""health":"good""#) && text.contains(r#""wsFlv":0"#), "{text}");
    }

    #[test]
    fn a_silent_or_absent_publisher_is_bad_and_b_frames_are_but_a_hint() {
        let mut listing = listing();
        listing.stats.last_media_ms.store(1, Relaxed);
        listing.stats.measured.reordered.store(true, Relaxed);
        let stats = StreamStats::of(&listing, 1000);
        assert_eq!((reasons(&stats), stats.health), (vec![Reason::BFrames], Health::Good));
        let stats = StreamStats::of(&listing, 7001);
        assert_eq!(reasons(&stats), [Reason::Silent, Reason::BFrames]);
        assert!(stats.issues[0].detail.contains("7 s") && stats.health == Health::Bad);
        listing.publisher = None;
        assert_eq!(reasons(&StreamStats::of(&listing, 7000))[0], Reason::NoPublisher);
    }
}
