//! Boxes and their fields (ISO/IEC 14496-12 4.2).

use crate::demux::DemuxError;

/// A box header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: [u8; 4],
    /// Bytes of the header itself, 8 or 16.
    pub(super) len: usize,
    /// Bytes of the box with its header; `None` for all that follows.
    pub(super) size: Option<u64>,
}

/// Whether the header that begins like this has 16 bytes.
pub(super) fn is_large(start: &[u8]) -> bool {
    start.starts_with(&[0, 0, 0, 1]) && start.len() >= 8
}

/// The header at the start of `bytes`; `None` when more of them are needed.
pub(super) fn header(bytes: &[u8]) -> Result<Option<Header>, DemuxError> {
    let mut fields = Fields(bytes);
    let (Some(size), Some(kind)) = (fields.u32(), fields.four()) else { return Ok(None) };
    let (len, size) = match size {
        0 => (8, None),
        1 => match fields.u64() {
            Some(size) => (16, Some(size)),
            None => return Ok(None),
        },
        size => (8, Some(u64::from(size))),
    };
    if kind == [0; 4] {
        return Err(DemuxError::Mp4("a box has no type"));
    }
    if size.is_some_and(|size| size < len as u64) {
        return Err(DemuxError::Mp4("a box is shorter than its header"));
    }
    Ok(Some(Header { kind, len, size }))
}

/// The boxes in the body of another one: types and bodies. Ends at the first that does not fit.
pub(super) fn children(body: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let found = header(rest).ok()??;
        let size = found.size.map_or(Some(rest.len()), |size| usize::try_from(size).ok())?;
        let (whole, after) = rest.split_at_checked(size)?;
        rest = after;
        Some((found.kind, whole.get(found.len..)?))
    })
}

/// The body of the first child of a type.
pub(super) fn child(body: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    children(body).find(|(other, _)| *other == kind).map(|(_, body)| body)
}

/// Fields that follow each other, big endian.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Fields<'b> {
    /// The version and flags of a full box.
    pub(super) fn version(&mut self) -> Option<(u8, u32)> {
        self.u32().map(|word| ((word >> 24) as u8, word & 0x00ff_ffff))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.four().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (high, low) = (self.u32()?, self.u32()?);
        Some(u64::from(high) << 32 | u64::from(low))
    }

    pub(super) fn four(&mut self) -> Option<[u8; 4]> {
        self.take(4)?.first_chunk().copied()
    }

    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(drop)
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}
