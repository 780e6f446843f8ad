use bytes::{Buf, Bytes, BytesMut};

use super::Error;
use super::header::{FILE_HEADER_LEN, TAG_HEADER_LEN, TagType};

/// A tag of an FLV file or stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What the body is.
    pub tag_type: TagType,
    /// Milliseconds, the extension byte included.
    pub timestamp_ms: u32,
    /// The body: what an RTMP message of this type carries.
    pub body: Bytes,
}

/// Reads an FLV file or stream that comes in pieces of any size.
///
/// Holds at most one incomplete tag, of at most `limit` bytes, beside the piece being read. Tags of
/// unknown types are passed over; the sizes between the tags are not checked, since many writers get
/// them wrong. After an error the reader takes nothing
/// more and repeats the error.
#[derive(Debug)]
pub struct Reader {
    limit: usize,
    buffer: BytesMut,
    /// Bytes of the file header's tail or a tag's trailer that are still to be passed over.
    to_skip: usize,
    begun: bool,
    failed: Option<Error>,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl Reader {
    /// The longest body that a reader takes unless told otherwise, in bytes.
    pub const DEFAULT_LIMIT: usize = 8 * 1024 * 1024;
    /// The longest file header: one longer than the specified 9 bytes is passed over up to this.
    const MAX_FILE_HEADER: usize = 1024;

    /// A reader at the start of a file that takes bodies of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: BytesMut::new(), to_skip: 0, begun: false, failed: None }
    }

    /// Takes the next bytes of the file and adds the tags that they complete to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Tag>) -> Result<(), Error> {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
            self.failed = self.read(out).err();
        }
        match &self.failed {
            None => Ok(()),
            Some(error) => {
                self.buffer.clear();
                Err(error.clone())
            }
        }
    }

    fn read(&mut self, out: &mut Vec<Tag>) -> Result<(), Error> {
        if !self.begun && !self.begin()? {
            return Ok(());
        }
        while self.skip() {
            let Some(header) = self.buffer.first_chunk::<TAG_HEADER_LEN>() else {
                break;
            };
            let &[kind, l0, l1, l2, t0, t1, t2, extended, ..] = header;
            let len = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            if len > self.limit {
                return Err(Error::TagTooLong { len, limit: self.limit });
            }
            if kind & 0x20 != 0 {
                return Err(Error::NotFlv { why: "its tags are encrypted" });
            }
            if self.buffer.len() < TAG_HEADER_LEN + len {
                break;
            }
            self.buffer.advance(TAG_HEADER_LEN);
            let body = self.buffer.split_to(len).freeze();
            self.to_skip = 4;
            if let Some(tag_type) = TagType::from_number(kind & 0x1f) {
                let timestamp_ms = u32::from_be_bytes([extended, t0, t1, t2]);
                out.push(Tag { tag_type, timestamp_ms, body });
            }
        }
        Ok(())
    }

    /// Reads the file header; false while it is incomplete.
    fn begin(&mut self) -> Result<bool, Error> {
        let known = self.buffer.len().min(3);
        if self.buffer[..known] != b"FLV"[..known] {
            return Err(Error::NotFlv { why: "it does not begin with FLV" });
        }
        let Some(&[.., l0, l1, l2, l3]) = self.buffer.first_chunk::<9>() else {
            return Ok(false);
        };
        let header = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        if !(FILE_HEADER_LEN - 4..=Self::MAX_FILE_HEADER).contains(&header) {
            return Err(Error::NotFlv { why: "its header's length is out of range" });
        }
        self.to_skip = header + 4;
        self.begun = true;
        Ok(true)
    }

    /// Passes over what is to be skipped; false when it has not all arrived.
    fn skip(&mut self) -> bool {
        let now = self.to_skip.min(self.buffer.len());
        self.buffer.advance(now);
        self.to_skip -= now;
        self.to_skip == 0
    }
}
