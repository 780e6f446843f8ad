//! What publishers send: the messages of a recorded stream, in a loop.

use bytes::Bytes;
use media::codec::{self, nal};
use media::flv::{self, Message, Reader, Tag, TagType};

use crate::stamp::{Codec, Stamp};

/// The longest source, in bytes.
pub(crate) const MAX_SOURCE: usize = 512 << 20;

/// Why a source cannot be published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the source cannot be read: {0}")]
    Flv(#[from] flv::Error),
    #[error("the source holds no pictures and no sound")]
    Empty,
    #[error("the source is longer than {} MiB", MAX_SOURCE >> 20)]
    TooLong,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Milliseconds after the beginning of the tape.
    pub(crate) at_ms: i64,
    pub(crate) kind: TagType,
    pub(crate) body: Bytes,
    /// Where a stamp goes; `None` for what takes none.
    stamp: Option<Place>,
    /// Whether it is a picture.
    pub(crate) picture: bool,
}

/// Where a stamp goes into a body: before the first slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    offset: usize,
    codec: Codec,
    length_size: u8,
}

/// A stream to be sent again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tape {
    /// Sent once, before the rest: metadata and the decoders' configurations.
    pub(crate) head: Vec<Item>,
    /// Pictures and sound, never empty.
    pub(crate) items: Vec<Item>,
    /// From the beginning of one round to that of the next.
    pub(crate) length_ms: i64,
    /// From one picture to the next, in microseconds.
    pub(crate) picture_us: u64,
}

impl Tape {
    /// From an FLV file. Time begins with its first frame.
    pub(crate) fn from_flv(file: &[u8]) -> Result<Self, Error> {
        if file.len() > MAX_SOURCE {
            return Err(Error::TooLong);
        }
        let mut tags = Vec::new();
        Reader::default().push(file, &mut tags)?;
        Self::from_tags(&tags)
    }

    /// From tags; those that hold no frames go before all others.
    pub(crate) fn from_tags(tags: &[Tag]) -> Result<Self, Error> {
        let (mut head, mut items, mut sorter) = (Vec::new(), Vec::new(), Sorter::default());
        for tag in tags {
            match sorter.sort(tag)? {
                Sorted::Frame(item) => items.push(item),
                Sorted::Head(item) if items.is_empty() => head.push(item),
                // A configuration in the middle belongs where it is.
                Sorted::Head(item) if item.kind != TagType::ScriptData => items.push(item),
                Sorted::Head(_) | Sorted::Nothing => {}
            }
        }
        let first = items.iter().map(|item| item.at_ms).min().ok_or(Error::Empty)?;
        for item in &mut items {
            item.at_ms -= first;
        }
        for item in &mut head {
            item.at_ms = 0;
        }
        let ends = [TagType::Video, TagType::Audio].map(|kind| end(&items, kind));
        let length_ms = ends.iter().map(|(end, _)| *end).max().unwrap_or(0).max(1);
        let picture_us = (ends[0].1 * 1000.0) as u64;
        Ok(Self { head, items, length_ms, picture_us })
    }
}

impl Item {
    /// Puts the body into `out`, with the stamp if it takes one.
    pub(crate) fn write(&self, stamp: Stamp, out: &mut Vec<u8>) {
        out.clear();
        let Some(place) = &self.stamp else {
            out.extend_from_slice(&self.body);
            return;
        };
        let nal = stamp.nal(place.codec);
        let length = (nal.len() as u32).to_be_bytes();
        let (before, after) = self.body.split_at(place.offset);
        out.extend_from_slice(before);
        out.extend_from_slice(&length[4 - usize::from(place.length_size)..]);
        out.extend_from_slice(&nal);
        out.extend_from_slice(after);
    }
}

/// When the last frame of this kind ends, and how long one is on average, in milliseconds.
fn end(items: &[Item], kind: TagType) -> (i64, f64) {
    let of_kind =
        items.iter().filter(|item| item.kind == kind && (item.picture || kind == TagType::Audio));
    let times: Vec<i64> = of_kind.map(|item| item.at_ms).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
        return (0, 0.0);
    };
    let one = (last - first) as f64 / (times.len() as f64 - 1.0).max(1.0);
    (last + one.round() as i64, one)
}

/// Tells what tags hold.
#[derive(Default)]
struct Sorter {
    /// Bytes of a NAL unit's length, as the configuration said.
    length_size: Option<u8>,
    messages: Vec<Message>,
}

enum Sorted {
    Head(Item),
    Frame(Item),
    Nothing,
}

impl Sorter {
    fn sort(&mut self, tag: &Tag) -> Result<Sorted, Error> {
        let mut item = Item {
            at_ms: i64::from(tag.timestamp_ms),
            kind: tag.tag_type,
            body: tag.body.clone(),
            stamp: None,
            picture: false,
        };
        self.messages.clear();
        match tag.tag_type {
            TagType::Video => flv::parse_video(&tag.body, &mut self.messages)?,
            TagType::Audio => flv::parse_audio(&tag.body, &mut self.messages)?,
            TagType::ScriptData => return Ok(Sorted::Head(item)),
        }
        let mut sorted = Sorted::Nothing;
        for message in &self.messages {
            match message {
                Message::Frame(frame) => {
                    item.picture = tag.tag_type == TagType::Video;
                    if item.stamp.is_none() {
                        item.stamp = place(&tag.body, frame, self.length_size);
                    }
                    sorted = Sorted::Frame(item.clone());
                }
                Message::Config { length_size, .. } => {
                    if tag.tag_type == TagType::Video {
                        self.length_size = Some(*length_size);
                    }
                    sorted = Sorted::Head(item.clone());
                }
                Message::EndOfSequence(_) | Message::Ignored(_) => {}
            }
        }
        Ok(sorted)
    }
}

/// Where the frame's stamp goes in the body: before its first slice, behind all that may stand before
/// that (delimiter, parameter sets, the encoder's own messages).
fn place(body: &Bytes, frame: &flv::CodedFrame, length_size: Option<u8>) -> Option<Place> {
    let codec = match frame.codec {
        codec::Codec::H264 => Codec::H264,
        codec::Codec::Hevc => Codec::Hevc,
        _ => return None,
    };
    let length_size = length_size?;
    if nal::is_annex_b(&frame.data) && length_size != 4 {
        return None;
    }
    // A frame of several tracks' is framed by its own length, which a stamp would break.
    let offset = frame.data.as_ptr() as usize - body.as_ptr() as usize;
    if offset + frame.data.len() != body.len() {
        return None;
    }
    let into = first_slice(&frame.data, codec, usize::from(length_size))?;
    Some(Place { offset: offset + into, codec, length_size })
}

fn first_slice(data: &[u8], codec: Codec, length_size: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..nal::MAX_NALS {
        let (length, rest) = data.get(at..)?.split_at_checked(length_size)?;
        let length = length.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
        let first = *rest.first()?;
        let slice = match codec {
            // ITU-T H.264, table 7-1; H.265, table 7-1.
            Codec::H264 => (1..=5).contains(&(first & 0x1f)),
            Codec::Hevc => first >> 1 & 0x3f < 32,
        };
        if slice && length <= rest.len() {
            return Some(at);
        }
        at = at.checked_add(length_size)?.checked_add(length)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(nals: &[&[u8]]) -> Bytes {
        let mut body = vec![0x17, 1, 0, 0, 0];
        for nal in nals {
            body.extend((nal.len() as u32).to_be_bytes());
            body.extend_from_slice(nal);
        }
        body.into()
    }

    fn stamped(nals: &[&[u8]]) -> Option<Vec<u8>> {
        let mut messages = Vec::new();
        let body = picture(nals);
        flv::parse_video(&body, &mut messages).unwrap();
        let Message::Frame(frame) = &messages[0] else { panic!("{messages:?}") };
        let stamp = place(&body, frame, Some(4))?;
        let item = Item { at_ms: 0, kind: TagType::Video, body, stamp: Some(stamp), picture: true };
        let mut out = Vec::new();
        item.write(Stamp { publisher: 1, number: 2, sent_us: 3 }, &mut out);
        Some(out)
    }

    #[test]
    fn the_stamp_stands_between_what_comes_before_the_slices_and_the_slices() {
        let nal = Stamp { publisher: 1, number: 2, sent_us: 3 }.nal(Codec::H264);
        let (delimiter, sei, slice) = (&[9, 0xf0][..], &[6, 1, 0][..], &[0x65, 1, 2][..]);
        let expected = picture(&[delimiter, sei, &nal, slice, slice]);
        assert_eq!(stamped(&[delimiter, sei, slice, slice]).unwrap(), expected);
        assert_eq!(stamped(&[slice]).unwrap(), picture(&[&nal, slice]));
        assert_eq!(stamped(&[sei]), None);
    }

    #[test]
    fn the_first_slice_of_hevc_is_behind_its_parameter_sets_and_messages() {
        // A VPS, a prefix SEI message and an IDR slice, with lengths of two bytes.
        let data = [0, 3, 0x40, 1, 7, 0, 2, 0x4e, 1, 0, 3, 0x26, 1, 9];
        assert_eq!(first_slice(&data, Codec::Hevc, 2), Some(9));
        assert_eq!(first_slice(&data[..9], Codec::Hevc, 2), None);
    }

    #[test]
    fn a_picture_whose_lengths_are_wrong_takes_no_stamp() {
        let mut body = picture(&[&[0x65, 1, 2]]).to_vec();
        body[8] = 9;
        assert_eq!(first_slice(&body[5..], Codec::H264, 4), None);
        assert_eq!(first_slice(&[], Codec::H264, 4), None);
        assert_eq!(first_slice(&[0xff; 64], Codec::Hevc, 4), None);
    }

    #[test]
    fn a_tape_begins_at_zero_and_ends_a_frame_after_its_last() {
        let video =
            |timestamp_ms, body: Bytes| Tag { tag_type: TagType::Video, timestamp_ms, body };
        let frame = || picture(&[&[0x65, 1]]);
        // A configuration alone is no stream.
        assert!(Tape::from_tags(&[video(0, Bytes::from_static(b"\x17\x02\0\0\0"))]).is_err());
        let tags = [video(1000, frame()), video(1040, frame()), video(1080, frame())];
        let tape = Tape::from_tags(&tags).unwrap();
        let times: Vec<i64> = tape.items.iter().map(|item| item.at_ms).collect();
        assert_eq!((times, tape.length_ms, tape.picture_us), (vec![0, 40, 80], 120, 40_000));
    }
}
