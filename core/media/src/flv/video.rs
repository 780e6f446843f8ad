use bytes::Bytes;

use super::enhanced::{Header, Part};
use super::{CodedFrame, Error, Message};
use crate::codec::Codec;
use crate::{Kind, Timestamp, TrackId};

/// Frame types (FLV E.4.3.1).
pub(super) const KEYFRAME: u8 = 1;
const COMMAND: u8 = 5;

/// Codec numbers: FLV's, and the one that encoders without Enhanced RTMP use for HEVC.
pub(super) const AVC: u8 = 7;
const LEGACY_HEVC: u8 = 12;

/// Packet types of Enhanced RTMP video; those of legacy H.264 are the first three.
pub(super) const SEQUENCE_START: u8 = 0;
pub(super) const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
pub(super) const CODED_FRAMES_X: u8 = 3;
const METADATA: u8 = 4;
const MPEG2_TS_SEQUENCE_START: u8 = 5;
pub(super) const MULTITRACK: u8 = 6;

/// Reads the body of a video message (RTMP type 9, FLV tag type 9) and adds what it says to `out`:
/// one message, or one for each track of an Enhanced RTMP multitrack message. After an error `out` is
/// as it was.
pub fn parse_video(body: &Bytes, out: &mut Vec<Message>) -> Result<(), Error> {
    let before = out.len();
    let result = match body.first() {
        None => {
            out.push(Message::Ignored("an empty video message"));
            Ok(())
        }
        Some(first) if first & 0x80 != 0 => enhanced(body, out),
        Some(_) => legacy(body).map(|message| out.push(message)),
    };
    if result.is_err() {
        out.truncate(before);
    }
    result
}

fn legacy(body: &Bytes) -> Result<Message, Error> {
    let (frame_type, number) = (body[0] >> 4, body[0] & 0xf);
    if frame_type == COMMAND {
        return Ok(Message::Ignored("a video command"));
    }
    let codec = match number {
        AVC => Codec::H264,
        LEGACY_HEVC => Codec::Hevc,
        _ => return Err(Error::UnsupportedCodec { codec: name(number), instead: "H.264" }),
    };
    let track = TrackId::video(0);
    let Some(&[_, packet_type, c0, c1, c2]) = body.first_chunk() else {
        // An end of sequence may come without the composition time that it has no use for.
        return match body.get(1) {
            Some(&SEQUENCE_END) => Ok(Message::EndOfSequence(track)),
            _ => Err(Error::Truncated { what: "video message" }),
        };
    };
    let data = body.slice(5..);
    match packet_type {
        SEQUENCE_START => Ok(Message::config(track, codec, &data)?),
        CODED_FRAMES => Ok(Message::frame(CodedFrame {
            track,
            codec,
            composition: composition([c0, c1, c2]),
            nano_offset: 0,
            keyframe: frame_type == KEYFRAME,
            data,
        })),
        SEQUENCE_END => Ok(Message::EndOfSequence(track)),
        _ => Ok(Message::Ignored("a video packet of a type that is not defined")),
    }
}

fn enhanced(body: &Bytes, out: &mut Vec<Message>) -> Result<(), Error> {
    let frame_type = body[0] >> 4 & 7;
    let mut header = Header::read(Kind::Video, body)?;
    if header.packet_type == METADATA {
        out.push(Message::Ignored("video metadata (colour)"));
        return Ok(());
    }
    if frame_type == COMMAND {
        out.push(Message::Ignored("a video command"));
        return Ok(());
    }
    let nano_offset = header.nano_offset;
    header.tracks(MULTITRACK, |packet_type, part| {
        out.push(one_track(packet_type, frame_type == KEYFRAME, nano_offset, part)?);
        Ok(())
    })
}

fn one_track(
    packet_type: u8,
    keyframe: bool,
    nano_offset: u32,
    part: Part,
) -> Result<Message, Error> {
    let Part { id: track, codec, body } = part;
    // Only these two have B-frames in an order that needs a composition time.
    let has_composition = packet_type == CODED_FRAMES && matches!(codec, Codec::H264 | Codec::Hevc);
    match packet_type {
        SEQUENCE_START => Ok(Message::config(track, codec, &body)?),
        CODED_FRAMES | CODED_FRAMES_X => {
            let (composition, data) = if has_composition {
                let time = body.first_chunk().ok_or(Error::Truncated { what: "video message" })?;
                (composition(*time), body.slice(3..))
            } else {
                (Timestamp::ZERO, body)
            };
            let frame = CodedFrame { track, codec, composition, nano_offset, keyframe, data };
            Ok(Message::frame(frame))
        }
        SEQUENCE_END => Ok(Message::EndOfSequence(track)),
        METADATA => Ok(Message::Ignored("video metadata (colour)")),
        MPEG2_TS_SEQUENCE_START => Err(Error::Mpeg2Ts),
        _ => Ok(Message::Ignored("a video packet of a type that is not defined")),
    }
}

/// A signed number of milliseconds in 24 bits.
fn composition([high, middle, low]: [u8; 3]) -> Timestamp {
    Timestamp::from_millis(i64::from(i32::from_be_bytes([high, middle, low, 0]) >> 8))
}

/// The codecs of FLV E.4.3.1 that are not carried, and those of unofficial numbers.
fn name(number: u8) -> &'static str {
    match number {
        1 => "JPEG",
        2 => "Sorenson H.263",
        3 => "Screen Video",
        4 => "On2 VP6",
        5 => "On2 VP6 with alpha",
        6 => "Screen Video 2",
        13 => "AV1 under the unofficial number 13 (Enhanced RTMP has av01)",
        _ => "of an unknown FLV video number",
    }
}
