use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use media::Entry;

use crate::control::{StopReason, StreamId};
use crate::{Limits, Log, Signal, StreamStats};

/// A live stream on one shard: its log, and the signal that it grew.
///
/// On the home shard a [`Publisher`] writes it; on other shards the relay does. Readers hold cursors.
#[derive(Debug)]
pub struct Stream {
    id: StreamId,
    log: RefCell<Log>,
    signal: Signal,
    ended: Cell<bool>,
    published: Cell<bool>,
    stats: Arc<StreamStats>,
}

impl Stream {
    /// An empty stream.
    pub fn new(id: StreamId, limits: Limits, stats: Arc<StreamStats>) -> Rc<Self> {
        Rc::new(Self {
            id,
            log: RefCell::new(Log::new(limits)),
            signal: Signal::default(),
            ended: Cell::new(false),
            published: Cell::new(true),
            stats,
        })
    }

    /// The stream's public id.
    pub fn id(&self) -> &StreamId {
        &self.id
    }

    /// The log. The borrow must not be held over an await.
    pub fn log(&self) -> Ref<'_, Log> {
        self.log.borrow()
    }

    /// Raised after entries were appended and when the stream ends.
    pub fn signal(&self) -> &Signal {
        &self.signal
    }

    /// The counters, shared by all shards.
    pub fn stats(&self) -> &Arc<StreamStats> {
        &self.stats
    }

    /// Appends entries without waking readers; [`Stream::flush`] does that once per batch.
    pub fn push(&self, entry: Entry) {
        self.log.borrow_mut().push(entry);
    }

    /// Wakes the readers.
    pub fn flush(&self) {
        self.log.borrow_mut().settle();
        self.signal.raise();
    }

    /// Notes whether a publisher writes now, and wakes the readers.
    pub fn set_published(&self, published: bool) {
        self.published.set(published);
        self.signal.raise();
    }

    /// Whether a publisher writes now; between two publishers the stream waits for the second.
    pub fn is_published(&self) -> bool {
        self.published.get()
    }

    /// The session is over: readers finish what they have and leave.
    pub fn end(&self) {
        self.ended.set(true);
        self.signal.raise();
    }

    /// Whether the session is over.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }
}

/// The one write handle of a stream; a newer publisher revokes it.
#[derive(Debug)]
pub struct Publisher {
    stream: Rc<Stream>,
    revoked: Rc<Cell<Option<StopReason>>>,
}

impl Publisher {
    /// A write handle, and where its owner says why it takes it back.
    pub fn new(stream: Rc<Stream>) -> (Self, Rc<Cell<Option<StopReason>>>) {
        let revoked = Rc::new(Cell::new(None));
        (Self { stream, revoked: Rc::clone(&revoked) }, revoked)
    }

    /// Appends an entry, unless the handle was revoked.
    pub fn push(&self, entry: Entry) {
        if self.revoked.get().is_none() {
            self.stream.push(entry);
        }
    }

    /// Wakes the readers once for all that was pushed.
    pub fn flush(&self) {
        self.stream.flush();
    }

    /// Whether another publisher has taken over or the stream was stopped.
    pub fn is_revoked(&self) -> bool {
        self.revoked.get().is_some()
    }

    /// Why it may write no more, if so.
    pub fn revoked(&self) -> Option<StopReason> {
        self.revoked.get()
    }

    /// The stream that is written.
    pub fn stream(&self) -> &Rc<Stream> {
        &self.stream
    }
}
