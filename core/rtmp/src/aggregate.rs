use bytes::{Buf, Bytes};

use crate::Error;
use crate::message::{Kind, Message};

/// The messages inside an aggregate message (RTMP, section 7.1.6), which share its memory.
///
/// They lie there as FLV tags. Their timestamps are relative to the first one's, which stands for the
/// aggregate's own.
#[derive(Debug)]
pub(crate) struct Aggregate {
    body: Bytes,
    stream: u32,
    timestamp: u32,
    first: Option<u32>,
}

/// Type, length, timestamp and stream id in front of each part.
const TAG_HEADER: usize = 11;

/// The length of the part, behind it.
const BACK_POINTER: usize = 4;

impl Aggregate {
    /// The parts of an aggregate message.
    pub(crate) fn new(message: Message) -> Self {
        Self {
            body: message.body,
            stream: message.stream,
            timestamp: message.timestamp,
            first: None,
        }
    }

    /// The next part that is audio, video or data.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, Error> {
        while !self.body.is_empty() {
            let tag: &[u8; TAG_HEADER] = self.body.first_chunk().ok_or(Error::BadAggregate)?;
            let &[kind, l2, l1, l0, t2, t1, t0, t3, ..] = tag;
            let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
            let timestamp = u32::from_be_bytes([t3, t2, t1, t0]);
            self.body.advance(TAG_HEADER);
            if length > self.body.len() {
                return Err(Error::BadAggregate);
            }
            let body = self.body.split_to(length);
            // Some encoders leave the last back pointer out.
            self.body.advance(BACK_POINTER.min(self.body.len()));
            let offset = timestamp.wrapping_sub(*self.first.get_or_insert(timestamp));
            let kind = Kind::from_u8(kind);
            if matches!(kind, Kind::Audio | Kind::Video | Kind::Data | Kind::DataAmf3) {
                let timestamp = self.timestamp.wrapping_add(offset);
                return Ok(Some(Message { kind, stream: self.stream, timestamp, body }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(kind: u8, timestamp: u32, body: &[u8]) -> Vec<u8> {
        let [t3, t2, t1, t0] = timestamp.to_be_bytes();
        let mut tag = vec![kind, 0, 0, body.len() as u8, t2, t1, t0, t3, 0, 0, 0];
        tag.extend_from_slice(body);
        tag.extend_from_slice(&(body.len() as u32 + 11).to_be_bytes());
        tag
    }

    fn aggregate(body: Vec<u8>) -> Aggregate {
        let (kind, stream, timestamp) = (Kind::Aggregate, 1, 1000);
        Aggregate::new(Message { kind, stream, timestamp, body: body.into() })
    }

    #[test]
    fn parts_keep_their_distances_from_the_first_one() {
        let mut parts =
            aggregate([tag(9, 0xffff_fff0, b"abc"), tag(22, 1, b"-"), tag(8, 4, b"d")].concat());
        let first = parts.next().unwrap().unwrap();
        assert_eq!(
            (first.kind, first.timestamp, &first.body[..]),
            (Kind::Video, 1000, &b"abc"[..])
        );
        let second = parts.next().unwrap().unwrap();
        assert_eq!(
            (second.kind, second.timestamp, &second.body[..]),
            (Kind::Audio, 1020, &b"d"[..])
        );
        assert_eq!(parts.next(), Ok(None));
    }

    #[test]
    fn the_last_back_pointer_may_be_missing() {
        let mut body = tag(8, 0, b"abc");
        body.truncate(body.len() - 4);
        let mut parts = aggregate(body);
        assert!(parts.next().unwrap().is_some());
        assert_eq!(parts.next(), Ok(None));
    }

    #[test]
    fn a_part_that_is_cut_off_is_an_error() {
        let body = tag(8, 0, b"abc");
        assert_eq!(aggregate(body[..5].to_vec()).next(), Err(Error::BadAggregate));
        assert_eq!(aggregate(body[..13].to_vec()).next(), Err(Error::BadAggregate));
    }
}
