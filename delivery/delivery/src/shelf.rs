//! What is packaged of one stream, as one shard knows it: playlists, and the memory files that hold
//! the parts. The same type serves the home shard and the copies on others.

use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use hls::{Event, Presentation, Range};
use media::TrackId;
use shard::MemView;
use stream::control::StreamId;
use stream::{Session, Signal, StreamStats};

use crate::Context;
use crate::audience::Audience;

/// Playlists and files of one stream.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// The session that it is of.
    session: u32,
    stats: Arc<StreamStats>,
    inner: RefCell<Inner>,
    signal: Signal,
    over: Cell<bool>,
    /// Rendered playlists with the version that they show.
    rendered: RefCell<HashMap<(TrackId, bool), (u64, Bytes)>>,
    audience: RefCell<Option<Rc<Audience>>>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    presentation: Presentation,
    files: BTreeMap<TrackId, MemView>,
}

/// A change of a shelf, on its way to another shard.
#[derive(Clone, Debug)]
pub enum Update {
    /// Everything: replaces what the copy holds.
    #[doc(hidden)]
    Snapshot(Box<Snapshot>),
    /// What the packager told, its bytes already in the files.
    Events(Vec<Event<Range>>),
    /// A rendition's file was opened.
    File(TrackId, MemView),
}

/// A whole shelf.
#[derive(Clone, Debug)]
pub struct Snapshot {
    inner: Inner,
}

impl Shelf {
    /// An empty shelf of a session.
    pub(crate) fn new(session: u32, stats: Arc<StreamStats>) -> Self {
        Self {
            session,
            stats,
            inner: RefCell::default(),
            signal: Signal::default(),
            over: Cell::new(false),
            rendered: RefCell::default(),
            audience: RefCell::default(),
        }
    }

    /// The session that it is of.
    pub(crate) fn session(&self) -> u32 {
        self.session
    }

    /// The stream's counters.
    pub(crate) fn stats(&self) -> &StreamStats {
        &self.stats
    }

    /// Takes a change in and wakes who waits.
    pub(crate) fn apply(&self, update: Update) {
        {
            let mut inner = self.inner.borrow_mut();
            match update {
                Update::Snapshot(snapshot) => *inner = snapshot.inner,
                Update::Events(events) => {
                    for event in &events {
                        inner.presentation.apply(event);
                    }
                }
                Update::File(track, view) => {
                    inner.files.insert(track, view);
                }
            }
        }
        self.signal.raise();
    }

    /// The playlists. The borrow must not be held over an await.
    pub(crate) fn presentation(&self) -> Ref<'_, Presentation> {
        Ref::map(self.inner.borrow(), |inner| &inner.presentation)
    }

    /// A rendition's playlist, rendered once for all who ask for this version of it.
    pub(crate) fn media_playlist(&self, track: TrackId, skip: bool) -> Option<Bytes> {
        let presentation = self.presentation();
        let version = presentation.version();
        let mut rendered = self.rendered.borrow_mut();
        if let Some((known, playlist)) = rendered.get(&(track, skip))
            && *known == version
        {
            return Some(playlist.clone());
        }
        let playlist = Bytes::from(presentation.media(track, skip)?);
        rendered.insert((track, skip), (version, playlist.clone()));
        Some(playlist)
    }

    /// Who asks for the playlists, while the stream is live.
    pub(crate) fn audience(&self, context: &Rc<Context>, id: &StreamId) -> Option<Rc<Audience>> {
        let mut audience = self.audience.borrow_mut();
        if audience.is_none() {
            *audience = Audience::start(context, id);
        }
        audience.clone()
    }

    /// Who asked for the playlists by way of this shard, at most `limit`.
    pub(crate) fn sessions(&self, limit: usize) -> Vec<Session> {
        self.audience.borrow().as_ref().map_or_else(Vec::new, |audience| audience.sessions(limit))
    }

    /// Lets the playlists forget what has expired, and returns the ranges.
    pub(crate) fn expire(&self, wall_ms: i64) -> Vec<hls::Expired> {
        self.inner.borrow_mut().presentation.expired(wall_ms)
    }

    /// What the streamer should change about how the stream is cut into groups.
    pub(crate) fn advice(&self) -> Option<String> {
        (!self.presentation().is_independent()).then(|| {
            "Key frames are further apart than a segment may be long, so players start and switch \
             slowly. In OBS set Output > Keyframe Interval to 2 s; with ffmpeg add -g 60 (twice the \
             frame rate)."
                .to_owned()
        })
    }

    /// A rendition's file.
    pub(crate) fn file(&self, track: TrackId) -> Option<MemView> {
        self.inner.borrow().files.get(&track).cloned()
    }

    /// Raised with every change.
    pub(crate) fn signal(&self) -> &Signal {
        &self.signal
    }

    /// Nothing more will come, and nothing is to be served: who waits gives up.
    pub(crate) fn close(&self) {
        self.over.set(true);
        self.audience.take();
        self.signal.raise();
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.over.get()
    }

    /// Everything, for a new copy.
    pub(crate) fn snapshot(&self) -> Update {
        Update::Snapshot(Box::new(Snapshot { inner: self.inner.borrow().clone() }))
    }
}
