//! The built-in source: the test card and its tone, encoded once before the run.

use anyhow::{Context, Result, anyhow};
use bytes::{Bytes, BytesMut};
use codecs::{aac, h264};
use media::codec::Codec;
use media::flv::{self, Tag, TagType};
use media::{CodecConfig, Frame, Metadata, Timestamp, Track, TrackId, TrackSet};
use testcard::{Card, Tone};

use crate::options::Pattern;
use crate::tape::Tape;

/// The length of the loop, in seconds, and that of a group of pictures.
const SECONDS: u32 = 10;
const GROUP_SECONDS: u32 = 2;
const SAMPLE_RATE: u32 = 48_000;
const AUDIO_BITRATE: u32 = 64_000;
/// Added to all time stamps, so that the encoder's priming is not before zero.
const LEAD: Timestamp = Timestamp::from_millis(100);
const TITLE: &str = "LOAD TEST";

/// Draws, encodes and puts together.
pub(crate) fn make(settings: Pattern) -> Result<Tape> {
    let mut tags = vec![describe(settings)];
    let (pictures, sounds) = (pictures(settings)?, sounds()?);
    tags.extend(pictures);
    tags.extend(sounds);
    // The configurations come first, then everything in the order of time.
    tags[1..].sort_by_key(|tag| tag.timestamp_ms);
    Ok(Tape::from_tags(&tags)?)
}

fn describe(settings: Pattern) -> Tag {
    let metadata = Metadata {
        width: Some(f64::from(settings.width)),
        height: Some(f64::from(settings.height)),
        frame_rate: Some(f64::from(settings.fps)),
        ..Metadata::default()
    };
    let mut body = Vec::new();
    media::metadata::write_on_metadata(&TrackSet::default(), Some(&metadata), &mut body);
    Tag { tag_type: TagType::ScriptData, timestamp_ms: 0, body: body.into() }
}

fn pictures(settings: Pattern) -> Result<Vec<Tag>> {
    let Pattern { width, height, fps, bits_per_second } = settings;
    let mut card = Card::new(width as usize, height as usize, TITLE)
        .map_err(|error| anyhow!("a picture of {width}x{height}: {error}"))?;
    let mut encoder = h264::Encoder::new(h264::Settings {
        width,
        height,
        frame_rate: fps as f32,
        bitrate: bits_per_second,
        complexity: h264::Complexity::Low,
        colour: h264::Colour::Bt709,
    })?;
    let mut tags = Vec::new();
    let mut config: Option<CodecConfig> = None;
    for index in 0..fps * SECONDS {
        let drawn = card.draw(index, u64::from(index) * 1000 / u64::from(fps));
        let picture = h264::I420 {
            y: drawn.y,
            u: drawn.u,
            v: drawn.v,
            y_stride: drawn.y_stride,
            uv_stride: drawn.uv_stride,
        };
        let encoded = encoder.encode(&picture, index.is_multiple_of(fps * GROUP_SECONDS))?;
        let keyframe = encoded.is_keyframe();
        if let (None, Some(sets)) = (&config, &encoded.parameter_sets) {
            let parsed = media::codec::parse(Codec::H264, &sets.decoder_configuration())?;
            tags.push(header(TrackId::video(0), &parsed)?);
            config = Some(parsed);
        }
        let config = config.as_ref().context("the first picture is an IDR")?;
        let dts = LEAD + Timestamp::from_scale(i64::from(index), fps);
        let track = TrackId::video(0);
        let frame = Frame { track, dts, pts: dts, keyframe, data: encoded.data };
        tags.push(tag(TagType::Video, config, &frame));
    }
    Ok(tags)
}

fn sounds() -> Result<Vec<Tag>> {
    let settings = aac::Settings { sample_rate: SAMPLE_RATE, channels: 2, bitrate: AUDIO_BITRATE };
    let mut encoder = aac::Encoder::new(settings)?;
    let config = media::codec::parse(Codec::Aac, &encoder.config())?;
    let tone = Tone::new(SAMPLE_RATE).map_err(|error| anyhow!("{error}"))?;
    let mut pcm = vec![0; 2 * aac::Encoder::FRAME_LENGTH as usize];
    let mut tags = vec![header(TrackId::audio(0), &config)?];
    let mut samples = 0;
    while samples < u64::from(SAMPLE_RATE * SECONDS) {
        tone.fill(samples, &mut pcm);
        samples += u64::from(aac::Encoder::FRAME_LENGTH);
        for packet in encoder.encode(&pcm)? {
            let dts = LEAD + Timestamp::from_scale(packet.first_sample, SAMPLE_RATE);
            let track = TrackId::audio(0);
            let frame = Frame { track, dts, pts: dts, keyframe: true, data: packet.data };
            tags.push(tag(TagType::Audio, &config, &frame));
        }
    }
    Ok(tags)
}

fn header(id: TrackId, config: &CodecConfig) -> Result<Tag> {
    let track = Track { id, config: config.clone() };
    let body = flv::config_body(&track).context("the codec has a sequence header")?;
    Ok(Tag { tag_type: tag_type(id), timestamp_ms: 0, body })
}

fn tag(tag_type: TagType, config: &CodecConfig, frame: &Frame) -> Tag {
    let mut body = BytesMut::from(&flv::frame_header(config, frame)[..]);
    body.extend_from_slice(&frame.data);
    let body: Bytes = body.freeze();
    Tag { tag_type, timestamp_ms: frame.dts.millis().max(0) as u32, body }
}

const fn tag_type(id: TrackId) -> TagType {
    match id.kind {
        media::Kind::Video => TagType::Video,
        media::Kind::Audio => TagType::Audio,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_loops_at_its_rate() {
        let settings = Pattern { width: 320, height: 180, fps: 5, bits_per_second: 50_000 };
        let tape = make(settings).unwrap();
        let pictures = tape.items.iter().filter(|item| item.picture).count();
        assert_eq!((pictures, tape.picture_us), (50, 200_000));
        assert_eq!(tape.head.len(), 3);
        assert!((9_950..10_100).contains(&tape.length_ms), "{}", tape.length_ms);
        assert!(tape.items.is_sorted_by_key(|item| item.at_ms));
    }
}
