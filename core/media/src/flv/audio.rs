use bytes::Bytes;

use super::enhanced::{Header, Part};
use super::{CodedFrame, Error, Message};
use crate::codec::Codec;
use crate::{Kind, Timestamp, TrackId};

/// Sound formats (FLV E.4.2.1, Enhanced RTMP v2).
pub(super) const MP3: u8 = 2;
pub(super) const ENHANCED: u8 = 9;
pub(super) const AAC: u8 = 10;
const MP3_8_KHZ: u8 = 14;

/// Packet types of Enhanced RTMP audio; those of legacy AAC are the first two.
pub(super) const SEQUENCE_START: u8 = 0;
pub(super) const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
const MULTICHANNEL_CONFIG: u8 = 4;
pub(super) const MULTITRACK: u8 = 5;

/// Reads the body of an audio message (RTMP type 8, FLV tag type 8) and adds what it says to `out`:
/// one message, or one for each track of an Enhanced RTMP multitrack message. After an error `out` is
/// as it was.
///
/// MP3 has no configuration message: [`crate::codec::in_band`] takes it from the frames.
pub fn parse_audio(body: &Bytes, out: &mut Vec<Message>) -> Result<(), Error> {
    let before = out.len();
    let result = match body.first() {
        None => {
            out.push(Message::Ignored("an empty audio message (silence)"));
            Ok(())
        }
        Some(first) if first >> 4 == ENHANCED => enhanced(body, out),
        Some(_) => legacy(body).map(|message| out.push(message)),
    };
    if result.is_err() {
        out.truncate(before);
    }
    result
}

fn legacy(body: &Bytes) -> Result<Message, Error> {
    let track = TrackId::audio(0);
    match body[0] >> 4 {
        AAC => match body.get(1) {
            Some(&SEQUENCE_START) => Ok(Message::config(track, Codec::Aac, &body.slice(2..))?),
            Some(&CODED_FRAMES) => Ok(frame(track, Codec::Aac, 0, body.slice(2..))),
            Some(_) => Ok(Message::Ignored("an AAC packet of a type that is not defined")),
            None => Err(Error::Truncated { what: "audio message" }),
        },
        MP3 | MP3_8_KHZ => Ok(frame(track, Codec::Mp3, 0, body.slice(1..))),
        number => Err(Error::UnsupportedCodec { codec: name(number), instead: "AAC" }),
    }
}

fn enhanced(body: &Bytes, out: &mut Vec<Message>) -> Result<(), Error> {
    let mut header = Header::read(Kind::Audio, body)?;
    let nano_offset = header.nano_offset;
    header.tracks(MULTITRACK, |packet_type, part| {
        out.push(one_track(packet_type, nano_offset, part)?);
        Ok(())
    })
}

fn one_track(packet_type: u8, nano_offset: u32, part: Part) -> Result<Message, Error> {
    let Part { id: track, codec, body } = part;
    match (packet_type, codec) {
        (SEQUENCE_START, Codec::Mp3) => Ok(Message::Ignored("an MP3 sequence header")),
        // Ogg's second header, which may come after the first (RFC 7845, 5.2).
        (SEQUENCE_START, Codec::Opus) if body.starts_with(b"OpusTags") => {
            Ok(Message::Ignored("Opus comments"))
        }
        (SEQUENCE_START, _) => Ok(Message::config(track, codec, &body)?),
        (CODED_FRAMES, _) => Ok(frame(track, codec, nano_offset, body)),
        (SEQUENCE_END, _) => Ok(Message::EndOfSequence(track)),
        (MULTICHANNEL_CONFIG, _) => Ok(Message::Ignored("a channel layout")),
        _ => Ok(Message::Ignored("an audio packet of a type that is not defined")),
    }
}

fn frame(track: TrackId, codec: Codec, nano_offset: u32, data: Bytes) -> Message {
    let composition = Timestamp::ZERO;
    Message::frame(CodedFrame { track, codec, composition, nano_offset, keyframe: true, data })
}

/// The codecs of FLV E.4.2.1 that are not carried.
fn name(number: u8) -> &'static str {
    match number {
        0 | 3 => "PCM",
        1 => "ADPCM",
        4..=6 => "Nellymoser",
        7 => "G.711 A-law",
        8 => "G.711 mu-law",
        11 => "Speex",
        15 => "of a device (FLV sound format 15)",
        _ => "of an unknown FLV sound format",
    }
}
