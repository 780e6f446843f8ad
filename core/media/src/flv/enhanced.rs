//! What Enhanced RTMP's audio and video messages have in common: modifiers, multitrack, codecs by
//! four characters (Enhanced RTMP v2, ExAudioTagHeader and ExVideoTagHeader).

use bytes::Bytes;

use super::{Error, FourCc};
use crate::codec::Codec;
use crate::{Kind, TrackId, TrackSet};

/// The packet type of a modifier, for audio and video.
const MOD_EX: u8 = 7;
/// The modifier that adds nanoseconds to the timestamp.
const TIMESTAMP_OFFSET_NANO: u8 = 0;
const NANOS_PER_MILLI: u32 = 1_000_000;
/// The most modifiers of a message; one kind is defined.
const MAX_MODIFIERS: usize = 8;

const ONE_TRACK: u8 = 0;
const MANY_TRACKS: u8 = 1;
const MANY_TRACKS_MANY_CODECS: u8 = 2;

/// A message behind its first byte, up to the tracks.
pub(super) struct Header {
    /// What the message carries for each of its tracks.
    pub(super) packet_type: u8,
    /// Nanoseconds to add to the message's timestamp.
    pub(super) nano_offset: u32,
    kind: Kind,
    rest: Cursor,
}

/// One track's part of a message.
pub(super) struct Part {
    pub(super) id: TrackId,
    pub(super) codec: Codec,
    pub(super) body: Bytes,
}

impl Header {
    /// Reads the modifiers behind the message's first byte, whose low four bits are the packet type.
    pub(super) fn read(kind: Kind, body: &Bytes) -> Result<Self, Error> {
        let mut rest = Cursor { kind, body: body.clone(), position: 0 };
        let mut packet_type = rest.u8()? & 0xf;
        let mut nano_offset = 0;
        let mut modifiers = 0;
        while packet_type == MOD_EX {
            modifiers += 1;
            if modifiers > MAX_MODIFIERS {
                return Err(Error::Invalid { why: "it has too many modifiers (ModEx)" });
            }
            let mut size = usize::from(rest.u8()?) + 1;
            if size == 256 {
                size = usize::from(rest.u8()?) << 8 | usize::from(rest.u8()?);
                size += 1;
            }
            let offset = rest.take(size)?.first_chunk::<3>().copied();
            let next = rest.u8()?;
            packet_type = next & 0xf;
            if next >> 4 == TIMESTAMP_OFFSET_NANO {
                let [high, middle, low] =
                    offset.ok_or(Error::Invalid { why: "its timestamp offset is too short" })?;
                let nanos = u32::from_be_bytes([0, high, middle, low]);
                nano_offset = nanos.min(NANOS_PER_MILLI - 1);
            }
        }
        Ok(Self { packet_type, nano_offset, kind, rest })
    }

    /// Calls `each` with the packet type and the part of every track of the message. `multitrack` is
    /// the packet type that announces more than one track, or one under its number.
    pub(super) fn tracks(
        &mut self,
        multitrack: u8,
        mut each: impl FnMut(u8, Part) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let kind = self.kind;
        if self.packet_type != multitrack {
            let codec = self.rest.four_cc()?.codec(kind)?;
            let body = self.rest.share(self.rest.remaining())?;
            return each(self.packet_type, Part { id: TrackId { kind, number: 0 }, codec, body });
        }
        let types = self.rest.u8()?;
        let (form, packet_type) = (types >> 4, types & 0xf);
        if form > MANY_TRACKS_MANY_CODECS {
            return Err(Error::Invalid { why: "its kind of multitrack is not defined" });
        }
        if packet_type == multitrack || packet_type == MOD_EX {
            return Err(Error::Invalid { why: "multitrack is nested" });
        }
        let shared = match form {
            ONE_TRACK | MANY_TRACKS => Some(self.rest.four_cc()?),
            _ => None,
        };
        for count in 0.. {
            if count > 0 && self.rest.remaining() == 0 {
                break;
            }
            if count == TrackSet::MAX_TRACKS {
                return Err(Error::TooManyTracks { limit: TrackSet::MAX_TRACKS });
            }
            let four_cc = match shared {
                Some(four_cc) => four_cc,
                None => self.rest.four_cc()?,
            };
            let number = self.rest.u8()?;
            let size = if form == ONE_TRACK { self.rest.remaining() } else { self.rest.u24()? };
            let body = self.rest.share(size)?;
            let part = Part { id: TrackId { kind, number }, codec: four_cc.codec(kind)?, body };
            each(packet_type, part)?;
        }
        Ok(())
    }
}

/// Takes a message apart from its front.
struct Cursor {
    kind: Kind,
    body: Bytes,
    position: usize,
}

impl Cursor {
    fn take(&mut self, size: usize) -> Result<&[u8], Error> {
        if size > self.remaining() {
            let what = match self.kind {
                Kind::Video => "Enhanced RTMP video message",
                Kind::Audio => "Enhanced RTMP audio message",
            };
            return Err(Error::Truncated { what });
        }
        let start = self.position;
        self.position += size;
        Ok(&self.body[start..self.position])
    }

    /// The next `size` bytes, shared with the message.
    fn share(&mut self, size: usize) -> Result<Bytes, Error> {
        let start = self.position;
        self.take(size)?;
        Ok(self.body.slice(start..self.position))
    }

    fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0])
    }

    fn u24(&mut self) -> Result<usize, Error> {
        Ok(self.take(3)?.iter().fold(0, |value, &byte| value << 8 | usize::from(byte)))
    }

    fn four_cc(&mut self) -> Result<FourCc, Error> {
        let bytes = self.take(4)?;
        Ok(FourCc([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn remaining(&self) -> usize {
        self.body.len() - self.position
    }
}
