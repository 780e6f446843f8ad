use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{AudioInfo, Track, TrackId, VideoInfo};

fn body(names: &[&str], properties: &[(&str, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    for name in names {
        amf0::write_string(name, &mut out);
    }
    let properties = properties.iter().map(|(name, value)| ((*name).to_string(), value.clone()));
    amf0::write(&Value::EcmaArray(properties.collect()), &mut out);
    out
}

fn parsed(properties: &[(&str, Value)]) -> OnMetaData {
    parse(&body(&["@setDataFrame", "onMetaData"], properties)).unwrap().unwrap()
}

#[test]
fn what_obs_sends_is_understood() {
    let said = parsed(&[
        ("duration", Value::Number(0.0)),
        ("width", Value::Number(1920.0)),
        ("height", Value::Number(1080.0)),
        ("videocodecid", Value::Number(7.0)),
        ("videodatarate", Value::Number(6000.0)),
        ("framerate", Value::Number(60.0)),
        ("audiocodecid", Value::Number(10.0)),
        ("audiodatarate", Value::Number(160.0)),
        ("audiosamplerate", Value::Number(48_000.0)),
        ("audiochannels", Value::Number(2.0)),
        ("stereo", Value::Boolean(true)),
        ("encoder", Value::string("obs-output module (libobs version 31.0.0)")),
    ]);
    let metadata = Metadata {
        width: Some(1920.0),
        height: Some(1080.0),
        frame_rate: Some(60.0),
        video_data_rate: Some(6000.0),
        audio_data_rate: Some(160.0),
        audio_sample_rate: Some(48_000.0),
        audio_channels: Some(2.0),
        encoder: Some("obs-output module (libobs version 31.0.0)".into()),
    };
    assert_eq!(said.metadata, metadata);
    assert_eq!(said.video_codec, Some(CodecId::Legacy(7)));
    assert_eq!(said.audio_codec, Some(CodecId::Legacy(10)));
}

#[test]
fn codecs_are_numbers_or_fourccs() {
    let hvc1 = f64::from(u32::from_be_bytes(*b"hvc1"));
    let said =
        parsed(&[("videocodecid", Value::Number(hvc1)), ("audiocodecid", Value::string("mp4a"))]);
    assert_eq!(said.video_codec, Some(CodecId::FourCc(*b"hvc1")));
    assert_eq!(said.audio_codec, Some(CodecId::FourCc(*b"mp4a")));
    for absurd in [-1.0, 1e300, f64::NAN] {
        assert_eq!(parsed(&[("videocodecid", Value::Number(absurd))]).video_codec, None);
    }
}

#[test]
fn absurd_values_are_left_out() {
    for absurd in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        for name in [
            "width",
            "height",
            "framerate",
            "videodatarate",
            "audiodatarate",
            "audiosamplerate",
            "audiochannels",
        ] {
            let said = parsed(&[(name, Value::Number(absurd))]);
            assert_eq!(said, OnMetaData::default(), "{name} of {absurd}");
        }
    }
    assert_eq!(
        parsed(&[("width", Value::Null), ("encoder", Value::Number(1.0))]),
        OnMetaData::default()
    );
}

#[test]
fn numbers_may_come_as_text_and_under_older_names() {
    let said = parsed(&[("fps", Value::string("30.00")), ("stereo", Value::Boolean(false))]);
    assert_eq!(said.metadata.frame_rate, Some(30.0));
    assert_eq!(said.metadata.audio_channels, Some(1.0));
}

#[test]
fn an_encoder_name_is_cleaned_and_cut() {
    let name = format!("a\u{1b}[31m\n{}", "é".repeat(200));
    let kept = parsed(&[("encoder", Value::String(name))]).metadata.encoder.unwrap();
    assert!(kept.starts_with("a[31mé") && kept.len() <= Metadata::MAX_ENCODER);
    assert_eq!(parsed(&[("encoder", Value::string("\n "))]).metadata.encoder, None);
}

#[test]
fn other_data_messages_are_not_metadata() {
    assert_eq!(parse(&body(&["onTextData"], &[])), Ok(None));
    assert_eq!(parse(&body(&["@setDataFrame", "onFI"], &[])), Ok(None));
    assert_eq!(parse(&body(&["onMetaData"], &[])), Ok(Some(OnMetaData::default())));
    assert_eq!(parse(b""), Err(amf0::Error::UnexpectedEnd));
}

fn tracks(configs: [(TrackId, CodecConfig); 2]) -> TrackSet {
    let tracks = configs.into_iter().map(|(id, config)| Track { id, config }).collect();
    TrackSet { tracks, discontinuity: 0 }
}

fn h264(width: u32, frame_rate: Option<(u32, u32)>) -> (TrackId, CodecConfig) {
    let info = VideoInfo { width, height: 720, frame_rate, ..VideoInfo::default() };
    (TrackId::video(0), CodecConfig::H264 { record: Bytes::new(), info })
}

fn opus(channels: u8) -> (TrackId, CodecConfig) {
    let info = AudioInfo { sample_rate: 48_000, channels, ..AudioInfo::default() };
    (TrackId::audio(0), CodecConfig::Opus { record: Bytes::new(), info })
}

fn written(tracks: &TrackSet, metadata: Option<&Metadata>) -> Value {
    let mut out = Vec::new();
    write_on_metadata(tracks, metadata, &mut out);
    let mut input = &out[..];
    assert_eq!(amf0::read(&mut input), Ok(Value::string("onMetaData")));
    let value = amf0::read(&mut input).unwrap();
    assert!(input.is_empty());
    value
}

#[test]
fn our_own_metadata_describes_the_tracks() {
    let value = written(&tracks([h264(1280, Some((30_000, 1001))), opus(2)]), None);
    let number = |name| value.get(name).and_then(Value::as_number);
    assert_eq!(number("width"), Some(1280.0));
    assert_eq!(number("height"), Some(720.0));
    assert_eq!(number("framerate"), Some(30_000.0 / 1001.0));
    assert_eq!(number("videocodecid"), Some(7.0));
    assert_eq!(number("audiocodecid"), Some(f64::from(u32::from_be_bytes(*b"Opus"))));
    assert_eq!(number("audiosamplerate"), Some(48_000.0));
    assert_eq!(value.get("stereo"), Some(&Value::Boolean(true)));
    assert_eq!(value.get("encoder"), Some(&Value::string("Shardcast")));
}

#[test]
fn the_publishers_word_fills_the_gaps_only() {
    let said = Metadata {
        width: Some(640.0),
        frame_rate: Some(25.0),
        video_data_rate: Some(900.0),
        audio_channels: Some(1.0),
        ..Metadata::default()
    };
    let value = written(&tracks([h264(1280, None), opus(0)]), Some(&said));
    let number = |name| value.get(name).and_then(Value::as_number);
    assert_eq!(number("width"), Some(1280.0));
    assert_eq!(number("framerate"), Some(25.0));
    assert_eq!(number("videodatarate"), Some(900.0));
    assert_eq!(value.get("stereo"), Some(&Value::Boolean(false)));
}

#[test]
fn tracks_that_are_absent_are_not_described() {
    let value =
        written(&TrackSet::default(), Some(&Metadata { width: Some(1.0), ..Metadata::default() }));
    assert_eq!(value, Value::EcmaArray(vec![("encoder".into(), Value::string("Shardcast"))]));
}

proptest! {
    #[test]
    fn our_own_metadata_is_understood_by_our_own_parser(width in 1_u32..8000, channels in 1_u8..3) {
        let mut out = Vec::new();
        write_on_metadata(&tracks([h264(width, None), opus(channels)]), None, &mut out);
        let said = parse(&out).unwrap().unwrap();
        prop_assert_eq!(said.metadata.width, Some(f64::from(width)));
        prop_assert_eq!(said.metadata.audio_channels, Some(f64::from(channels)));
        prop_assert_eq!(said.audio_codec, Some(CodecId::FourCc(*b"Opus")));
    }

    #[test]
    fn no_body_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut body = b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01".to_vec();
        body.extend(bytes);
        drop(parse(&body));
    }
}
