use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use media::{TrackId, TrackSet};
use stream::control::StopReason;
use stream::{Meter, Publishing, Session, SessionId, Side, Stream, Timeline};

/// A live stream at home: its log and what outlasts a publisher that comes back.
pub struct Source {
    /// The log that the publisher writes.
    pub stream: Rc<Stream>,
    /// Its title.
    pub title: Arc<str>,
    /// The session that is live.
    pub session: u32,
    /// The first media sequence number of the session.
    pub first_msn: u64,
    pub(crate) is_absent: Cell<bool>,
    pub(crate) state: RefCell<State>,
    pub(crate) meter: RefCell<Meter>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) timeline: Timeline,
    pub(crate) tracks: TrackSet,
    /// Bytes of a NAL unit's length in the publisher's frames, of the tracks where it is not 4.
    length_sizes: Vec<(TrackId, u8)>,
    /// Whether a frame has followed the current tracks, so that another configuration interrupts.
    pub(crate) started: bool,
    pub(crate) active: Option<Active>,
    /// When the last publisher left (monotonic ms).
    pub(crate) left_ms: u64,
}

impl State {
    pub(crate) fn length_size(&self, track: TrackId) -> u8 {
        let known = self.length_sizes.iter().find(|(id, _)| *id == track);
        known.map_or(4, |(_, size)| *size)
    }

    pub(crate) fn set_length_size(&mut self, track: TrackId, size: u8) {
        self.length_sizes.retain(|(id, _)| *id != track);
        if size != 4 && self.length_sizes.len() < TrackSet::MAX_TRACKS {
            self.length_sizes.push((track, size));
        }
    }
}

/// The publisher that has the stream now.
pub(crate) struct Active {
    pub(crate) revoked: Rc<Cell<Option<StopReason>>>,
    /// When its last media came (monotonic ms).
    pub(crate) last_media_ms: Rc<Cell<u64>>,
    /// Bytes of media that the stream had got before.
    pub(crate) bytes_before: u64,
    pub(crate) visitor: Visitor,
}

/// A publisher, as its connection knows it.
pub struct Visitor {
    /// Names the session.
    pub id: SessionId,
    /// Where it comes from, and since when.
    pub publishing: Publishing,
    /// How its program presents itself.
    pub agent: Option<Arc<str>>,
    /// Ends its connection.
    pub close: Box<dyn Fn()>,
}

impl Source {
    /// Whether a publisher is connected.
    pub fn is_publishing(&self) -> bool {
        self.state.borrow().active.is_some()
    }

    pub(crate) fn absence(&self, now_ms: u64, patience_ms: u64) -> Option<bool> {
        let state = self.state.borrow();
        let is_absent = state
            .active
            .as_ref()
            .is_none_or(|active| now_ms.saturating_sub(active.last_media_ms.get()) >= patience_ms);
        (self.is_absent.replace(is_absent) != is_absent).then_some(is_absent)
    }

    /// The publisher that is connected.
    pub fn publisher(&self) -> Option<Publishing> {
        self.state.borrow().active.as_ref().map(|active| active.visitor.publishing)
    }

    /// The publisher that is connected, as a session.
    pub fn publisher_session(&self) -> Option<Session> {
        let state = self.state.borrow();
        let active = state.active.as_ref()?;
        let Visitor { id, publishing, agent, .. } = &active.visitor;
        Some(Session {
            id: *id,
            side: Side::Publisher,
            protocol: publishing.protocol,
            address: publishing.peer.ip(),
            since_ms: publishing.since_ms,
            agent: agent.clone(),
            bytes: Some(self.stream.stats().bytes_in.load(Relaxed) - active.bytes_before),
            skips: 0,
        })
    }

    /// Takes the stream away from its publisher and ends that connection.
    pub(crate) fn revoke(&self, now_ms: u64, reason: StopReason) {
        let mut state = self.state.borrow_mut();
        state.left_ms = now_ms;
        if let Some(active) = state.active.take() {
            active.revoked.set(Some(reason));
            (active.visitor.close)();
        }
    }

    /// Measures what came since the last time.
    pub(crate) fn measure(&self, now_ms: u64) {
        let stats = self.stream.stats();
        self.meter.borrow_mut().measure(now_ms, &self.stream.log(), &stats.measured);
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("stream", self.stream.id())
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
