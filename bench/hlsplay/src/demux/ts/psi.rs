//! Program tables (ISO/IEC 13818-1 2.4.4).

use super::packet::Packet;

/// Where the program association table is.
pub(super) const PAT_PID: u16 = 0;
/// The longest section in bytes (2.4.4.3).
const MAX_SECTION: usize = 1024;
/// The most streams of a program that are looked at.
const MAX_STREAMS: usize = 16;
/// `table_id`, length and the fields up to the first entry.
const HEADER: usize = 8;
/// The checksum at the end.
const CRC: usize = 4;

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    H264,
    Hevc,
    Audio,
}

/// A stream of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) pid: u16,
    pub(super) content: Content,
}

/// A section that may come in several packets.
#[derive(Debug, Default)]
pub(super) struct Section {
    bytes: Vec<u8>,
}

impl Section {
    /// Takes a packet's payload; gives the section when it is complete.
    pub(super) fn take(&mut self, packet: &Packet<'_>) -> Option<&[u8]> {
        let mut payload = packet.payload;
        if packet.start {
            let (&pointer, rest) = payload.split_first()?;
            payload = rest.get(usize::from(pointer)..)?;
            self.bytes.clear();
        } else if self.bytes.is_empty() {
            return None;
        }
        let room = MAX_SECTION.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&payload[..payload.len().min(room)]);
        let [_, high, low, ..] = self.bytes[..] else { return None };
        let len = 3 + (usize::from(high & 0x0f) << 8 | usize::from(low));
        if self.bytes.len() < len {
            return None;
        }
        self.bytes.truncate(len);
        Some(&self.bytes)
    }
}

/// The packets that hold the first program's map.
pub(super) fn program(pat: &[u8]) -> Option<u16> {
    let entries = entries(pat, HEADER).filter(|_| pat.first() == Some(&0))?;
    // Program 0 is the network's table.
    let program = entries.chunks_exact(4).find(|entry| entry[..2] != [0, 0])?;
    Some(pid(program[2], program[3]))
}

/// The video and audio of a program map, in place of what `streams` held.
pub(super) fn streams(pmt: &[u8], streams: &mut Vec<Stream>) {
    let Some(found) = pmt.get(HEADER + 2..HEADER + 4).filter(|_| pmt[0] == 2) else { return };
    let info = length(found[0], found[1]);
    let Some(mut rest) = entries(pmt, HEADER + 4 + info) else { return };
    streams.clear();
    while let [kind, high, low, info_high, info_low, after @ ..] = rest {
        let Some((info, after)) = after.split_at_checked(length(*info_high, *info_low)) else {
            return;
        };
        rest = after;
        if let Some(content) = content(*kind, info).filter(|_| streams.len() < MAX_STREAMS) {
            streams.push(Stream { pid: pid(*high, *low), content });
        }
    }
}

/// What a `stream_type` stands for, where the descriptors of a private one tell.
fn content(kind: u8, info: &[u8]) -> Option<Content> {
    match kind {
        0x1b => Some(Content::H264),
        0x24 => Some(Content::Hevc),
        // MPEG-1 and 2 audio, AAC in ADTS and LATM, AC-3, E-AC-3.
        0x03 | 0x04 | 0x0f | 0x11 | 0x81 | 0x87 => Some(Content::Audio),
        0x06 if info.windows(4).any(|four| four == b"Opus") => Some(Content::Audio),
        _ => None,
    }
}

fn entries(section: &[u8], from: usize) -> Option<&[u8]> {
    section.get(from..section.len().checked_sub(CRC)?)
}

fn pid(high: u8, low: u8) -> u16 {
    u16::from(high & 0x1f) << 8 | u16::from(low)
}

fn length(high: u8, low: u8) -> usize {
    usize::from(high & 0x0f) << 8 | usize::from(low)
}
