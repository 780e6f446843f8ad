use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::sync::Arc;

use bytes::Bytes;

use crate::limits::MAX_IOVECS;
use crate::sys::check;

/// The kernel gives memory back in pages of this size, or of a multiple of it that it then zeroes.
const PAGE: u64 = 4096;

/// An append-only file in memory, as its home shard writes it. An offset never holds other bytes
/// again, and ranges that nobody needs any more are given back to the system.
#[derive(Debug)]
pub struct MemFile {
    view: MemView,
    end: u64,
    /// Where the range ends that was given back last, and where the first whole page begins of all those
    /// ranges that adjoin it.
    punched: (u64, u64),
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
        Ok(Self { view: MemView { file: Arc::new(file) }, end: 0, punched: (0, 0) })
    }

    /// Appends these bytes in order and returns the offset of the first. When it fails nothing of it
    /// counts as written.
    pub fn append(&mut self, pieces: &[Bytes]) -> io::Result<u64> {
        let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        self.append_slices(&mut slices)
    }

    /// As [`MemFile::append`]; advances the slices as they are written.
    pub(crate) fn append_slices(&mut self, mut rest: &mut [IoSlice<'_>]) -> io::Result<u64> {
        let start = self.end;
        while !rest.is_empty() {
            let batch = &rest[..rest.len().min(MAX_IOVECS)];
            let written = (&*self.view.file).write_vectored(batch)?;
            if written == 0 && batch.iter().any(|slice| !slice.is_empty()) {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.end += written as u64;
            IoSlice::advance_slices(&mut rest, written);
        }
        Ok(start)
    }

    /// Gives the memory of a range back, as far as it covers whole pages together with the range given
    /// back before it. Bytes beside it, and those that sockets still hold, stay as they are.
    pub fn punch(&mut self, offset: u64, len: u64) -> io::Result<()> {
        // The page that two ranges share is given back with the second, unless something else lies between.
        let (last, mut first_page) = self.punched;
        if last != offset {
            first_page = offset.next_multiple_of(PAGE);
        }
        let start = first_page.max(offset / PAGE * PAGE);
        let end = (offset + len) / PAGE * PAGE;
        if start < end {
            self.free(start, end - start)?;
        }
        self.punched = (offset + len, first_page);
        Ok(())
    }

    fn free(&self, offset: u64, len: u64) -> io::Result<()> {
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

    #[test]
    fn what_lies_beside_a_punched_range_keeps_its_bytes_and_adjoining_ranges_leave_no_page_behind()
    {
        let mut file = MemFile::new().unwrap();
        file.append(&[Bytes::from(vec![7; 100_000])]).unwrap();
        let before = file.held();
        file.punch(1000, 9000).unwrap();
        let mut all = vec![0; 100_000];
        file.view.file.read_exact_at(&mut all, 0).unwrap();
        assert!(all[..4096].iter().chain(&all[8192..]).all(|&byte| byte == 7));
        assert!(all[4096..8192].iter().all(|&byte| byte == 0));
        file.punch(10_000, 10_480).unwrap();
        assert_eq!(before - file.held(), 16_384);
        // What lies between two ranges of one page stays, like the initialisation of a later session.
        file.punch(21_000, 500).unwrap();
        file.punch(21_500, 8500).unwrap();
        file.view.file.read_exact_at(&mut all, 0).unwrap();
        assert!(all[20_480..24_576].iter().all(|&byte| byte == 7));
        assert_eq!(before - file.held(), 16_384 + 4096);
    }
}
