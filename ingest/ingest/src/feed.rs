use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use media::codec::{self, AccessUnit, Codec, nal};
use media::flv::{self, CodedFrame, Message};
use media::{Entry, Frame, Kind, Timestamp, Track, TrackId, TrackSet};
use stream::Publisher;
use stream::control::StopReason;

use crate::Counters;
use crate::source::{Source, State};
use crate::sources::Admitted;

/// A media message that cannot be used; the publish goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The message cannot be read.
    #[error(transparent)]
    Flv(#[from] flv::Error),
    /// The coded frame is not what its codec says.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// A frame came before its codec's configuration.
    #[error("a frame of a track came before the track's codec configuration")]
    NoConfig,
    /// More tracks than a stream may have.
    #[error("more than {} tracks", TrackSet::MAX_TRACKS)]
    TooManyTracks,
}

/// One publisher's media on its way into the stream: FLV messages in, entries on the stream's
/// timeline out.
#[derive(Debug)]
pub struct Feed {
    publisher: Publisher,
    source: Rc<Source>,
    counters: Arc<Counters>,
    last_media_ms: Rc<Cell<u64>>,
    messages: Vec<Message>,
}

impl Feed {
    /// The feed of a publisher that was let in.
    pub fn new(admitted: Admitted, counters: Arc<Counters>) -> Self {
        counters.publishers.fetch_add(1, Relaxed);
        Self {
            publisher: admitted.publisher,
            source: admitted.source,
            counters,
            last_media_ms: admitted.last_media_ms,
            messages: Vec::new(),
        }
    }

    /// Takes the body of an RTMP audio or video message.
    pub fn media(
        &mut self,
        now_ms: u64,
        kind: Kind,
        timestamp_ms: i64,
        body: &Bytes,
    ) -> Result<(), FeedError> {
        if self.publisher.is_revoked() {
            // What was on its way is nobody's: the stream's state is the next publisher's.
            return Ok(());
        }
        self.last_media_ms.set(now_ms);
        self.counters.bytes_in.fetch_add(body.len() as u64, Relaxed);
        let stats = self.source.stream.stats();
        stats.bytes_in.fetch_add(body.len() as u64, Relaxed);
        stats.last_media_ms.store(now_ms, Relaxed);
        let mut messages = std::mem::take(&mut self.messages);
        let mut result = match kind {
            Kind::Video => flv::parse_video(body, &mut messages),
            Kind::Audio => flv::parse_audio(body, &mut messages),
        }
        .map_err(FeedError::from);
        for message in messages.drain(..) {
            let taken = self.take(now_ms, Timestamp::from_millis(timestamp_ms), message);
            result = result.and(taken);
        }
        self.messages = messages;
        if result.is_err() {
            self.counters.unreadable.fetch_add(1, Relaxed);
        }
        result
    }

    /// Takes the body of a data message; only `onMetaData` is kept.
    pub fn data(&mut self, body: &[u8]) {
        match media::metadata::parse(body) {
            Ok(Some(told)) => self.publisher.push(Entry::Metadata(Arc::new(told.metadata))),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "unreadable metadata"),
        }
    }

    /// Wakes the stream's readers, once for a batch of messages.
    pub fn flush(&self) {
        self.publisher.flush();
    }

    /// Whether another publisher has the stream now, or it was stopped.
    pub fn is_revoked(&self) -> bool {
        self.publisher.is_revoked()
    }

    /// Why it has the stream no more, if so.
    pub fn revoked(&self) -> Option<StopReason> {
        self.publisher.revoked()
    }

    fn take(&self, now_ms: u64, dts: Timestamp, message: Message) -> Result<(), FeedError> {
        match message {
            Message::Config { track, length_size } => {
                configure(&mut self.source.state.borrow_mut(), track, length_size)
            }
            Message::Frame(frame) => self.frame(now_ms, dts, &frame),
            Message::EndOfSequence(_) | Message::Ignored(_) => Ok(()),
        }
    }

    fn frame(&self, now_ms: u64, dts: Timestamp, frame: &CodedFrame) -> Result<(), FeedError> {
        let source = Rc::clone(&self.source);
        let mut state = source.state.borrow_mut();
        let data = match frame.codec {
            Codec::H264 | Codec::Hevc => {
                nal::to_length_prefixed(&frame.data, state.length_size(frame.track))?
            }
            _ => frame.data.clone(),
        };
        if frame.keyframe {
            let current = state.tracks.get(frame.track).map(|track| &track.config);
            if let Some(config) = codec::in_band(frame.codec, current, &data)? {
                configure(&mut state, Track { id: frame.track, config }, 4)?;
            }
        }
        if state.tracks.get(frame.track).is_none() {
            return Err(FeedError::NoConfig);
        }
        let dts = dts + Timestamp::from_scale(i64::from(frame.nano_offset), 1_000_000_000);
        let placed = state.timeline.place(now_ms, frame.track, dts);
        if placed.jumped {
            state.tracks.discontinuity += 1;
            state.started = false;
            source.stream.stats().interruptions.fetch_add(1, Relaxed);
        }
        if !std::mem::replace(&mut state.started, true) {
            self.publisher.push(Entry::Tracks(Arc::new(state.tracks.clone())));
        }
        if frame.track == TrackId::video(0) {
            source.stream.stats().video_frames.fetch_add(1, Relaxed);
        }
        self.counters.frames.fetch_add(1, Relaxed);
        self.publisher.push(Entry::Frame(Frame {
            track: frame.track,
            dts: placed.dts,
            pts: placed.dts + frame.composition.max(Timestamp::ZERO),
            keyframe: is_random_access(frame, &data),
            data,
        }));
        Ok(())
    }
}

/// Whether decoding may start at a frame: what is in it decides where that can be told, else what the
/// publisher says of it.
fn is_random_access(frame: &CodedFrame, data: &[u8]) -> bool {
    if frame.track.kind == Kind::Audio {
        return true;
    }
    match frame.codec {
        Codec::H264 | Codec::Hevc if frame.keyframe => {
            AccessUnit::of(frame.codec, data).is_none_or(|unit| unit.random_access)
        }
        _ => frame.keyframe,
    }
}

/// Takes a codec configuration. The new set is told before the next frame, so that the configurations
/// of picture and sound, which come one after the other, are one change.
fn configure(state: &mut State, track: Track, length_size: u8) -> Result<(), FeedError> {
    let started = state.started;
    state.set_length_size(track.id, length_size);
    let tracks = &mut state.tracks.tracks;
    match tracks.iter().position(|known| known.id == track.id) {
        Some(known) if tracks[known] == track => return Ok(()),
        Some(known) => {
            tracks[known] = track;
            if started {
                state.tracks.discontinuity += 1;
            }
        }
        None if tracks.len() >= TrackSet::MAX_TRACKS => return Err(FeedError::TooManyTracks),
        None => {
            tracks.push(track);
            tracks.sort_by_key(|track| track.id);
        }
    }
    state.started = false;
    Ok(())
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.counters.publishers.fetch_sub(1, Relaxed);
        if !self.publisher.is_revoked() {
            let mut state = self.source.state.borrow_mut();
            state.active = None;
            state.left_ms = shard::millis();
            drop(state);
            self.source.stream.set_published(false);
        }
    }
}
