//! Sessions of a stream: each has a number that is never given twice, and media sequence numbers above
//! all that were used before, also when the server died without telling.

use uuid::Uuid;

use crate::sql::Sql;
use crate::streams::no_such;
use crate::{Error, Result, Store, UtcTime};

/// 2025-01-01 00:00:00 UTC in seconds since 1970. Media sequence numbers start at ten times the
/// seconds since then.
pub const MSN_EPOCH: i64 = 1_735_689_600;

/// A session that was never closed properly used at most so many numbers a second, so a later one starts
/// above it without knowing it: the shortest segments last 0.375 s, and each interruption ends one more.
const MSN_RATE: i64 = 10;

/// A session that may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenedSession {
    /// Above all sessions of this stream before.
    pub session: u32,
    /// Media sequence numbers start here or later.
    pub first_msn: u64,
}

impl OpenedSession {
    /// The next session of a stream while the database is away, `self` being the highest that this node
    /// knows of. Its number is one that no database has given: at least the seconds since
    /// [`MSN_EPOCH`], which sessions that are counted never reach. So neither what other nodes gave nor
    /// a crash before [`Store::session_numbers_used`] makes one return.
    #[must_use]
    pub fn next_without_database(self, now: UtcTime) -> Self {
        let seconds = u32::try_from((now.unix() - MSN_EPOCH).max(0)).unwrap_or(u32::MAX);
        let known = i64::try_from(self.first_msn).unwrap_or(i64::MAX);
        Self {
            session: self.session.saturating_add(1).max(seconds),
            first_msn: first_msn(known, now) as u64,
        }
    }
}

/// Above `high`, and above what a session of unknown end can have used until now.
fn first_msn(high: i64, now: UtcTime) -> i64 {
    let by_clock = (now.unix() - MSN_EPOCH).saturating_mul(MSN_RATE);
    high.saturating_add(1).max(by_clock).max(1)
}

/// What a session's start did to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStart {
    /// The session is new.
    Opened,
    /// The session was live already: its publisher came back.
    Continued,
    /// The stream was removed meanwhile.
    NoStream,
}

impl Store {
    /// Gives out the next session number and the first media sequence number of a stream. Both count as
    /// used from here on, whether the session begins or not.
    pub fn open_session(&self, stream: &str, now: UtcTime) -> Result<OpenedSession> {
        self.open_session_above(stream, OpenedSession::default(), now)
    }

    /// The same, above what the caller knows to be used though the database may not.
    pub fn open_session_above(
        &self,
        stream: &str,
        used: OpenedSession,
        now: UtcTime,
    ) -> Result<OpenedSession> {
        let used_msn = checked_msn(used.first_msn)?;
        self.transaction(|sql| {
            let query = "SELECT next_session, msn_high FROM live_streams WHERE id = ?";
            let query = format!("{query}{}", sql.for_update());
            let row = sql.row(&query, &[stream.into()])?.ok_or_else(|| no_such(stream))?;
            let next = row.opt_int(0)?.unwrap_or(1).max(i64::from(used.session) + 1);
            let session =
                u32::try_from(next).map_err(|_| Error::Corrupt("a stream's next session"))?;
            let first_msn = first_msn(row.opt_int(1)?.unwrap_or(0).max(used_msn), now);
            let update = "UPDATE live_streams SET next_session = ?, msn_high = ? WHERE id = ?";
            sql.execute(update, &[(next + 1).into(), first_msn.into(), stream.into()])?;
            Ok(OpenedSession { session, first_msn: first_msn as u64 })
        })
    }

    /// Notes numbers that were given out while the database was away. Neither goes back, and a
    /// repetition changes nothing; a stream that was removed meanwhile is no error.
    pub fn session_numbers_used(&self, stream: &str, used: OpenedSession) -> Result<()> {
        let msn = checked_msn(used.first_msn)?;
        self.transaction(|sql| {
            let next = i64::from(used.session) + 1;
            let update = "UPDATE live_streams SET next_session = ? \
                          WHERE id = ? AND (next_session IS NULL OR next_session < ?)";
            sql.execute(update, &[next.into(), stream.into(), next.into()])?;
            raise_msn(sql, stream, msn)
        })
    }

    /// Media of the session arrived: the stream is live. A repetition changes nothing, whether the
    /// publisher came back or a write of unknown outcome is made again, and also after the end.
    pub fn session_started(
        &self,
        stream: &str,
        session: u32,
        now: UtcTime,
    ) -> Result<SessionStart> {
        let node = &self.inner.options.node;
        self.transaction(|sql| {
            let number = session.to_string();
            // Locked, so that of two that make the same write the second finds the first one's row.
            let query = format!("SELECT id FROM live_streams WHERE id = ?{}", sql.for_update());
            if sql.row(&query, &[stream.into()])?.is_none() {
                return Ok(SessionStart::NoStream);
            }
            let query = "SELECT COUNT(*) FROM stream_sessions WHERE stream_id = ? \
                         AND session_id = ? AND (server_node IS NULL OR server_node = ?)";
            let known = sql.row(query, &[stream.into(), (&number).into(), node.into()])?;
            if known.map_or(Ok(0), |row| row.int(0))? > 0 {
                return Ok(SessionStart::Continued);
            }
            let insert = "INSERT INTO stream_sessions \
                          (id, stream_id, session_id, started_at, status, server_node) \
                          VALUES (?, ?, ?, ?, 'active', ?)";
            let id = Uuid::now_v7().to_string();
            let values = [(&id).into(), stream.into(), (&number).into(), now.into(), node.into()];
            sql.execute(insert, &values)?;
            let update = "UPDATE live_streams SET status = 'live', started_at = ?, ended_at = NULL \
                          WHERE id = ? AND COALESCE(status, '') <> 'cancelled'";
            sql.execute(update, &[now.into(), stream.into()])?;
            Ok(SessionStart::Opened)
        })
    }

    /// The session is over; `last_msn` is the highest media sequence number that it used. A stream that
    /// was removed meanwhile is no error.
    pub fn session_ended(
        &self,
        stream: &str,
        session: u32,
        last_msn: u64,
        now: UtcTime,
    ) -> Result<()> {
        let last_msn = checked_msn(last_msn)?;
        self.transaction(|sql| {
            let update = "UPDATE stream_sessions SET status = 'completed', ended_at = ? \
                          WHERE stream_id = ? AND session_id = ? AND status = 'active' \
                          AND (server_node IS NULL OR server_node = ?)";
            let number = session.to_string();
            let node = &self.inner.options.node;
            sql.execute(update, &[now.into(), stream.into(), number.into(), node.into()])?;
            raise_msn(sql, stream, last_msn)?;
            // A successor that started already keeps the stream live.
            let update = "UPDATE live_streams SET status = 'ended', ended_at = ? \
                          WHERE id = ? AND status = 'live' AND NOT EXISTS (SELECT 1 FROM \
                          stream_sessions WHERE stream_id = ? AND status = 'active')";
            sql.execute(update, &[now.into(), stream.into(), stream.into()])?;
            Ok(())
        })
    }

    /// To be called once when the server starts, before anything is accepted: what a crash of this node left
    /// live is not. Returns how many sessions had not been ended.
    pub fn reset_live_on_start(&self, now: UtcTime) -> Result<usize> {
        self.transaction(|sql| {
            let update = "UPDATE stream_sessions SET status = 'failed', ended_at = ? \
                          WHERE status = 'active' AND (server_node IS NULL OR server_node = ?)";
            let sessions = sql.execute(update, &[now.into(), (&self.inner.options.node).into()])?;
            let update = "UPDATE live_streams SET status = 'ended', ended_at = ? \
                          WHERE status = 'live' AND NOT EXISTS (SELECT 1 FROM stream_sessions \
                          WHERE stream_id = live_streams.id AND status = 'active')";
            sql.execute(update, &[now.into()])?;
            Ok(sessions)
        })
    }
}

fn checked_msn(msn: u64) -> Result<i64> {
    let reason = "must be below 2^63";
    i64::try_from(msn).map_err(|_| Error::Invalid { field: "lastMsn", reason })
}

fn raise_msn(sql: &dyn Sql, stream: &str, msn: i64) -> Result<()> {
    let update = "UPDATE live_streams SET msn_high = ? \
                  WHERE id = ? AND (msn_high IS NULL OR msn_high < ?)";
    sql.execute(update, &[msn.into(), stream.into(), msn.into()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Fixture;
    use crate::{Options, Status};

    fn at(seconds: i64) -> UtcTime {
        UtcTime::from_unix(MSN_EPOCH + seconds)
    }

    fn stream(store: &Store) -> String {
        store.add_stream("T", None).unwrap().stream.id
    }

    fn sessions(store: &Store, status: &str) -> i64 {
        store
            .transaction(|sql| {
                let query = "SELECT COUNT(*) FROM stream_sessions WHERE status = ?";
                sql.row(query, &[status.into()])?.unwrap().int(0)
            })
            .unwrap()
    }

    #[test]
    fn sessions_and_sequence_numbers_only_rise_also_over_restarts() {
        let fixture = Fixture::new();
        let id = stream(&fixture.store);
        let one = fixture.store.open_session(&id, at(100)).unwrap();
        assert_eq!(one, OpenedSession { session: 1, first_msn: 1000 });
        fixture.store.session_started(&id, 1, at(100)).unwrap();
        fixture.store.session_ended(&id, 1, 5000, at(200)).unwrap();
        let store = fixture.reopen(Options::default());
        let two = store.open_session(&id, at(201)).unwrap();
        assert_eq!(two, OpenedSession { session: 2, first_msn: 5001 });
        // Not ended: the clock alone keeps the numbers rising.
        let store = fixture.reopen(Options::default());
        let three = store.open_session(&id, at(9000)).unwrap();
        assert_eq!(three, OpenedSession { session: 3, first_msn: 90_000 });
    }

    #[test]
    fn a_clock_that_goes_back_does_not_take_numbers_back() {
        let store = Fixture::new().store;
        let id = stream(&store);
        let mut last = store.open_session(&id, at(100)).unwrap();
        for seconds in [100, 50, -1_000_000] {
            let next = store.open_session(&id, at(seconds)).unwrap();
            assert!(next.session > last.session && next.first_msn > last.first_msn);
            last = next;
        }
    }

    #[test]
    fn numbers_given_without_the_database_are_caught_up_and_never_taken_back() {
        let store = Fixture::new().store;
        let id = stream(&store);
        let one = store.open_session(&id, at(100)).unwrap();
        let two = one.next_without_database(at(101));
        assert_eq!(two, OpenedSession { session: 101, first_msn: 1010 });
        let three = two.next_without_database(at(50));
        assert_eq!(three, OpenedSession { session: 102, first_msn: 1011 });
        for used in [three, two, three] {
            store.session_numbers_used(&id, used).unwrap();
        }
        let next = store.open_session(&id, at(100)).unwrap();
        assert_eq!(next, OpenedSession { session: 103, first_msn: 1012 });
        let above = OpenedSession { session: 200, first_msn: 5000 };
        let next = store.open_session_above(&id, above, at(100)).unwrap();
        assert_eq!(next, OpenedSession { session: 201, first_msn: 5001 });
        store.session_numbers_used("gone", three).unwrap();
    }

    #[test]
    fn a_write_that_is_made_again_changes_nothing_also_after_the_end() {
        let store = Fixture::new().store;
        let id = stream(&store);
        assert_eq!(store.session_started(&id, 7, at(1)).unwrap(), SessionStart::Opened);
        store.session_ended(&id, 7, 9, at(3)).unwrap();
        assert_eq!(store.session_started(&id, 7, at(5)).unwrap(), SessionStart::Continued);
        store.session_ended(&id, 7, 9, at(6)).unwrap();
        assert_eq!((sessions(&store, "completed"), sessions(&store, "active")), (1, 0));
        let kept = store.stream(&id).unwrap();
        assert_eq!((kept.status, kept.ended_at), (Status::Ended, Some(at(3))));
    }

    #[test]
    fn two_that_make_the_same_write_at_once_make_one_row() {
        let store = Fixture::new().store;
        let id = stream(&store);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| store.session_started(&id, 7, at(1)).unwrap());
            }
        });
        assert_eq!(sessions(&store, "active"), 1);
    }

    #[test]
    fn before_2025_numbers_start_at_one() {
        let store = Fixture::new().store;
        let id = stream(&store);
        assert_eq!(store.open_session(&id, at(-5)).unwrap().first_msn, 1);
    }

    #[test]
    fn a_stream_is_live_from_start_to_end() {
        let store = Fixture::new().store;
        let id = stream(&store);
        store.open_session(&id, at(1)).unwrap();
        assert_eq!(store.session_started(&id, 1, at(2)).unwrap(), SessionStart::Opened);
        assert_eq!(store.session_started(&id, 1, at(9)).unwrap(), SessionStart::Continued);
        let live = store.stream(&id).unwrap();
        assert_eq!((live.status, live.started_at), (Status::Live, Some(at(2))));
        store.session_ended(&id, 1, 3, at(20)).unwrap();
        let ended = store.stream(&id).unwrap();
        assert_eq!((ended.status, ended.ended_at), (Status::Ended, Some(at(20))));
        assert_eq!(sessions(&store, "completed"), 1);
    }

    #[test]
    fn the_end_of_a_session_does_not_end_its_successor() {
        let store = Fixture::new().store;
        let id = stream(&store);
        store.session_started(&id, 1, at(1)).unwrap();
        store.session_started(&id, 2, at(2)).unwrap();
        store.session_ended(&id, 1, 9, at(3)).unwrap();
        assert_eq!(store.stream(&id).unwrap().status, Status::Live);
        store.session_ended(&id, 2, 9, at(4)).unwrap();
        assert_eq!(store.stream(&id).unwrap().status, Status::Ended);
    }

    #[test]
    fn a_cancelled_stream_stays_cancelled() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let id = stream(store);
        store.session_started(&id, 1, at(1)).unwrap();
        fixture.raw("UPDATE live_streams SET status = 'cancelled'");
        store.session_ended(&id, 1, 9, at(3)).unwrap();
        store.session_started(&id, 2, at(4)).unwrap();
        assert_eq!(store.stream(&id).unwrap().status, Status::Cancelled);
    }

    #[test]
    fn what_a_crash_left_live_is_ended_at_the_next_start() {
        let fixture = Fixture::new();
        let id = stream(&fixture.store);
        fixture.store.session_started(&id, 1, at(1)).unwrap();
        let store = fixture.reopen(Options::default());
        assert_eq!(store.reset_live_on_start(at(50)).unwrap(), 1);
        assert_eq!(store.stream(&id).unwrap().status, Status::Ended);
        assert_eq!(sessions(&store, "failed"), 1);
        assert_eq!(store.reset_live_on_start(at(51)).unwrap(), 0);
    }

    #[test]
    fn a_removed_stream_starts_and_ends_nothing() {
        let store = Fixture::new().store;
        let id = stream(&store);
        store.session_started(&id, 1, at(1)).unwrap();
        store.remove_stream(&id).unwrap();
        assert_eq!(store.session_started(&id, 1, at(2)).unwrap(), SessionStart::NoStream);
        store.session_ended(&id, 1, 9, at(3)).unwrap();
        assert!(matches!(store.open_session(&id, at(4)), Err(Error::NoSuchStream(_))));
    }

    #[test]
    fn a_sequence_number_past_the_columns_range_is_refused() {
        let store = Fixture::new().store;
        let id = stream(&store);
        assert!(store.session_ended(&id, 1, u64::MAX, at(3)).is_err());
    }
}
