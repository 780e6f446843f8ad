use bytes::Bytes;
use media::codec::{self, AccessUnit, Codec, MAX_DIMENSION, MAX_SAMPLE_RATE, nal};
use media::{CodecConfig, Kind};

use crate::input::Input;

const CODECS: [Codec; 8] = [
    Codec::H264,
    Codec::Hevc,
    Codec::Av1,
    Codec::Vp9,
    Codec::Aac,
    Codec::Opus,
    Codec::Flac,
    Codec::Mp3,
];

/// A configuration record of any codec.
///
/// What was read describes something that can be, and its record is read again as the same.
pub(crate) fn codec_record(data: &[u8]) {
    let mut input = Input::new(data);
    let codec = CODECS[input.below(CODECS.len())];
    let record = Bytes::copy_from_slice(input.rest());
    assert!((1..=4).contains(&nal::length_size(codec, &record)));
    let Ok(config) = codec::parse(codec, &record) else { return };
    check(codec, &config);
    if codec != Codec::Mp3 {
        assert_eq!(codec::parse(codec, &config.record()).as_ref(), Ok(&config));
    }
    codec::frame_samples(&config, &record);
}

/// A frame and the configuration that is current for it.
///
/// The configuration that a frame carries is taken from it once: a second time it is nothing new.
pub(crate) fn in_band(data: &[u8]) {
    let mut input = Input::new(data);
    let codec = CODECS[input.below(CODECS.len())];
    let length_size = input.u8() & 3;
    let record_len = usize::from(input.u16());
    let record = Bytes::copy_from_slice(input.bytes(record_len));
    let mut frame = Bytes::copy_from_slice(input.rest());
    let current = codec::parse(codec, &record).ok();
    if matches!(codec, Codec::H264 | Codec::Hevc) {
        match nal::to_length_prefixed(&frame, length_size + 1) {
            Ok(rewritten) => frame = rewritten,
            Err(_) => return,
        }
    }
    let unit = AccessUnit::of(codec, &frame);
    assert!(unit.is_none_or(|unit| unit.picture || !unit.random_access));
    let Ok(Some(config)) = codec::in_band(codec, current.as_ref(), &frame) else { return };
    check(codec, &config);
    assert_ne!(Some(&config), current.as_ref(), "nothing new was given as new");
    assert_eq!(codec::in_band(codec, Some(&config), &frame), Ok(None), "it is new each time");
    // A record of VP9 does not hold the size.
    if !matches!(codec, Codec::Mp3 | Codec::Vp9) {
        assert_eq!(codec::parse(codec, &config.record()).as_ref(), Ok(&config));
    }
}

/// A frame of H.264 or HEVC with lengths of 1 to 4 bytes or in Annex B.
///
/// In the form with 4-byte lengths its NAL units fill it without a gap, and it is left as it is.
pub(crate) fn nal(data: &[u8]) {
    let mut input = Input::new(data);
    let length_size = input.u8() % 6;
    let frame = Bytes::copy_from_slice(input.rest());
    let units = nal::annex_b(&frame).map(<[u8]>::len);
    assert!(units.sum::<usize>() <= frame.len());
    let Ok(prefixed) = nal::to_length_prefixed(&frame, length_size) else { return };
    assert_eq!(nal::to_length_prefixed(&prefixed, 4).as_ref(), Ok(&prefixed));
    let units: Vec<&[u8]> = nal::nals(&prefixed).collect();
    assert!(units.len() <= nal::MAX_NALS && units.iter().all(|unit| !unit.is_empty()));
    let size: usize = units.iter().map(|unit| unit.len() + 4).sum();
    assert!(size <= prefixed.len() && prefixed.len() <= frame.len() * 4 + 16);
    for codec in [Codec::H264, Codec::Hevc] {
        let found = AccessUnit::of(codec, &prefixed).expect("both codecs have NAL units");
        assert!(found.picture || !(found.random_access || found.idr || found.disposable));
    }
}

fn check(codec: Codec, config: &CodecConfig) {
    assert_eq!(Codec::of(config), codec);
    let text = config.rfc6381();
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()) && text.len() >= 4, "{text}");
    if let Some(info) = config.video() {
        assert_eq!(config.kind(), Kind::Video);
        assert!(info.width <= MAX_DIMENSION && info.height <= MAX_DIMENSION);
        assert!((8..=16).contains(&info.bit_depth), "{} bits", info.bit_depth);
        assert!(info.frame_rate.is_none_or(|(n, d)| n > 0 && d > 0));
    }
    if let Some(info) = config.audio() {
        assert_eq!(config.kind(), Kind::Audio);
        assert!((1..=MAX_SAMPLE_RATE).contains(&info.sample_rate) && info.channels > 0);
    }
    for advice in codec::advice(config) {
        assert!(advice.problem.ends_with('.') && advice.remedy.ends_with('.'));
    }
    match codec {
        Codec::H264 => assert!(codec::h264::parameter_sets(&config.record()).len() >= 2),
        Codec::Hevc => assert!(codec::hevc::parameter_sets(&config.record()).len() >= 3),
        Codec::Opus => assert!(!codec::opus::id_header(&config.record()).is_empty()),
        Codec::Flac => assert!(codec::flac::stream_info(&config.record()).is_some()),
        Codec::Av1 | Codec::Vp9 | Codec::Aac | Codec::Mp3 => {}
    }
}
