//! A made-up stream of 2.5 Mbit/s: 30 pictures and 47 units of AAC a second, a key frame each 2 s.

use std::sync::Arc;

use bytes::Bytes;
use media::{AudioInfo, CodecConfig, Entry, Frame, Timestamp, Track, TrackId, TrackSet, VideoInfo};

pub(crate) const VIDEO: TrackId = TrackId::video(0);
pub(crate) const AUDIO: TrackId = TrackId::audio(0);

/// Bytes of a picture and of a unit of sound.
const PICTURE: usize = 10_000;
const SOUND: usize = 350;
const PICTURES_PER_SECOND: i64 = 30;
const GROUP: i64 = 60;
const SOUND_HZ: u32 = 48_000;
const SAMPLES: i64 = 1024;

/// So many seconds, in the order of their time stamps.
pub(crate) fn frames(seconds: i64) -> Vec<Frame> {
    let picture = Bytes::from(vec![1; PICTURE]);
    let sound = Bytes::from(vec![2; SOUND]);
    let pictures = (0..seconds * PICTURES_PER_SECOND).map(|number| {
        let dts = Timestamp::from_millis(number * 1000 / PICTURES_PER_SECOND);
        let keyframe = number % GROUP == 0;
        Frame { track: VIDEO, dts, pts: dts, keyframe, data: picture.clone() }
    });
    let sounds = (0..seconds * i64::from(SOUND_HZ) / SAMPLES).map(|number| {
        let dts = Timestamp::from_millis(number * SAMPLES * 1000 / i64::from(SOUND_HZ));
        Frame { track: AUDIO, dts, pts: dts, keyframe: true, data: sound.clone() }
    });
    let mut frames: Vec<Frame> = pictures.chain(sounds).collect();
    frames.sort_by_key(|frame| frame.dts);
    frames
}

/// The tracks of the stream.
pub(crate) fn tracks() -> Arc<TrackSet> {
    let video = CodecConfig::H264 {
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
    };
    let audio = CodecConfig::Aac {
        record: Bytes::from_static(&[0x11, 0x90]),
        info: AudioInfo {
            sample_rate: SOUND_HZ,
            channels: 2,
            codec_string: "mp4a.40.2".into(),
            samples_per_frame: SAMPLES as u32,
        },
    };
    let tracks = vec![Track { id: VIDEO, config: video }, Track { id: AUDIO, config: audio }];
    Arc::new(TrackSet { tracks, discontinuity: 0 })
}

/// The tracks, then so many seconds of frames.
pub(crate) fn entries(seconds: i64) -> Vec<Entry> {
    let frames = frames(seconds).into_iter().map(Entry::Frame);
    std::iter::once(Entry::Tracks(tracks())).chain(frames).collect()
}
