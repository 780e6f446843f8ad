//! Packets (ISO/IEC 13818-1 2.4.3.2).

use crate::demux::ts::{PACKET, SYNC};

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'b> {
    pub(super) pid: u16,
    /// A section or PES packet begins in it.
    pub(super) start: bool,
    /// `random_access_indicator`
    pub(super) random_access: bool,
    pub(super) payload: &'b [u8],
}

impl<'b> Packet<'b> {
    /// `None` for one with an error, without payload, or scrambled.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Self> {
        let [SYNC, high, low, flags, rest @ ..] = bytes else { return None };
        if bytes.len() != PACKET || high & 0x80 != 0 || flags & 0xc0 != 0 || flags & 0x10 == 0 {
            return None;
        }
        let (mut payload, mut random_access) = (rest, false);
        if flags & 0x20 != 0 {
            let (&len, rest) = payload.split_first()?;
            let (adaptation, after) = rest.split_at_checked(usize::from(len))?;
            random_access = adaptation.first().is_some_and(|flags| flags & 0x40 != 0);
            payload = after;
        }
        let pid = u16::from(high & 0x1f) << 8 | u16::from(*low);
        Some(Self { pid, start: high & 0x40 != 0, random_access, payload })
    }
}
