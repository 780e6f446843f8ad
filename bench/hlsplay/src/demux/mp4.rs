//! Fragmented MP4 (ISO/IEC 14496-12): `moov` tells the tracks, each `moof` the samples of the `mdat`
//! behind it.

mod boxes;
mod fragment;
mod tracks;

use media::Timestamp;

use self::fragment::{Fragment, Sample};
use self::tracks::Tracks;
use super::head::Head;
use super::{AccessUnit, DemuxError, Out};

/// The longest `moov` or `moof` in bytes.
const MAX_METADATA: u64 = 1 << 20;

/// Takes MP4 apart.
#[derive(Debug, Default)]
pub(super) struct Mp4 {
    tracks: Tracks,
    fragment: Fragment,
    /// Bytes of the resource so far.
    position: u64,
    state: State,
    /// A box header or the body of a `moov` or `moof` that came in pieces.
    kept: Vec<u8>,
    head: Head,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// In a box header.
    #[default]
    Header,
    /// In a box that is read as a whole: its type, its body's length.
    Whole([u8; 4], usize),
    /// In media: where it ends.
    Media(u64),
    /// In another box: where it ends.
    Skip(u64),
}

impl Mp4 {
    pub(super) fn begin(&mut self) {
        self.position = 0;
        self.state = State::Header;
        self.kept.clear();
        self.head.clear();
        self.fragment.clear();
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut Out<'_>) -> Result<(), DemuxError> {
        while !bytes.is_empty() {
            let used = match self.state {
                State::Header => self.header(bytes)?,
                State::Whole(kind, len) => self.whole(bytes, kind, len)?,
                State::Media(end) => {
                    let media = until(bytes, self.position, end);
                    self.media(media, out);
                    self.leave_at(end, media.len());
                    media.len()
                }
                State::Skip(end) => {
                    let len = until(bytes, self.position, end).len();
                    self.leave_at(end, len);
                    len
                }
            };
            self.position += used as u64;
            bytes = &bytes[used..];
        }
        Ok(())
    }

    /// After `used` bytes of a box that ends at `end`.
    fn leave_at(&mut self, end: u64, used: usize) {
        if self.position + used as u64 >= end {
            self.state = State::Header;
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Result<usize, DemuxError> {
        let wanted = if boxes::is_large(&self.kept) { 16 } else { 8 };
        let used = bytes.len().min(wanted - self.kept.len());
        self.kept.extend_from_slice(&bytes[..used]);
        let Some(header) = boxes::header(&self.kept)? else { return Ok(used) };
        let start = self.position + used as u64 - header.len as u64;
        self.kept.clear();
        // Size 0 says: up to the end of the resource.
        let end = header.size.map_or(u64::MAX, |size| start.saturating_add(size));
        self.state = match &header.kind {
            b"moov" | b"moof" => {
                let body = end - start - header.len as u64;
                if body > MAX_METADATA {
                    return Err(DemuxError::Mp4("a moov or moof box is too long"));
                }
                if header.kind == *b"moof" {
                    self.fragment.begin(start);
                }
                State::Whole(header.kind, body as usize)
            }
            b"mdat" => State::Media(end),
            _ => State::Skip(end),
        };
        if end == start + header.len as u64 {
            self.state = State::Header;
        }
        Ok(used)
    }

    fn whole(&mut self, bytes: &[u8], kind: [u8; 4], len: usize) -> Result<usize, DemuxError> {
        let used = bytes.len().min(len - self.kept.len());
        if used < len {
            self.kept.extend_from_slice(&bytes[..used]);
            if self.kept.len() < len {
                return Ok(used);
            }
        }
        self.state = State::Header;
        let body = if used == len { &bytes[..len] } else { &self.kept };
        match &kind {
            b"moov" => self.tracks.read(body)?,
            _ => self.fragment.read(body, &self.tracks)?,
        }
        self.kept.clear();
        Ok(used)
    }

    /// Gives out the samples that end in this piece of an `mdat`.
    fn media(&mut self, piece: &[u8], out: &mut Out<'_>) {
        let (start, end) = (self.position, self.position + piece.len() as u64);
        while let Some(sample) = self.fragment.next() {
            if sample.start < start && sample.end <= start {
                // It lies outside of all media.
                self.head.clear();
                self.fragment.advance();
                continue;
            }
            if sample.start >= end && sample.end > end {
                return;
            }
            let from = (sample.start.max(start) - start) as usize;
            if sample.end > end {
                self.head.push(&piece[from..]);
                return;
            }
            let last = &piece[from..(sample.end - start) as usize];
            out(unit(&sample, self.head.with(last)));
            self.head.clear();
            self.fragment.advance();
        }
    }
}

fn unit<'h>(sample: &Sample, head: &'h [u8]) -> AccessUnit<'h> {
    let dts = Timestamp::from_scale(sample.dts, sample.timescale);
    AccessUnit { video: sample.video, keyframe: sample.keyframe, dts, head }
}

/// The part of `bytes`, which begin at `position`, before `end`.
fn until(bytes: &[u8], position: u64, end: u64) -> &[u8] {
    let left = usize::try_from(end - position).unwrap_or(usize::MAX);
    &bytes[..bytes.len().min(left)]
}
