//! Who watches by way of this shard, for control; and how a viewer is sent away.

use stream::control::StreamId;
use stream::{Session, SessionId};

use crate::Context;

impl Context {
    /// The viewers of a stream that this shard serves, at most `limit`: those with a connection of their
    /// own, and those by HLS that asked here for a playlist of late.
    pub fn sessions(&self, id: &StreamId, limit: usize) -> Vec<Session> {
        let players = self.players.borrow().get(id).cloned();
        let mut all = players.map_or_else(Vec::new, |players| players.sessions(limit));
        if let Some(shelf) = self.shelves.borrow().get(id) {
            all.extend(shelf.sessions(limit - all.len()));
        }
        all
    }

    /// Sends a viewer of this shard away, told why in its protocol's words where there are any. Whether
    /// it was there.
    pub fn cut(&self, id: &StreamId, session: SessionId) -> bool {
        let players = self.players.borrow().get(id).cloned();
        players.is_some_and(|players| players.cut(session))
    }
}
