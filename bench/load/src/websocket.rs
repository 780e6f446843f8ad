//! The client's side of WebSocket (RFC 6455): the request, and the server's frames.

use crate::ended::Ended;

/// The fields of a request that asks for a WebSocket. The key is the RFC's own example: it protects
/// nothing, and the answer to it is not checked.
pub(crate) const FIELDS: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The longest payload of a control frame (section 5.5).
const MAX_CONTROL: u64 = 125;

const CLOSE: u8 = 8;
const PING: u8 = 9;

/// Takes the framing off what a server sends.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    head: Vec<u8>,
    opcode: u8,
    /// Bytes of the present frame's payload that are to come.
    left: u64,
    control: Vec<u8>,
    pong: Option<Vec<u8>>,
}

impl Frames {
    /// Gives the payload of data frames to `data`. Errors: a close, and frames that break the rules.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let mut rest = input;
        while !rest.is_empty() {
            if self.left > 0 {
                let count = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                let (payload, after) = rest.split_at(count);
                (rest, self.left) = (after, self.left - count as u64);
                if self.opcode < CLOSE {
                    data(payload)?;
                } else {
                    self.control.extend_from_slice(payload);
                    self.end_control();
                }
                continue;
            }
            self.head.push(rest[0]);
            rest = &rest[1..];
            self.begin()?;
        }
        Ok(())
    }

    /// The answer that a ping wants, once.
    pub(crate) fn take_pong(&mut self) -> Option<Vec<u8>> {
        self.pong.take()
    }

    /// Begins a frame when its head is complete.
    fn begin(&mut self) -> Result<(), Ended> {
        let &[first, second, ref more @ ..] = &self.head[..] else { return Ok(()) };
        if second & 0x80 != 0 {
            return Err(Ended::Broken("the server masks its WebSocket frames".into()));
        }
        let wanted = match second {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if more.len() < wanted {
            return Ok(());
        }
        let long = more.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        self.left = if wanted == 0 { u64::from(second) } else { long };
        self.opcode = first & 0x0f;
        self.head.clear();
        if self.opcode == CLOSE {
            return Err(Ended::closed());
        }
        if self.opcode > CLOSE && self.left > MAX_CONTROL {
            return Err(Ended::Broken("a WebSocket control frame that is too long".into()));
        }
        if self.left == 0 {
            self.end_control();
        }
        Ok(())
    }

    fn end_control(&mut self) {
        if self.opcode < CLOSE || self.left > 0 {
            return;
        }
        let payload = std::mem::take(&mut self.control);
        if self.opcode == PING {
            // Masked with zeros.
            let mut pong = vec![0x8a, 0x80 | payload.len() as u8, 0, 0, 0, 0];
            pong.extend(payload);
            self.pong = Some(pong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ping_is_answered_and_a_close_ends() {
        let mut frames = Frames::default();
        frames.feed(&[0x89, 2, b'h', b'i'], |_| panic!("no data")).unwrap();
        assert_eq!(frames.take_pong(), Some(vec![0x8a, 0x82, 0, 0, 0, 0, b'h', b'i']));
        assert_eq!(frames.take_pong(), None);
        frames.feed(&[0x89, 0], |_| panic!("no data")).unwrap();
        assert_eq!(frames.take_pong(), Some(vec![0x8a, 0x80, 0, 0, 0, 0]));
        assert_eq!(frames.feed(&[0x88, 0], |_| Ok(())), Err(Ended::closed()));
        assert!(Frames::default().feed(&[0x82, 0x81], |_| Ok(())).is_err());
        assert!(Frames::default().feed(&[0x89, 126, 1, 0], |_| Ok(())).is_err());
    }

    proptest! {
        #[test]
        fn payloads_come_out_whole_however_they_are_cut(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
            cut in 1_usize..50,
        ) {
            let mut bytes = Vec::new();
            for payload in &payloads {
                match payload.len() {
                    len @ 0..126 => bytes.extend([0x82, len as u8]),
                    len => { bytes.extend([0x82, 126]); bytes.extend((len as u16).to_be_bytes()); }
                }
                bytes.extend(payload);
                bytes.extend([0x89, 1, 7]);
            }
            let (mut frames, mut out) = (Frames::default(), Vec::<u8>::new());
            for piece in bytes.chunks(cut) {
                frames.feed(piece, |data| { out.extend(data); Ok(()) }).unwrap();
            }
            prop_assert_eq!(out, payloads.concat());
        }
    }
}
