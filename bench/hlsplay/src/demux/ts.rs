//! MPEG transport streams (ISO/IEC 13818-1 2.4): the first program's video and audio.

mod packet;
mod pes;
mod psi;

use self::packet::Packet;
use self::pes::Pes;
use self::psi::{Section, Stream};
use super::{DemuxError, Out};

/// Begins every packet.
pub(super) const SYNC: u8 = 0x47;
/// Bytes of a packet.
const PACKET: usize = 188;
/// Bytes in search of a packet's start, over a resource, until it counts as broken.
const MAX_LOST: usize = 64 * PACKET;

/// Takes transport streams apart.
#[derive(Debug, Default)]
pub(super) struct Ts {
    /// A packet that came in pieces.
    kept: Vec<u8>,
    lost: usize,
    pat: Section,
    pmt: Section,
    pmt_pid: Option<u16>,
    streams: Vec<Stream>,
    /// One for each of the streams.
    pes: Vec<Pes>,
}

impl Ts {
    pub(super) fn begin(&mut self) {
        self.kept.clear();
        self.lost = 0;
        self.pes.iter_mut().for_each(Pes::drop_unit);
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut Out<'_>) -> Result<(), DemuxError> {
        while !bytes.is_empty() {
            if self.kept.is_empty() && bytes[0] != SYNC {
                bytes = self.resync(bytes)?;
                continue;
            }
            if self.kept.is_empty() && bytes.len() >= PACKET {
                let (packet, rest) = bytes.split_at(PACKET);
                bytes = rest;
                self.packet(packet, out);
                continue;
            }
            let (piece, rest) = bytes.split_at(bytes.len().min(PACKET - self.kept.len()));
            bytes = rest;
            self.kept.extend_from_slice(piece);
            if self.kept.len() == PACKET {
                let packet = std::mem::take(&mut self.kept);
                self.packet(&packet, out);
                self.kept = packet;
                self.kept.clear();
            }
        }
        Ok(())
    }

    /// The resource is complete: so are the units that have no length.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        for (pes, stream) in self.pes.iter_mut().zip(&self.streams) {
            pes.finish(*stream, out);
        }
    }

    fn resync<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], DemuxError> {
        let next = bytes.iter().position(|byte| *byte == SYNC).unwrap_or(bytes.len());
        self.lost += next;
        if self.lost > MAX_LOST {
            return Err(DemuxError::Ts("packets do not begin with 0x47"));
        }
        Ok(&bytes[next..])
    }

    /// Packets that make no sense are passed over.
    fn packet(&mut self, bytes: &[u8], out: &mut Out<'_>) {
        let Some(packet) = Packet::read(bytes) else { return };
        if packet.pid == psi::PAT_PID {
            if let Some(section) = self.pat.take(&packet) {
                self.pmt_pid = psi::program(section).or(self.pmt_pid);
            }
        } else if Some(packet.pid) == self.pmt_pid {
            if let Some(section) = self.pmt.take(&packet) {
                psi::streams(section, &mut self.streams);
                self.pes.resize_with(self.streams.len(), Pes::default);
            }
        } else if let Some(at) = self.streams.iter().position(|one| one.pid == packet.pid) {
            self.pes[at].take(self.streams[at], &packet, out);
        }
    }
}
