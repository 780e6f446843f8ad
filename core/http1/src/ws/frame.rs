use super::CloseCode;

/// The most payload bytes of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL: usize = 125;

/// The final fragment bit.
pub(super) const FIN: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// The header of an unmasked frame, held inline. The payload goes out behind it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    bytes: [u8; 10],
    len: u8,
}

impl AsRef<[u8]> for FrameHeader {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The header of a binary message of `len` bytes in one frame.
pub fn binary_header(len: u64) -> FrameHeader {
    header(BINARY, len)
}

/// The header of a text message of `len` bytes of UTF-8 in one frame.
pub fn text_header(len: u64) -> FrameHeader {
    header(TEXT, len)
}

/// Appends a ping; of the payload at most [`MAX_CONTROL`] bytes are sent.
pub fn write_ping(out: &mut Vec<u8>, payload: &[u8]) {
    control(out, PING, &payload[..payload.len().min(MAX_CONTROL)]);
}

/// Appends the answer to a ping, with its payload; at most [`MAX_CONTROL`] bytes are sent.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    control(out, PONG, &payload[..payload.len().min(MAX_CONTROL)]);
}

/// Appends a close frame. The reason is cut to whole characters within 123 bytes.
pub fn write_close(out: &mut Vec<u8>, code: CloseCode, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL - 2)];
    out.extend_from_slice(header(CLOSE, 2 + reason.len() as u64).as_ref());
    out.extend_from_slice(&code.get().to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

fn control(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.extend_from_slice(header(opcode, payload.len() as u64).as_ref());
    out.extend_from_slice(payload);
}

/// RFC 6455 section 5.2: the length in 7, 16 or 64 bits, in the fewest that hold it.
fn header(opcode: u8, len: u64) -> FrameHeader {
    let mut bytes = [0; 10];
    bytes[0] = FIN | opcode;
    let used = if len <= 125 {
        bytes[1] = len as u8;
        2
    } else if let Ok(len) = u16::try_from(len) {
        bytes[1] = 126;
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
        4
    } else {
        bytes[1] = 127;
        bytes[2..].copy_from_slice(&len.to_be_bytes());
        10
    };
    FrameHeader { bytes, len: used }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_fewest_bytes() {
        assert_eq!(binary_header(0).as_ref(), [0x82, 0]);
        assert_eq!(binary_header(125).as_ref(), [0x82, 125]);
        assert_eq!(binary_header(126).as_ref(), [0x82, 126, 0, 126]);
        assert_eq!(binary_header(65_535).as_ref(), [0x82, 126, 255, 255]);
        assert_eq!(binary_header(65_536).as_ref(), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(text_header(5).as_ref(), [0x81, 5]);
    }

    #[test]
    fn control_frames_never_pass_their_limit() {
        let mut out = Vec::new();
        write_pong(&mut out, &[7; 200]);
        assert_eq!(out[..2], [0x8a, 125]);
        assert_eq!(out.len(), 127);
        out.clear();
        write_ping(&mut out, b"hi");
        assert_eq!(out, [0x89, 2, b'h', b'i']);
        out.clear();
        write_close(&mut out, CloseCode::GOING_AWAY, &"é".repeat(100));
        assert_eq!(out[..4], [0x88, 124, 3, 233]);
        assert_eq!(out.len(), 126);
        assert!(std::str::from_utf8(&out[4..]).is_ok());
    }
}
