use bytes::{BufMut, BytesMut};

use crate::media_header::{EXTENDED, type_0};
use crate::message::Kind;

/// Appends a message in chunks, with a complete header, so that no message depends on an earlier one.
///
/// `chunk_stream` is 2 to 63; `body` has at most [`crate::OUT_CHUNK_SIZE`] bytes.
pub(crate) fn write_message(
    out: &mut BytesMut,
    chunk_size: usize,
    chunk_stream: u8,
    (kind, stream, timestamp): (Kind, u32, u32),
    body: &[u8],
) {
    let header = type_0(chunk_stream, kind, stream, timestamp, body.len() as u32);
    out.put_slice(header.as_slice());
    let mut chunks = body.chunks(chunk_size);
    out.put_slice(chunks.next().unwrap_or_default());
    for chunk in chunks {
        out.put_u8(0xc0 | chunk_stream);
        if timestamp >= EXTENDED {
            out.put_u32(timestamp);
        }
        out.put_slice(chunk);
    }
}
