use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;

use crate::kernel::fail;

/// An append-only file in memory, as its home shard writes it.
#[derive(Debug)]
pub struct MemFile {
    view: MemView,
}

/// A memory file as every shard sends from it.
#[derive(Clone, Debug)]
pub struct MemView {
    file: Rc<RefCell<File>>,
}

#[derive(Debug, Default)]
struct File {
    bytes: Vec<u8>,
    /// Ranges that were given back.
    punched: Vec<Range<u64>>,
}

impl MemFile {
    /// An empty file.
    pub fn new() -> io::Result<Self> {
        Ok(Self { view: MemView { file: Rc::default() } })
    }

    /// Appends these bytes in order and returns the offset of the first.
    pub fn append(&mut self, pieces: &[Bytes]) -> io::Result<u64> {
        let bytes = &mut self.view.file.borrow_mut().bytes;
        let start = bytes.len() as u64;
        for piece in pieces {
            bytes.extend_from_slice(piece);
        }
        Ok(start)
    }

    /// Gives the memory of a range back.
    pub fn punch(&mut self, offset: u64, len: u64) -> io::Result<()> {
        let mut file = self.view.file.borrow_mut();
        let range = offset..offset + len;
        if overlaps(&file.punched, &range) || range.end > file.bytes.len() as u64 {
            fail(format!("{range:?} of a file is given back twice or was never written"));
        }
        file.punched.push(range);
        Ok(())
    }

    /// A handle for sending.
    pub fn view(&self) -> MemView {
        self.view.clone()
    }

    /// Memory that the file holds now, in bytes.
    pub fn held(&self) -> u64 {
        let file = self.view.file.borrow();
        let punched: u64 = file.punched.iter().map(|range| range.end - range.start).sum();
        file.bytes.len() as u64 - punched
    }
}

impl MemView {
    /// Gives `take` the bytes from `offset` on, at most `len` of them.
    pub(crate) fn read<R>(&self, offset: u64, len: usize, take: impl FnOnce(&[u8]) -> R) -> R {
        let file = self.file.borrow();
        let end = (offset + len as u64).min(file.bytes.len() as u64);
        let range = offset.min(end)..end;
        if overlaps(&file.punched, &range) {
            fail(format!("{range:?} of a file is sent after it was given back"));
        }
        take(&file.bytes[range.start as usize..range.end as usize])
    }
}

fn overlaps(ranges: &[Range<u64>], one: &Range<u64>) -> bool {
    ranges.iter().any(|range| range.start < one.end && one.start < range.end)
}
