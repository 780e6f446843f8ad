//! The keys that were accepted of late: they may publish again while the database is away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use store::OpenedSession;
use stream::control::StreamId;

/// Streams whose key is remembered; of more the one is forgotten that was published the longest ago.
pub(super) const MAX_KNOWN: usize = 20_000;
/// How long an accepted key is remembered.
const KEPT: Duration = Duration::from_hours(24);

/// The right to publish a stream, as the database told it.
#[derive(Clone, Debug)]
pub(super) struct Right {
    pub(super) stream: StreamId,
    /// The key's hash, by [`store::Store::key_hash`].
    pub(super) key: String,
    pub(super) owner: i64,
    pub(super) title: Arc<str>,
    /// Administrators are free of limits.
    pub(super) is_admin: bool,
    pub(super) max_viewers: u32,
    /// It is what was remembered, for the database is away.
    pub(super) is_recalled: bool,
}

/// What is remembered, never more than [`MAX_KNOWN`] streams. A stream has one key at a time.
#[derive(Debug, Default)]
pub(super) struct KnownKeys {
    streams: HashMap<StreamId, Known>,
    /// The stream of each key that may still publish.
    keys: HashMap<String, StreamId>,
}

#[derive(Debug)]
struct Known {
    right: Right,
    /// The highest that were given out or used.
    numbers: OpenedSession,
    accepted: Instant,
}

impl KnownKeys {
    /// The database accepted the key.
    pub(super) fn accept(&mut self, right: &Right, now: Instant) {
        let numbers = self.numbers(&right.stream).unwrap_or_default();
        self.forget(&right.stream);
        if self.streams.len() >= MAX_KNOWN && !self.streams.contains_key(&right.stream) {
            self.make_room(now);
        }
        self.keys.insert(right.key.clone(), right.stream.clone());
        let known = Known { right: right.clone(), numbers, accepted: now };
        self.streams.insert(right.stream.clone(), known);
    }

    /// The right of a key that was accepted within the last 24 hours and did not end since.
    pub(super) fn recall(&self, key: &str, now: Instant) -> Option<Right> {
        let known = self.streams.get(self.keys.get(key)?)?;
        let is_fresh = now.saturating_duration_since(known.accepted) < KEPT;
        is_fresh.then(|| Right { is_recalled: true, ..known.right.clone() })
    }

    /// The highest numbers of the stream, if it is known.
    pub(super) fn numbers(&self, stream: &StreamId) -> Option<OpenedSession> {
        self.streams.get(stream).map(|known| known.numbers)
    }

    /// These numbers were given out or used.
    pub(super) fn used(&mut self, stream: &StreamId, session: u32, msn: u64) {
        if let Some(Known { numbers, .. }) = self.streams.get_mut(stream) {
            numbers.session = numbers.session.max(session);
            numbers.first_msn = numbers.first_msn.max(msn);
        }
    }

    /// Another limit of viewers.
    pub(super) fn limit(&mut self, stream: &StreamId, max_viewers: u32) {
        if let Some(known) = self.streams.get_mut(stream) {
            known.right.max_viewers = max_viewers;
        }
    }

    /// The stream's key may no longer publish. Its numbers stay known.
    pub(super) fn forget(&mut self, stream: &StreamId) {
        if let Some(known) = self.streams.get(stream) {
            self.keys.remove(&known.right.key);
        }
    }

    /// This key may no longer publish.
    pub(super) fn forget_key(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// Keys of this owner's streams may no longer publish.
    pub(super) fn forget_owner(&mut self, owner: i64) {
        let streams = &self.streams;
        let is_owners = |known: &Known| known.right.owner == owner;
        self.keys.retain(|_, stream| !streams.get(stream).is_some_and(is_owners));
    }

    /// The rights that may still publish.
    pub(super) fn rights(&self) -> impl Iterator<Item = &Right> {
        self.keys.values().filter_map(|stream| self.streams.get(stream)).map(|known| &known.right)
    }

    fn make_room(&mut self, now: Instant) {
        let is_old = |known: &Known| now.saturating_duration_since(known.accepted) >= KEPT;
        self.streams.retain(|_, known| !is_old(known));
        if self.streams.len() >= MAX_KNOWN
            && let Some(oldest) = self.streams.values().min_by_key(|known| known.accepted)
        {
            let stream = oldest.right.stream.clone();
            self.streams.remove(&stream);
        }
        let streams = &self.streams;
        self.keys.retain(|_, stream| streams.contains_key(stream));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(name: &str, key: &str) -> Right {
        Right {
            stream: StreamId::parse(name).unwrap(),
            key: key.into(),
            owner: 1,
            title: "T".into(),
            is_admin: false,
            max_viewers: 0,
            is_recalled: false,
        }
    }

    #[test]
    fn a_key_is_known_for_a_day_and_until_its_right_ends() {
        let now = Instant::now();
        let mut known = KnownKeys::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| right(name, name));
        for right in [&a, &b, &c] {
            known.accept(right, now);
        }
        assert!(known.recall("a", now + KEPT.mul_f32(0.99)).is_some());
        assert!(known.recall("a", now + KEPT).is_none() && known.recall("no", now).is_none());
        known.forget(&a.stream);
        known.forget_key("b");
        assert!(known.recall("a", now).is_none() && known.recall("b", now).is_none());
        assert_eq!(known.rights().count(), 1);
        known.forget_owner(1);
        assert!(known.recall("c", now).is_none());
        known.accept(&a, now);
        assert!(known.recall("a", now).is_some());
    }

    #[test]
    fn a_new_key_takes_the_place_of_the_old_one_and_the_numbers_stay() {
        let now = Instant::now();
        let mut known = KnownKeys::default();
        let old = right("a", "old");
        known.accept(&old, now);
        known.used(&old.stream, 5, 70);
        known.used(&old.stream, 4, 60);
        known.accept(&right("a", "new"), now);
        assert!(known.recall("old", now).is_none() && known.recall("new", now).is_some());
        let numbers = OpenedSession { session: 5, first_msn: 70 };
        assert_eq!(known.numbers(&old.stream), Some(numbers));
    }

    #[test]
    fn one_more_than_can_be_kept_costs_the_oldest() {
        let start = Instant::now();
        let mut known = KnownKeys::default();
        for number in 0..=MAX_KNOWN {
            let name = number.to_string();
            known.accept(&right(&name, &name), start + Duration::from_millis(number as u64));
        }
        assert_eq!((known.streams.len(), known.keys.len()), (MAX_KNOWN, MAX_KNOWN));
        assert!(known.recall("0", start).is_none() && known.recall("1", start).is_some());
        known.accept(&right("late", "late"), start + KEPT * 2);
        assert_eq!((known.streams.len(), known.keys.len()), (1, 1));
    }
}
