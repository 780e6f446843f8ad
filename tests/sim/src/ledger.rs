//! All that publishers ever sent.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use media::Kind;

use crate::footage::Stamp;

/// A frame as its publisher sent it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The time stamp, in milliseconds of the publisher's clock, without wraps.
    pub(crate) time: i64,
    /// The body of the message.
    pub(crate) body: Bytes,
    /// The codec configuration that is in force.
    pub(crate) record: &'static [u8],
}

/// The frames of every publisher's connection.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    conns: BTreeMap<(u8, u16), [Vec<Sent>; 2]>,
    rough: BTreeSet<(u8, u16)>,
}

impl Ledger {
    pub(crate) fn note(&mut self, stamp: Stamp, sent: Sent) {
        let frames = &mut self.conns.entry((stamp.stream, stamp.conn)).or_default()[of(stamp.kind)];
        assert_eq!(frames.len(), stamp.number as usize, "an encoder numbers its frames");
        frames.push(sent);
    }

    /// The clock of a publisher's connection steps by less than counts as an interruption.
    pub(crate) fn roughen(&mut self, stream: u8, conn: u16) {
        self.rough.insert((stream, conn));
    }

    /// Whether the clock of this frame's publisher ever did.
    pub(crate) fn is_rough(&self, stamp: Stamp) -> bool {
        self.rough.contains(&(stamp.stream, stamp.conn))
    }

    pub(crate) fn get(&self, stamp: Stamp) -> Option<&Sent> {
        let conn = self.conns.get(&(stamp.stream, stamp.conn))?;
        conn[of(stamp.kind)].get(stamp.number as usize)
    }
}

const fn of(kind: Kind) -> usize {
    match kind {
        Kind::Video => 0,
        Kind::Audio => 1,
    }
}
