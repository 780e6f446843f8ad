use std::collections::HashMap;

use crate::keys::MAX_NAME;

/// Streams that one node registers; above, they are live but other nodes do not find them.
pub(crate) const MAX_HELD: usize = 8192;

/// The streams of this node, with their sessions.
#[derive(Debug, Default)]
pub(crate) struct Holdings(HashMap<String, u32>);

impl Holdings {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn session(&self, stream: &str) -> Option<u32> {
        self.0.get(stream).copied()
    }

    /// Drops a session that is older than `session`. Whether there was one.
    pub(crate) fn lose(&mut self, stream: &str, session: u32) -> bool {
        let older = self.session(stream).is_some_and(|ours| ours < session);
        older && self.0.remove(stream).is_some()
    }

    /// Drops exactly this session. Whether it was there.
    pub(crate) fn release(&mut self, stream: &str, session: u32) -> bool {
        self.session(stream) == Some(session) && self.0.remove(stream).is_some()
    }

    pub(crate) fn release_all(&mut self) -> Vec<(String, u32)> {
        self.0.drain().collect()
    }

    pub(crate) fn all(&self) -> Vec<(String, u32)> {
        self.0.iter().map(|(stream, session)| (stream.clone(), *session)).collect()
    }

    pub(crate) fn has_room_for(&self, stream: &str) -> bool {
        stream.len() <= MAX_NAME && (self.0.len() < MAX_HELD || self.0.contains_key(stream))
    }

    pub(crate) fn add(&mut self, stream: &str, session: u32) {
        let held = self.0.entry(stream.to_owned()).or_insert(session);
        *held = session.max(*held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_older_session_is_lost_and_only_the_same_one_released() {
        let mut held = Holdings::default();
        held.add("a", 5);
        assert!(!held.lose("a", 5) && !held.lose("a", 4) && !held.lose("b", 9));
        assert!(!held.release("a", 4) && !held.release("a", 6));
        held.add("a", 3);
        assert_eq!(held.session("a"), Some(5), "it only rises");
        assert!(held.lose("a", 6) && !held.lose("a", 6));
        held.add("a", 7);
        assert!(held.release("a", 7));
        assert_eq!(held.len(), 0);
    }

    #[test]
    fn a_full_node_takes_new_sessions_of_its_streams_only() {
        let mut held = Holdings::default();
        for stream in 0..MAX_HELD {
            held.add(&stream.to_string(), 1);
        }
        assert!(held.has_room_for("0") && !held.has_room_for("new"));
        held.release("0", 1);
        assert!(held.has_room_for("new") && !held.has_room_for(&"n".repeat(MAX_NAME + 1)));
    }
}
