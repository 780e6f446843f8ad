//! Chunked transfer coding of response bodies (RFC 9112 section 7.1): [`header`], the bytes, [`END`],
//! and so on; [`LAST`] after the last chunk. Only to HTTP/1.1 clients.

/// Ends every chunk.
pub const END: &[u8; 2] = b"\r\n";
/// Ends the body.
pub const LAST: &[u8; 5] = b"0\r\n\r\n";

/// The line before a chunk's bytes, held inline.
#[derive(Clone, Copy, Debug)]
pub struct ChunkHeader {
    bytes: [u8; 18],
    start: u8,
}

impl AsRef<[u8]> for ChunkHeader {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[usize::from(self.start)..]
    }
}

/// The line before a chunk of `len` bytes. A chunk of none would end the body: send none at all.
pub fn header(len: u64) -> ChunkHeader {
    let mut bytes = [0; 18];
    bytes[16..].copy_from_slice(END);
    let (mut start, mut left) = (16, len);
    loop {
        start -= 1;
        bytes[start] = b"0123456789abcdef"[(left & 15) as usize];
        left >>= 4;
        if left == 0 {
            return ChunkHeader { bytes, start: start as u8 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_headers_are_hexadecimal_lines() {
        assert_eq!(header(1).as_ref(), b"1\r\n");
        assert_eq!(header(0x1f0).as_ref(), b"1f0\r\n");
        assert_eq!(header(u64::MAX).as_ref(), b"ffffffffffffffff\r\n");
    }
}
