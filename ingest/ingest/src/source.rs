use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use media::{TrackId, TrackSet};
use stream::{Stream, Timeline};

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
    pub(crate) state: RefCell<State>,
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
    pub(crate) revoked: Rc<Cell<bool>>,
    /// When its last media came (monotonic ms).
    pub(crate) last_media_ms: Rc<Cell<u64>>,
    /// Ends its connection.
    pub(crate) close: Box<dyn Fn()>,
}

impl Source {
    /// Whether a publisher is connected.
    pub fn is_publishing(&self) -> bool {
        self.state.borrow().active.is_some()
    }

    /// Takes the stream away from its publisher and ends that connection.
    pub(crate) fn revoke(&self, now_ms: u64) {
        let mut state = self.state.borrow_mut();
        state.left_ms = now_ms;
        if let Some(active) = state.active.take() {
            active.revoked.set(true);
            (active.close)();
        }
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
