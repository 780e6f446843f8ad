//! The head of an access unit, lent from the input where it lies in one piece.

use super::HEAD;

/// Bytes that arrive in pieces, up to [`HEAD`] of them.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
}

impl Head {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Keeps what fits.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = HEAD - self.bytes.len();
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// What was kept and `last`; copies only when both hold something of the head.
    pub(super) fn with<'h>(&'h mut self, last: &'h [u8]) -> &'h [u8] {
        if self.bytes.is_empty() {
            return &last[..last.len().min(HEAD)];
        }
        self.push(last);
        &self.bytes
    }
}
