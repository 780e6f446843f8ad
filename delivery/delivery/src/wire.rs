//! What an entry of the log looks like on the wire of each frame protocol. Made once for all viewers
//! of a batch: the payload is shared, only the few bytes around it are new.

use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use media::{Frame, Kind, Metadata, TrackSet, flv};
use rtmp::MediaKind;
use stream::Protocol;

/// A protocol that carries frames one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// RTMP messages, each in one chunk.
    Rtmp,
    /// FLV tags.
    Flv,
    /// FLV tags, each in a WebSocket frame.
    WsFlv,
}

impl Wire {
    /// The protocol's name.
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Rtmp => Protocol::Rtmp,
            Self::Flv => Protocol::Flv,
            Self::WsFlv => Protocol::WsFlv,
        }
    }
}

/// The longest body that a message's and a tag's 24-bit length holds; publishers are held to less.
const MAX_BODY: usize = rtmp::OUT_CHUNK_SIZE;
/// The most payload that one batch gathers; a lagging viewer takes several.
const MAX_BATCH_BYTES: usize = 1 << 20;
/// The most pieces of one batch, within the kernel's limit of buffers for one write.
const MAX_BATCH_PIECES: usize = 900;

/// A run of entries in wire form.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    wire: Wire,
    /// The headers and trailers around the payloads.
    scratch: Vec<u8>,
    /// How much of `scratch` is in pieces.
    sealed: usize,
    pieces: Vec<Piece<'a>>,
    items: Vec<Item>,
    bytes: usize,
}

#[derive(Debug)]
enum Piece<'a> {
    Scratch(Range<usize>),
    Body(&'a Bytes),
}

/// The end of one whole message: a viewer that got this far may be given something else next.
#[derive(Clone, Copy, Debug)]
struct Item {
    /// Bytes up to the message's end.
    bytes: usize,
    /// The log index that follows the message.
    next: u64,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(wire: Wire, scratch: Vec<u8>) -> Self {
        Self { wire, scratch, sealed: 0, pieces: Vec::new(), items: Vec::new(), bytes: 0 }
    }

    /// Bytes of all messages together.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// Messages that end within the first `sent` bytes.
    pub(crate) fn messages(&self, sent: usize) -> u64 {
        self.items.partition_point(|item| item.bytes <= sent) as u64
    }

    /// Whether another entry would make the batch too large.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MAX_BATCH_BYTES || self.pieces.len() >= MAX_BATCH_PIECES
    }

    /// Adds what a viewer needs before its first frame, whose time is `timestamp`: metadata and codec
    /// configurations.
    pub(crate) fn start(
        &mut self,
        tracks: &TrackSet,
        metadata: Option<&Arc<Metadata>>,
        timestamp: u32,
        next: u64,
    ) {
        let mut script = Vec::new();
        media::metadata::write_on_metadata(tracks, metadata.map(AsRef::as_ref), &mut script);
        // Of time 0 wherever the viewer starts: FFmpeg takes script data of another time for subtitles.
        self.whole(MediaKind::Data, 0, &script, next);
        self.configs(tracks, timestamp, next);
    }

    /// The pieces as the kernel takes them.
    pub(crate) fn slices(&self) -> Vec<IoSlice<'_>> {
        self.pieces.iter().map(|piece| IoSlice::new(self.bytes_of(piece))).collect()
    }

    /// For a viewer that took `sent` bytes of the batch and started it at index `from`: what is left
    /// of the message that it is in the middle of and of those that belong to the same index (codec
    /// configurations), and the log index that it reads next.
    pub(crate) fn split(&self, sent: usize, from: u64) -> (Vec<Bytes>, u64) {
        let done = self.items.partition_point(|item| item.bytes <= sent);
        let before = done.checked_sub(1).map(|last| self.items[last]);
        let next = match before {
            Some(item) if item.bytes == sent => item.next,
            _ if sent == 0 => from,
            _ => self.items[done].next,
        };
        let same = |item: &&Item| sent > 0 && item.next == next;
        let Some(last) = self.items[done..].iter().take_while(same).last() else {
            return (Vec::new(), next);
        };
        let mut rest = Vec::new();
        let mut at = 0;
        for piece in &self.pieces {
            let bytes = self.bytes_of(piece);
            let wanted = sent.max(at)..last.bytes.min(at + bytes.len());
            if !wanted.is_empty() {
                let range = wanted.start - at..wanted.end - at;
                rest.push(match piece {
                    Piece::Scratch(_) => Bytes::copy_from_slice(&bytes[range]),
                    Piece::Body(body) => body.slice(range),
                });
            }
            at += bytes.len();
        }
        (rest, next)
    }

    /// Gives the scratch buffer back for the next batch.
    pub(crate) fn into_scratch(mut self) -> Vec<u8> {
        self.scratch.clear();
        self.scratch
    }

    /// Adds the codec configurations of these tracks.
    pub(crate) fn configs(&mut self, tracks: &TrackSet, timestamp: u32, next: u64) {
        for track in tracks.tracks.iter().filter(|track| track.id.is_default()) {
            if let Some(body) = flv::config_body(track) {
                self.whole(media_kind(track.id.kind), timestamp, &body, next);
            }
        }
    }

    /// Adds a frame. Plain RTMP and FLV know one track of each kind; the others are left out.
    pub(crate) fn frame(&mut self, frame: &'a Frame, tracks: &TrackSet, next: u64) {
        let Some(track) = tracks.get(frame.track).filter(|track| track.id.is_default()) else {
            return;
        };
        let tag = flv::frame_header(&track.config, frame);
        let kind = media_kind(frame.track.kind);
        let body_len = tag.len() + frame.data.len();
        if body_len > MAX_BODY {
            return;
        }
        self.open(kind, frame.dts.millis() as u32, body_len);
        self.scratch.extend_from_slice(&tag);
        self.seal();
        if !frame.data.is_empty() {
            self.pieces.push(Piece::Body(&frame.data));
            self.bytes += frame.data.len();
        }
        self.finish(body_len, next);
    }

    /// A small message whose body is copied.
    fn whole(&mut self, kind: MediaKind, timestamp: u32, body: &[u8], next: u64) {
        self.open(kind, timestamp, body.len());
        self.scratch.extend_from_slice(body);
        self.seal();
        self.finish(body.len(), next);
    }

    fn open(&mut self, kind: MediaKind, timestamp: u32, body_len: usize) {
        match self.wire {
            Wire::Rtmp => {
                if let Some(header) = rtmp::media_header(kind, timestamp, body_len) {
                    self.scratch.extend_from_slice(header.as_slice());
                }
            }
            Wire::Flv => self.tag(kind, timestamp, body_len),
            Wire::WsFlv => {
                let header = http1::ws::binary_header((flv::TAG_HEADER_LEN + body_len + 4) as u64);
                self.scratch.extend_from_slice(header.as_ref());
                self.tag(kind, timestamp, body_len);
            }
        }
    }

    fn tag(&mut self, kind: MediaKind, timestamp: u32, body_len: usize) {
        let kind = match kind {
            MediaKind::Audio => flv::TagType::Audio,
            MediaKind::Video => flv::TagType::Video,
            MediaKind::Data => flv::TagType::ScriptData,
        };
        self.scratch.extend_from_slice(&flv::tag_header(kind, timestamp, body_len));
    }

    fn finish(&mut self, body_len: usize, next: u64) {
        if self.wire != Wire::Rtmp {
            self.scratch.extend_from_slice(&flv::previous_tag_size(body_len));
            self.seal();
        }
        self.items.push(Item { bytes: self.bytes, next });
    }

    /// Makes a piece of what was added to the scratch buffer; pieces that touch become one.
    fn seal(&mut self) {
        let end = self.scratch.len();
        let start = self.sealed;
        self.bytes += end - start;
        self.sealed = end;
        if let Some(Piece::Scratch(last)) = self.pieces.last_mut() {
            last.end = end;
        } else {
            self.pieces.push(Piece::Scratch(start..end));
        }
    }

    fn bytes_of<'b>(&'b self, piece: &'b Piece<'a>) -> &'b [u8] {
        match piece {
            Piece::Scratch(range) => &self.scratch[range.clone()],
            Piece::Body(body) => body,
        }
    }
}

fn media_kind(kind: Kind) -> MediaKind {
    match kind {
        Kind::Video => MediaKind::Video,
        Kind::Audio => MediaKind::Audio,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::{AudioInfo, CodecConfig, Timestamp, Track, TrackId, VideoInfo};
    use proptest::prelude::*;

    fn tracks() -> TrackSet {
        let h264 =
            CodecConfig::H264 { record: Bytes::from_static(b"avcC"), info: VideoInfo::default() };
        let aac = CodecConfig::Aac {
            record: Bytes::from_static(b"\x12\x10"),
            info: AudioInfo::default(),
        };
        let video = Track { id: TrackId::video(0), config: h264 };
        let audio = Track { id: TrackId::audio(0), config: aac };
        TrackSet { tracks: vec![video, audio], discontinuity: 0 }
    }

    fn frames(lengths: &[usize]) -> Vec<Frame> {
        let frame = |(index, &len): (usize, &usize)| {
            let dts = Timestamp::from_millis(index as i64 * 20);
            let track = if index % 3 == 0 { TrackId::video(0) } else { TrackId::audio(0) };
            Frame {
                track,
                dts,
                pts: dts,
                keyframe: true,
                data: Bytes::from(vec![index as u8; len]),
            }
        };
        lengths.iter().enumerate().map(frame).collect()
    }

    fn whole(batch: &Batch<'_>) -> Vec<u8> {
        batch.slices().iter().flat_map(|slice| slice.to_vec()).collect()
    }

    proptest! {
        #[test]
        fn a_batch_cut_anywhere_goes_on_with_the_rest_of_one_message(
            lengths in prop::collection::vec(0_usize..200, 1..20),
            wire in prop::sample::select(vec![Wire::Rtmp, Wire::Flv, Wire::WsFlv]),
            cut in any::<prop::sample::Index>(),
        ) {
            let (tracks, frames) = (tracks(), frames(&lengths));
            let mut batch = Batch::new(wire, Vec::new());
            batch.start(&tracks, None, 0, 100);
            for (index, frame) in frames.iter().enumerate() {
                batch.frame(frame, &tracks, 101 + index as u64);
            }
            let bytes = whole(&batch);
            prop_assert_eq!(bytes.len(), batch.len());
            let sent = cut.index(bytes.len() + 1);
            let (rest, next) = batch.split(sent, 100);
            let rest: Vec<u8> = rest.iter().flat_map(|piece| piece.to_vec()).collect();
            prop_assert_eq!(&bytes[sent..sent + rest.len()], &rest[..]);
            // A batch of what follows is exactly what is missing.
            let mut after = Batch::new(wire, Vec::new());
            if sent == 0 {
                after.start(&tracks, None, 0, 100);
            }
            for (index, frame) in frames.iter().enumerate().filter(|(index, _)| 101 + *index as u64 > next) {
                after.frame(frame, &tracks, 101 + index as u64);
            }
            let head = sent + rest.len();
            prop_assert_eq!(&bytes[head..], &whole(&after)[..]);
        }
    }

    #[test]
    fn tracks_that_the_protocol_does_not_know_are_left_out() {
        let mut tracks = tracks();
        tracks.tracks[1].id = TrackId::audio(1);
        let mut frame = frames(&[10])[0].clone();
        frame.track = TrackId::audio(1);
        let mut batch = Batch::new(Wire::Flv, Vec::new());
        batch.frame(&frame, &tracks, 1);
        assert_eq!(batch.len(), 0);
    }
}
