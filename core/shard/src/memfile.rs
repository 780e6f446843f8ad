use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::sync::Arc;

use bytes::Bytes;

use crate::sys::check;

/// An append-only file in memory, as its home shard writes it. An offset never holds other bytes
/// again, and ranges that nobody needs any more are given back to the system.
#[derive(Debug)]
pub struct MemFile {
    view: MemView,
    end: u64,
}

/// A memory file as every shard sends from it.
#[derive(Clone, Debug)]
pub struct MemView {
    file: Arc<File>,
}

impl MemFile {
    /// An empty file.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the name is a C string literal; no other pointers.
        let fd = check(unsafe { libc::memfd_create(c"media".as_ptr(), libc::MFD_CLOEXEC) })?;
        // SAFETY: a new descriptor that nobody else owns.
        let file = unsafe { File::from_raw_fd(fd) };
        Ok(Self { view: MemView { file: Arc::new(file) }, end: 0 })
    }

    /// Appends these bytes in order and returns the offset of the first. When it fails nothing of it
    /// counts as written.
    pub fn append(&mut self, pieces: &[Bytes]) -> io::Result<u64> {
        let start = self.end;
        for batch in pieces.chunks(crate::limits::MAX_IOVECS) {
            let mut slices: Vec<IoSlice<'_>> =
                batch.iter().map(|piece| IoSlice::new(piece)).collect();
            let mut rest = &mut slices[..];
            while !rest.is_empty() {
                let written = (&*self.view.file).write_vectored(rest)?;
                if written == 0 && rest.iter().any(|slice| !slice.is_empty()) {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.end += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
        }
        Ok(start)
    }

    /// Gives the memory of a range back; whole pages only, reading it afterwards gives zeros.
    pub fn punch(&self, offset: u64, len: u64) -> io::Result<()> {
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        let (offset, len) = (offset as libc::off_t, len as libc::off_t);
        // SAFETY: no pointers; the descriptor is open.
        check(unsafe { libc::fallocate(self.view.raw_fd(), mode, offset, len) }).map(|_| ())
    }

    /// A handle for sending.
    pub fn view(&self) -> MemView {
        self.view.clone()
    }

    /// Memory that the file holds now, in bytes.
    pub fn held(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        self.view.file.metadata().map_or(0, |metadata| metadata.blocks() * 512)
    }
}

impl MemView {
    pub(crate) fn raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    #[test]
    fn appended_pieces_lie_one_after_the_other_and_a_punched_range_is_given_back() {
        let mut file = MemFile::new().unwrap();
        let pieces = [Bytes::from(vec![1; 5000]), Bytes::new(), Bytes::from(vec![2; 100_000])];
        assert_eq!(file.append(&pieces).unwrap(), 0);
        assert_eq!(file.append(&[Bytes::from_static(b"end")]).unwrap(), 105_000);
        let mut tail = [0; 4];
        file.view.file.read_exact_at(&mut tail, 104_999).unwrap();
        assert_eq!(&tail, b"\x02end");
        let before = file.held();
        file.punch(0, 98_304).unwrap();
        assert_eq!(before - file.held(), 98_304);
    }
}
