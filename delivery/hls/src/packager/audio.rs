use media::{CodecConfig, Frame, Timestamp};

use super::plan::longest_audio_frame_seconds;
use super::silence::{Silence, silence};
use crate::mp4::Sample;

/// Gives an audio track an even timeline: decode times count samples, and follow the arriving time
/// stamps (which RTMP rounds to milliseconds) only when these have drifted away.
#[derive(Debug)]
pub(super) struct AudioTimeline {
    config: CodecConfig,
    scale: u32,
    silence: Option<Silence>,
    /// Nothing before this is taken; where the track is to begin.
    start: i64,
    /// The decode time of the next sample; `None` before the first.
    next: Option<i64>,
    /// Samples of the last frame.
    last: u32,
    /// Samples of the longest frame that there may be.
    longest: u32,
}

impl AudioTimeline {
    /// How far the counted time may be from the arriving time stamps. With the rounding of a resync
    /// (half a frame) a stream stays well within the 40 ms at which people notice.
    pub(super) const DRIFT_LIMIT: Timestamp = Timestamp::from_millis(30);
    /// The most silent frames that are made up at once.
    const MAX_FILL: i64 = 1_024;
    /// How often a frame is repeated at most, where we have no silent one: every frame of audio decodes
    /// alone, but repeated for longer it would be heard.
    const MAX_REPEAT: i64 = 4;

    /// A track that begins at `start` of the output timeline.
    pub(super) fn new(config: &CodecConfig, scale: u32, start: Timestamp) -> Self {
        Self {
            config: config.clone(),
            scale,
            silence: silence(config),
            start: start.to_scale(scale),
            next: None,
            last: samples_per_frame(config),
            longest: (longest_audio_frame_seconds(config) * f64::from(scale)).round() as u32,
        }
    }

    /// Where the next sample will lie.
    pub(super) fn next(&self) -> i64 {
        self.next.unwrap_or(self.start)
    }

    /// Half of a usual frame, in ticks: a frame belongs where its middle lies.
    pub(super) fn half(&self) -> i64 {
        i64::from(self.last / 2)
    }

    /// Appends the frame that arrived with this output time, after what is missing before it. A frame
    /// that would overlap what is there by more than the limit is left out.
    pub(super) fn align(&mut self, frame: &Frame, at: Timestamp, samples: &mut Vec<Sample>) {
        let Some(length) = self.length(frame) else { return };
        let at = at.to_scale(self.scale);
        let (unit, most) = self.filling(length);
        // What is made up is rounded to whole frames, and no frame may be left out for half of one too much.
        let rounding = unit / 2 + Timestamp::from_millis(1).to_scale(self.scale);
        let limit = Self::DRIFT_LIMIT.to_scale(self.scale).max(rounding);
        let filler = self.silence.as_ref().map_or(&frame.data, |silence| &silence.data).clone();
        let missing = match self.next {
            None if at + i64::from(length / 2) < self.start => return,
            None => {
                let missing = ((at - self.start) / unit).clamp(0, most);
                self.next = Some((at - missing * unit).max(0));
                missing
            }
            Some(next) if at - next < -limit => return,
            Some(next) if at - next > limit => (at - next + unit / 2) / unit,
            Some(_) => 0,
        };
        if missing > most {
            self.next = Some(at);
        } else {
            (0..missing).for_each(|_| self.push(filler.clone(), unit as u32, samples));
        }
        self.push(frame.data.clone(), length, samples);
        self.last = length;
    }

    /// Whether more is missing before the frame that arrived with this output time than is made up for.
    pub(super) fn leaves_hole(&self, frame: &Frame, at: Timestamp) -> bool {
        let (Some(next), Some(length)) = (self.next, self.length(frame)) else { return false };
        let (unit, most) = self.filling(length);
        (at.to_scale(self.scale) - next + unit / 2) / unit > most
    }

    /// Appends silence until the track reaches this time to half a frame. A codec that we have no
    /// silence of gets a hole instead: its time goes on without samples.
    pub(super) fn fill_to(&mut self, at: Timestamp, samples: &mut Vec<Sample>) {
        let at = at.to_scale(self.scale);
        if let Some(silence) = self.silence.clone() {
            let unit = i64::from(silence.samples);
            let missing = (at - self.next() + unit / 2) / unit;
            if missing <= Self::MAX_FILL {
                (0..missing)
                    .for_each(|_| self.push(silence.data.clone(), silence.samples, samples));
                return;
            }
        }
        match self.next {
            Some(next) => self.next = Some(next.max(at)),
            None => self.start = self.start.max(at),
        }
    }

    /// The samples of a frame that is made up before a frame of this length, and the most such frames.
    fn filling(&self, length: u32) -> (i64, i64) {
        match &self.silence {
            Some(silence) => (i64::from(silence.samples), Self::MAX_FILL),
            None => (i64::from(length), Self::MAX_REPEAT),
        }
    }

    fn push(&mut self, data: bytes::Bytes, duration: u32, samples: &mut Vec<Sample>) {
        let dts = self.next();
        samples.push(Sample { data, dts, duration, composition: 0, key: true });
        self.next = Some(dts + i64::from(duration));
    }

    /// A frame's samples; `None` when neither the codec nor the frame tells, or when the frame is longer
    /// than its track's configuration allows.
    fn length(&self, frame: &Frame) -> Option<u32> {
        media::codec::frame_samples(&self.config, &frame.data)
            .filter(|samples| (1..=self.longest).contains(samples))
    }
}

/// The samples of a usual frame of the codec; an assumption where each frame says.
pub(super) fn samples_per_frame(config: &CodecConfig) -> u32 {
    match config.audio().map_or(0, |info| info.samples_per_frame) {
        0 if matches!(config, CodecConfig::Flac { .. }) => 4_096,
        0 => 960,
        samples => samples,
    }
}

#[cfg(test)]
mod tests {
    use media::{AudioInfo, TrackId};

    use super::*;

    #[test]
    fn no_frame_is_left_out_for_what_was_made_up_before_it() {
        let info =
            AudioInfo { sample_rate: 16_000, samples_per_frame: 1_024, ..AudioInfo::default() };
        let config = CodecConfig::Aac { record: vec![0x14, 0x10].into(), info };
        for gap_ms in 0..200 {
            let mut track = AudioTimeline::new(&config, 16_000, Timestamp::ZERO);
            let mut samples = Vec::new();
            for number in 0..40_i64 {
                let late = if number < 10 { 0 } else { gap_ms };
                let dts = Timestamp::from_millis(number * 64 + late);
                let data = vec![number as u8; 30].into();
                let track_id = TrackId::audio(0);
                let frame = Frame { track: track_id, dts, pts: dts, keyframe: true, data };
                track.align(&frame, dts, &mut samples);
            }
            let whole = samples.iter().filter(|sample| sample.data.len() == 30).count();
            assert_eq!(whole, 40, "behind a gap of {gap_ms} ms");
        }
    }
}
