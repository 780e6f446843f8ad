use bytes::Bytes;
use media::{AudioInfo, CodecConfig, Metadata, Track, TrackId, TrackSet, VideoInfo, metadata};

use crate::input::Input;

/// A publisher's `onMetaData`.
///
/// What is kept is bounded and finite, and our own `onMetaData` made of it is read back.
pub(crate) fn metadata(data: &[u8]) {
    let mut input = Input::new(data);
    let tracks = tracks(input.u8());
    let Ok(Some(read)) = metadata::parse(input.rest()) else { return };
    check(&read.metadata);
    let mut out = Vec::new();
    metadata::write_on_metadata(&tracks, Some(&read.metadata), &mut out);
    let own = metadata::parse(&out).expect("our own message is valid AMF0");
    let own = own.expect("our own message is onMetaData");
    check(&own.metadata);
    assert_eq!(own.metadata.encoder.as_deref(), Some(metadata::ENCODER));
}

fn check(metadata: &Metadata) {
    let numbers = [
        metadata.width,
        metadata.height,
        metadata.frame_rate,
        metadata.video_data_rate,
        metadata.audio_data_rate,
        metadata.audio_sample_rate,
        metadata.audio_channels,
    ];
    assert!(numbers.iter().flatten().all(|number| number.is_finite() && *number > 0.0));
    if let Some(encoder) = &metadata.encoder {
        assert!(encoder.len() <= Metadata::MAX_ENCODER && !encoder.contains(char::is_control));
    }
}

fn tracks(choice: u8) -> TrackSet {
    let video = VideoInfo { width: 1280, frame_rate: Some((30_000, 1001)), ..VideoInfo::default() };
    let video = CodecConfig::H264 { record: Bytes::new(), info: video };
    let audio = AudioInfo { sample_rate: 48_000, channels: 2, ..AudioInfo::default() };
    let audio = CodecConfig::Aac { record: Bytes::new(), info: audio };
    let video = (choice & 1 != 0).then(|| Track { id: TrackId::video(0), config: video });
    let audio = (choice & 2 != 0).then(|| Track { id: TrackId::audio(0), config: audio });
    TrackSet { tracks: video.into_iter().chain(audio).collect(), discontinuity: 0 }
}
