//! Made-up publishers.

use std::sync::Arc;

use bytes::Bytes;
use media::{
    AudioInfo, CodecConfig, Entry, Frame, Metadata, Timestamp, Track, TrackId, TrackSet, VideoInfo,
};

use crate::rig::WALL;

pub(crate) const V0: TrackId = TrackId::video(0);
pub(crate) const A0: TrackId = TrackId::audio(0);

pub(crate) fn h264() -> CodecConfig {
    CodecConfig::H264 {
        record: Bytes::from_static(&[
            1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 2, 0x68, 0xee,
        ]),
        info: VideoInfo {
            width: 1280,
            height: 720,
            codec_string: "avc1.64001f".into(),
            bit_depth: 8,
            ..VideoInfo::default()
        },
    }
}

pub(crate) fn aac() -> CodecConfig {
    CodecConfig::Aac {
        record: Bytes::from_static(&[0x11, 0x90]),
        info: AudioInfo {
            sample_rate: 48_000,
            channels: 2,
            codec_string: "mp4a.40.2".into(),
            samples_per_frame: 1_024,
        },
    }
}

pub(crate) fn tracks(discontinuity: u32, tracks: &[(TrackId, CodecConfig)]) -> Entry {
    let tracks = tracks.iter().map(|(id, config)| Track { id: *id, config: config.clone() });
    Entry::Tracks(Arc::new(TrackSet { tracks: tracks.collect(), discontinuity }))
}

pub(crate) fn metadata() -> Entry {
    Entry::Metadata(Arc::new(Metadata { frame_rate: Some(25.0), ..Metadata::default() }))
}

/// Time stamps as RTMP carries them: whole milliseconds.
pub(crate) fn frame(track: TrackId, dts_ms: f64, lag_ms: f64, keyframe: bool, len: usize) -> Frame {
    Frame {
        track,
        dts: Timestamp::from_millis(dts_ms.round() as i64),
        pts: Timestamp::from_millis((dts_ms + lag_ms).round() as i64),
        keyframe,
        data: Bytes::from(vec![dts_ms as u8; len]),
    }
}

/// A steady publisher. Times in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Steady {
    pub(crate) start: f64,
    pub(crate) frames_per_second: f64,
    pub(crate) group: u32,
    pub(crate) b_frames: bool,
    pub(crate) video: bool,
    pub(crate) audio: bool,
}

impl Default for Steady {
    fn default() -> Self {
        Self {
            start: 0.0,
            frames_per_second: 25.0,
            group: 50,
            b_frames: false,
            video: true,
            audio: true,
        }
    }
}

impl Steady {
    /// Frames for so many milliseconds, in the order of their decode times, each with its arrival.
    pub(crate) fn run(&self, duration: f64) -> Vec<(Entry, i64)> {
        let mut frames = Vec::new();
        if self.video {
            let step = 1_000.0 / self.frames_per_second;
            for n in 0..(duration / step) as u32 {
                let key = n % self.group == 0;
                let lag =
                    if self.b_frames { [2.0, 4.0, 1.0, 1.0][n as usize % 4] * step } else { 0.0 };
                let lag = if key && self.b_frames { 2.0 * step } else { lag };
                let len = if key { 20_000 } else { 2_000 };
                frames.push(frame(V0, self.start + f64::from(n) * step, lag, key, len));
            }
        }
        if self.audio {
            let step = 1_024_000.0 / 48_000.0;
            for n in 0..(duration / step) as u32 {
                frames.push(frame(A0, self.start + f64::from(n) * step, 0.0, true, 400));
            }
        }
        frames.sort_by_key(|frame| (frame.dts, frame.track));
        frames
            .into_iter()
            .map(|frame| (Entry::Frame(frame.clone()), WALL + frame.dts.millis()))
            .collect()
    }
}
