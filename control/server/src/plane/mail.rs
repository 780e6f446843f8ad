use std::sync::Arc;

use delivery::Letter;
use rtmp::server::{RequestId, ServerSession};
use shard::{Asked, Handoff, Mailbox};
use stream::control::{Answer, Command, Grant, Notice, Question, StreamId};
use stream::{Listing, Session, SessionId};

use super::state::Settings;
use super::throttle::Place;

/// What a shard gets by mail, from other shards and from control.
pub(crate) enum Mail {
    /// A publisher whose stream's home is here; the socket comes along.
    Publish(Box<Publish>),
    /// From another shard's viewers' side.
    Delivery(Letter),
    /// A stream is live on some shard, or something that pages tell of it changed.
    Listed(Box<Listing>),
    /// A stream's session is over.
    Unlisted(StreamId, u32),
    /// Control's answer to a question of this shard.
    Answer(Asked, Answer),
    /// Control's order.
    Command(Command),
    /// Control asks who publishes and watches a stream here.
    Sessions { stream: StreamId, limit: usize, answer: Mailbox<Vec<Session>> },
    /// Control ends a session; the answer is whether it was here.
    Cut { stream: StreamId, session: SessionId, answer: Mailbox<bool> },
    /// Other settings are in force.
    Configure(Arc<Settings>),
    /// The server ends: no new connections, publishers are cut, viewers finish.
    Drain,
    /// The server ends now.
    Stop,
}

/// A publisher on its way to its stream's home shard.
pub(crate) struct Publish {
    pub(crate) socket: Handoff,
    pub(crate) session: ServerSession,
    pub(crate) request: RequestId,
    pub(crate) grant: Grant,
    /// How the publisher's program presents itself.
    pub(crate) agent: Option<Arc<str>>,
    /// Counts the connection for its address.
    pub(crate) place: Place,
}

/// A question to control.
pub(crate) struct Ask {
    pub(crate) shard: usize,
    pub(crate) asked: Asked,
    pub(crate) question: Question,
}

/// Something that control is told.
pub(crate) enum Tell {
    /// Of a stream's life.
    Notice(usize, Notice),
    /// A stream's counters, for statistics.
    Listed(Box<Listing>),
    /// They are of no more use.
    Unlisted(StreamId, u32),
    /// A shard has ended all sessions that it was told to end.
    Drained,
}

/// Control's letter boxes, as a shard sees them.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) asks: Mailbox<Ask>,
    pub(crate) tells: Mailbox<Tell>,
}

impl Desk {
    /// Tells control something; a full box is logged, for control is then far behind.
    pub(crate) fn tell(&self, tell: Tell) {
        if self.tells.post(tell).is_err() {
            tracing::error!("control does not keep up: a notice of a shard is lost");
        }
    }
}
