//! Who publishes and watches by way of this shard, for control.

use stream::control::StreamId;
use stream::{Session, SessionId};

use super::state::Plane;

impl Plane {
    /// The sessions of a stream on this shard, at most `limit`, the publisher first.
    pub(crate) fn sessions(&self, stream: &StreamId, limit: usize) -> Vec<Session> {
        let sources = self.sources.borrow();
        let publisher = sources.get(stream).and_then(|source| source.publisher_session());
        let mut all: Vec<Session> = publisher.into_iter().take(limit).collect();
        all.extend(self.delivery.sessions(stream, limit - all.len()));
        all
    }

    /// Ends a session of a stream on this shard; whether it was there.
    pub(crate) fn cut(&self, stream: &StreamId, session: SessionId) -> bool {
        let cut = self.sources.borrow().cut(stream, session, shard::millis())
            || self.delivery.cut(stream, session);
        if cut {
            tracing::info!(target: "session", %stream, %session, "cut by order");
        }
        cut
    }
}
