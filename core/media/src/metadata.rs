//! `onMetaData`: what a publisher says about its stream, and what we say to FLV and RTMP players.
//!
//! Sources: FLV and F4V File Format Specification 10.1, annex E.5; Enhanced RTMP v2, "Enhancing
//! onMetaData".

use std::ops::RangeInclusive;

use crate::amf0::{self, Value};
use crate::{CodecConfig, Metadata, TrackSet};

/// What a publisher's `onMetaData` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnMetaData {
    /// What is kept with the stream.
    pub metadata: Metadata,
    /// The announced video codec. The first video message decides, not this.
    pub video_codec: Option<CodecId>,
    /// The announced audio codec. The first audio message decides, not this.
    pub audio_codec: Option<CodecId>,
}

/// A codec as `videocodecid` and `audiocodecid` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecId {
    /// FLV's own number, such as 7 for AVC and 10 for AAC.
    Legacy(u8),
    /// The FourCC of Enhanced RTMP, such as `hvc1`.
    FourCc([u8; 4]),
}

/// The name under which our own `onMetaData` presents the server.
pub const ENCODER: &str = "Shardcast";

/// Reads the body of an RTMP data message or FLV script tag.
///
/// `None` when it is another message than `onMetaData` (with or without `@setDataFrame` in front).
/// Properties that are missing, of the wrong type, not finite or out of a plausible range are left
/// out; numbers may come as text, codecs as a number or as a FourCC in text. Errors mean that the
/// peer's AMF0 is broken; the stream itself may well be fine.
pub fn parse(mut body: &[u8]) -> Result<Option<OnMetaData>, amf0::Error> {
    let mut name = amf0::read(&mut body)?;
    if name.as_str() == Some("@setDataFrame") {
        name = amf0::read(&mut body)?;
    }
    if name.as_str() != Some("onMetaData") {
        return Ok(None);
    }
    Ok(Some(interpret(&amf0::read(&mut body)?)))
}

/// Appends our own `onMetaData`: the body of an FLV script tag or of an RTMP data message.
///
/// Width, height, frame rate, sample rate and channels come from the tracks' codec headers, and where
/// these are silent from the publisher's `metadata`. Only the default tracks are described, as players
/// without multitrack know no others.
pub fn write_on_metadata(tracks: &TrackSet, metadata: Option<&Metadata>, out: &mut Vec<u8>) {
    let mut properties = Vec::new();
    if let Some(config) = tracks.video() {
        describe_video(config, metadata, &mut properties);
    }
    if let Some(config) = tracks.audio() {
        describe_audio(config, metadata, &mut properties);
    }
    properties.push(("encoder".to_string(), Value::string(ENCODER)));
    amf0::write_string("onMetaData", out);
    amf0::write(&Value::EcmaArray(properties), out);
}

const PIXELS: RangeInclusive<f64> = 1.0..=32_768.0;
const FRAMES_A_SECOND: RangeInclusive<f64> = 0.01..=1000.0;
const KILOBITS_A_SECOND: RangeInclusive<f64> = 0.1..=10_000_000.0;
const SAMPLES_A_SECOND: RangeInclusive<f64> = 1000.0..=768_000.0;
const CHANNELS: RangeInclusive<f64> = 1.0..=64.0;

fn interpret(object: &Value) -> OnMetaData {
    let stereo = || {
        let flag = object.get("stereo").and_then(Value::as_bool)?;
        Some(if flag { 2.0 } else { 1.0 })
    };
    OnMetaData {
        metadata: Metadata {
            width: number(object, &["width"], PIXELS),
            height: number(object, &["height"], PIXELS),
            frame_rate: number(object, &["framerate", "videoframerate", "fps"], FRAMES_A_SECOND),
            video_data_rate: number(object, &["videodatarate"], KILOBITS_A_SECOND),
            audio_data_rate: number(object, &["audiodatarate"], KILOBITS_A_SECOND),
            audio_sample_rate: number(object, &["audiosamplerate"], SAMPLES_A_SECOND),
            audio_channels: number(object, &["audiochannels"], CHANNELS).or_else(stereo),
            encoder: object.get("encoder").and_then(Value::as_str).and_then(encoder_name),
        },
        video_codec: object.get("videocodecid").and_then(codec_id),
        audio_codec: object.get("audiocodecid").and_then(codec_id),
    }
}

/// The first plausible value among these names.
fn number(object: &Value, names: &[&str], plausible: RangeInclusive<f64>) -> Option<f64> {
    names.iter().find_map(|name| {
        let value = match object.get(name)? {
            Value::Number(number) => *number,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        plausible.contains(&value).then_some(value)
    })
}

/// Without control characters, which would reach terminals and pages, and cut to the limit.
fn encoder_name(text: &str) -> Option<String> {
    let clean: String =
        text.chars().filter(|c| !c.is_control()).take(Metadata::MAX_ENCODER).collect();
    let clean = clean[..clean.floor_char_boundary(Metadata::MAX_ENCODER)].trim();
    (!clean.is_empty()).then(|| clean.to_string())
}

fn codec_id(value: &Value) -> Option<CodecId> {
    match value {
        Value::Number(number) if (0.0..=255.0).contains(number) => {
            Some(CodecId::Legacy(*number as u8))
        }
        Value::Number(number) if (256.0..=f64::from(u32::MAX)).contains(number) => {
            Some(CodecId::FourCc((*number as u32).to_be_bytes()))
        }
        Value::String(text) => {
            let bytes: [u8; 4] = text.as_bytes().try_into().ok()?;
            Some(CodecId::FourCc(bytes))
        }
        _ => None,
    }
}

impl CodecId {
    /// How our own messages carry this codec: in FLV's own numbers as far as these reach.
    fn of(config: &CodecConfig) -> Self {
        match config {
            CodecConfig::H264 { .. } => Self::Legacy(7),
            CodecConfig::Hevc { .. } => Self::FourCc(*b"hvc1"),
            CodecConfig::Av1 { .. } => Self::FourCc(*b"av01"),
            CodecConfig::Vp9 { .. } => Self::FourCc(*b"vp09"),
            CodecConfig::Aac { .. } => Self::Legacy(10),
            CodecConfig::Opus { .. } => Self::FourCc(*b"Opus"),
            CodecConfig::Flac { .. } => Self::FourCc(*b"fLaC"),
            CodecConfig::Mp3 { .. } => Self::Legacy(2),
        }
    }

    /// The number in `onMetaData`.
    fn number(self) -> f64 {
        match self {
            Self::Legacy(number) => f64::from(number),
            Self::FourCc(bytes) => f64::from(u32::from_be_bytes(bytes)),
        }
    }
}

fn describe_video(
    config: &CodecConfig,
    metadata: Option<&Metadata>,
    properties: &mut Vec<(String, Value)>,
) {
    let info = config.video();
    let pixels = |of: fn(&crate::VideoInfo) -> u32| info.map(of).filter(|n| *n > 0).map(f64::from);
    let declared = info.and_then(|info| info.frame_rate).filter(|(_, den)| *den > 0);
    let frame_rate = declared.map(|(num, den)| f64::from(num) / f64::from(den));
    let mut put = |name: &str, value: Option<f64>| {
        properties.extend(value.map(|number| (name.to_string(), Value::Number(number))));
    };
    put("width", pixels(|info| info.width).or(metadata.and_then(|m| m.width)));
    put("height", pixels(|info| info.height).or(metadata.and_then(|m| m.height)));
    put("framerate", frame_rate.or(metadata.and_then(|m| m.frame_rate)));
    put("videodatarate", metadata.and_then(|m| m.video_data_rate));
    put("videocodecid", Some(CodecId::of(config).number()));
}

fn describe_audio(
    config: &CodecConfig,
    metadata: Option<&Metadata>,
    properties: &mut Vec<(String, Value)>,
) {
    let info = config.audio();
    let rate = info.map(|info| info.sample_rate).filter(|n| *n > 0).map(f64::from);
    let channels = info.map(|info| info.channels).filter(|n| *n > 0).map(f64::from);
    let channels = channels.or(metadata.and_then(|m| m.audio_channels));
    let mut put = |name: &str, value: Option<Value>| {
        properties.extend(value.map(|value| (name.to_string(), value)));
    };
    let number = |value: Option<f64>| value.map(Value::Number);
    put("audiosamplerate", number(rate.or(metadata.and_then(|m| m.audio_sample_rate))));
    put("audiodatarate", number(metadata.and_then(|m| m.audio_data_rate)));
    put("stereo", channels.map(|n| Value::Boolean(n >= 2.0)));
    put("audiocodecid", Some(Value::Number(CodecId::of(config).number())));
}

#[cfg(test)]
mod tests;
