//! PES packets (ISO/IEC 13818-1 2.4.3.6): each is taken for one access unit.

use media::Timestamp;
use media::codec::nal;

use super::packet::Packet;
use super::psi::{Content, Stream};
use crate::demux::head::Head;
use crate::demux::{AccessUnit, Out};

/// The longest PES header in bytes.
const MAX_HEADER: usize = 9 + 255;
/// Timestamps have 33 bits.
const WRAP: i64 = 1 << 33;

/// The PES packets of one stream.
#[derive(Debug, Default)]
pub(super) struct Pes {
    state: State,
    /// A header that came in pieces.
    header: Vec<u8>,
    head: Head,
    random_access: bool,
    dts: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Up to the next start nothing is wanted.
    #[default]
    Idle,
    Header,
    /// In a unit: bytes to come, `None` up to the next start.
    Unit(Option<usize>),
}

impl Pes {
    /// Forgets an unfinished unit.
    pub(super) fn drop_unit(&mut self) {
        self.state = State::Idle;
        self.header.clear();
        self.head.clear();
    }

    pub(super) fn take(&mut self, stream: Stream, packet: &Packet<'_>, out: &mut Out<'_>) {
        if packet.start {
            self.finish(stream, out);
            self.random_access = packet.random_access;
            self.state = State::Header;
        }
        let mut payload = packet.payload;
        if let State::Header = self.state {
            let known = self.header.len();
            let room = MAX_HEADER - known;
            self.header.extend_from_slice(&payload[..payload.len().min(room)]);
            match Header::read(&self.header) {
                Ok(None) => return,
                Err(()) => return self.drop_unit(),
                Ok(Some(header)) => {
                    self.dts = header.dts.map(|raw| unroll(raw, self.dts)).or(self.dts);
                    self.state = State::Unit(header.unit);
                    payload = &payload[header.len - known..];
                    self.header.clear();
                }
            }
        }
        if let State::Unit(left) = &mut self.state {
            match left {
                None => self.head.push(payload),
                Some(left) if payload.len() < *left => {
                    *left -= payload.len();
                    self.head.push(payload);
                }
                Some(left) => {
                    let last = &payload[..*left];
                    self.state = State::Idle;
                    self.head.push(last);
                    self.give(stream, out);
                }
            }
        }
    }

    /// A unit without a length is complete.
    pub(super) fn finish(&mut self, stream: Stream, out: &mut Out<'_>) {
        if let State::Unit(None) = self.state {
            self.give(stream, out);
        }
        self.drop_unit();
    }

    fn give(&mut self, stream: Stream, out: &mut Out<'_>) {
        let head = self.head.with(&[]);
        // Without any timestamp so far nobody can place it.
        if let Some(dts) = self.dts.filter(|_| !head.is_empty()) {
            out(AccessUnit {
                video: stream.content != Content::Audio,
                keyframe: self.random_access || is_key(stream.content, head),
                dts: Timestamp::from_ticks(dts),
                head,
            });
        }
        self.head.clear();
    }
}

struct Header {
    /// Its bytes.
    len: usize,
    /// Bytes of the unit behind it, when that is told.
    unit: Option<usize>,
    dts: Option<i64>,
}

impl Header {
    /// `None` when more bytes are needed.
    fn read(bytes: &[u8]) -> Result<Option<Self>, ()> {
        if !bytes.iter().zip([0, 0, 1]).all(|(byte, expected)| *byte == expected) {
            return Err(());
        }
        let [_, _, _, _, high, low, _, flags, fields, rest @ ..] = bytes else { return Ok(None) };
        let fields = usize::from(*fields);
        let Some(rest) = rest.get(..fields) else { return Ok(None) };
        let dts = match flags >> 6 {
            0b10 => rest.first_chunk(),
            0b11 => rest.get(5..).and_then(<[u8]>::first_chunk),
            _ => None,
        };
        let unit = match usize::from(*high) << 8 | usize::from(*low) {
            0 => None,
            len => Some(len.checked_sub(3 + fields).ok_or(())?),
        };
        Ok(Some(Self { len: 9 + fields, unit, dts: dts.copied().map(timestamp) }))
    }
}

/// 33 bits in five bytes, with a marker bit behind 3, 15 and 15 of them.
fn timestamp(bytes: [u8; 5]) -> i64 {
    let bytes = bytes.map(i64::from);
    (bytes[0] >> 1 & 7) << 30 | bytes[1] << 22 | bytes[2] >> 1 << 15 | bytes[3] << 7 | bytes[4] >> 1
}

/// The time nearest to the last one that has these low bits.
fn unroll(raw: i64, last: Option<i64>) -> i64 {
    let Some(last) = last else { return raw };
    let forward = (raw - last).rem_euclid(WRAP);
    last + if forward < WRAP / 2 { forward } else { forward - WRAP }
}

/// Whether decoding can start here, for multiplexers that do not say.
fn is_key(content: Content, head: &[u8]) -> bool {
    let kinds = |nal: &[u8]| nal.first().copied().unwrap_or(0);
    match content {
        Content::Audio => true,
        Content::H264 => nal::annex_b(head).any(|nal| kinds(nal) & 0x1f == 5),
        Content::Hevc => {
            nal::annex_b(head).any(|nal| (16..=21).contains(&(kinds(nal) >> 1 & 0x3f)))
        }
    }
}
