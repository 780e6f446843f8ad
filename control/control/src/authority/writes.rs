//! What the database is to be told once it is back, in the order in which it happened. All of it can be
//! written again without effect, so a write of unknown outcome is simply made once more.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::{OpenedSession, SessionStart, Store, UtcTime};
use stream::control::StreamId;

/// Writes that wait. While that many do, no publish is granted, and what else happens is logged only.
pub(super) const MAX_WAITING: usize = 10_000;
/// How often a write is tried that the database refuses though it is there.
const TRIES: u32 = 30;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// Numbers that were given out.
    Numbers { stream: StreamId, used: OpenedSession },
    /// A session began.
    Started { stream: StreamId, session: u32, at: UtcTime },
    /// A session ended.
    Ended { stream: StreamId, session: u32, last_msn: u64, at: UtcTime },
}

impl Write {
    pub(super) fn stream(&self) -> &StreamId {
        match self {
            Self::Numbers { stream, .. }
            | Self::Started { stream, .. }
            | Self::Ended { stream, .. } => stream,
        }
    }

    /// Makes it. The answer is a start's.
    pub(super) fn make(&self, store: &Store) -> store::Result<Option<SessionStart>> {
        match self {
            Self::Numbers { stream, used } => {
                store.session_numbers_used(stream.as_str(), *used)?;
                Ok(None)
            }
            Self::Started { stream, session, at } => {
                store.session_started(stream.as_str(), *session, *at).map(Some)
            }
            Self::Ended { stream, session, last_msn, at } => {
                store.session_ended(stream.as_str(), *session, *last_msn, *at)?;
                Ok(None)
            }
        }
    }

    /// Takes up `later`, if both are one fact.
    fn absorb(&mut self, later: &Self) -> bool {
        match (self, later) {
            (Self::Numbers { stream, used }, Self::Numbers { stream: other, used: newer }) => {
                let same = stream == other;
                if same {
                    used.session = used.session.max(newer.session);
                    used.first_msn = used.first_msn.max(newer.first_msn);
                }
                same
            }
            (
                Self::Started { stream, session, .. },
                Self::Started { stream: other, session: newer, .. },
            )
            | (
                Self::Ended { stream, session, .. },
                Self::Ended { stream: other, session: newer, .. },
            ) => stream == other && session == newer,
            _ => false,
        }
    }
}

/// The writes that wait.
#[derive(Debug, Default)]
pub(super) struct Writes(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    writes: VecDeque<Write>,
    /// How often the first was tried in vain while the database was there.
    tries: u32,
}

impl Writes {
    pub(super) fn len(&self) -> usize {
        self.lock().writes.len()
    }

    /// Whether something waits for this stream, so that what follows has to wait too.
    pub(super) fn has(&self, stream: &StreamId) -> bool {
        self.lock().writes.iter().any(|write| write.stream() == stream)
    }

    /// Adds one. False when there is no room.
    #[must_use]
    pub(super) fn add(&self, write: Write) -> bool {
        let mut queue = self.lock();
        if queue.writes.iter_mut().any(|waiting| waiting.absorb(&write)) {
            return true;
        }
        let has_room = queue.writes.len() < MAX_WAITING;
        if has_room {
            queue.writes.push_back(write);
        }
        has_room
    }

    /// The one to make next. It stays until [`Self::made`].
    pub(super) fn first(&self) -> Option<Write> {
        self.lock().writes.front().cloned()
    }

    /// The first is made, or never can be. One that took up more meanwhile stays.
    pub(super) fn made(&self, write: &Write) {
        let mut queue = self.lock();
        queue.tries = 0;
        if queue.writes.front() == Some(write) {
            queue.writes.pop_front();
        }
    }

    /// The first failed though the database is there. Whether it has failed too often.
    pub(super) fn failed(&self) -> bool {
        let mut queue = self.lock();
        queue.tries += 1;
        queue.tries >= TRIES
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(stream: &str, session: u32) -> Write {
        let stream = StreamId::parse(stream).unwrap();
        Write::Numbers { stream, used: OpenedSession { session, first_msn: u64::from(session) } }
    }

    fn started(session: u32) -> Write {
        let stream = StreamId::parse("a").unwrap();
        Write::Started { stream, session, at: UtcTime::from_unix(i64::from(session)) }
    }

    #[test]
    fn one_fact_waits_once_and_the_first_time_counts() {
        let writes = Writes::default();
        let later = Write::Started {
            stream: StreamId::parse("a").unwrap(),
            session: 1,
            at: UtcTime::from_unix(9),
        };
        for write in [numbers("a", 1), started(1), numbers("a", 3), numbers("b", 2), later] {
            assert!(writes.add(write));
        }
        assert_eq!(writes.len(), 3);
        for write in [numbers("a", 3), started(1), numbers("b", 2)] {
            assert_eq!(writes.first().as_ref(), Some(&write));
            writes.made(&write);
        }
        assert_eq!(writes.first(), None);
    }

    #[test]
    fn a_write_that_grew_while_it_was_made_is_made_again() {
        let writes = Writes::default();
        assert!(writes.add(numbers("a", 1)));
        let first = writes.first().unwrap();
        assert!(writes.add(numbers("a", 2)));
        writes.made(&first);
        assert_eq!(writes.first(), Some(numbers("a", 2)));
        assert!(writes.has(first.stream()) && !writes.has(&StreamId::parse("b").unwrap()));
    }

    #[test]
    fn there_is_a_limit_to_what_waits() {
        let writes = Writes::default();
        for session in 0..MAX_WAITING as u32 {
            assert!(writes.add(started(session)));
        }
        assert!(!writes.add(started(u32::MAX)) && writes.add(started(5)));
    }
}
