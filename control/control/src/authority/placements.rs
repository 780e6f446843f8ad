use std::collections::HashMap;
use std::time::{Duration, Instant};

use stream::control::{StopReason, StreamId};

/// How long a grant counts as a live stream before its media arrive.
const GRANT_COUNTS: Duration = Duration::from_secs(10);
/// How long a grant that never became live keeps its home: longer than any publisher takes to send its
/// first frame.
const GRANT_KEPT: Duration = Duration::from_mins(2);

/// Where streams live and whose they are: at most one entry for each stream that is live, lingers or
/// was granted within [`GRANT_KEPT`].
#[derive(Debug)]
pub(crate) struct Placements {
    shards: usize,
    entries: HashMap<StreamId, Placement>,
}

#[derive(Debug)]
struct Placement {
    home: usize,
    owner: i64,
    /// The session that is live or lingering.
    live: Option<u32>,
    granted_at: Instant,
    /// The newest session that was granted.
    granted: u32,
    /// Sessions up to this one were stopped, and why.
    revoked: Option<(u32, StopReason)>,
    /// The limit of viewers that was set since the newest grant.
    limit: Option<u32>,
}

impl Placement {
    fn counts(&self, now: Instant) -> bool {
        self.live.is_some() || now.saturating_duration_since(self.granted_at) < GRANT_COUNTS
    }
}

impl Placements {
    /// At least one shard.
    pub(crate) fn new(shards: usize) -> Self {
        Self { shards: shards.max(1), entries: HashMap::new() }
    }

    /// Streams of the owner that are live or about to be, `but` this one.
    pub(crate) fn live_of(&self, owner: i64, but: &StreamId, now: Instant) -> usize {
        let others = self.entries.iter().filter(|(id, _)| *id != but);
        others.filter(|(_, entry)| entry.owner == owner && entry.counts(now)).count()
    }

    /// Notes the grant of a session. Returns the stream's home: where it is, else the shard with the
    /// fewest streams, the lowest of equals.
    pub(crate) fn grant(&mut self, id: &StreamId, owner: i64, session: u32, now: Instant) -> usize {
        let recent =
            |entry: &Placement| now.saturating_duration_since(entry.granted_at) < GRANT_KEPT;
        self.entries.retain(|_, entry| entry.live.is_some() || recent(entry));
        let home = self.home(id).unwrap_or_else(|| self.least_loaded(now));
        let entry = self.entries.entry(id.clone()).or_insert(Placement {
            home,
            owner,
            live: None,
            granted_at: now,
            granted: session,
            revoked: None,
            limit: None,
        });
        (entry.granted_at, entry.granted, entry.limit) = (now, session, None);
        home
    }

    /// The stream's home while it is live, lingers or is about to be live.
    pub(crate) fn home(&self, id: &StreamId) -> Option<usize> {
        self.entries.get(id).map(|entry| entry.home)
    }

    /// The session is live on `shard`. Returns why it must be stopped again, when it was stopped before
    /// its media arrived.
    pub(crate) fn started(
        &mut self,
        id: &StreamId,
        owner: i64,
        session: u32,
        shard: usize,
        now: Instant,
    ) -> Option<StopReason> {
        let entry = self.entries.entry(id.clone()).or_insert(Placement {
            home: shard,
            owner,
            live: None,
            granted_at: now,
            granted: session,
            revoked: None,
            limit: None,
        });
        entry.home = shard;
        entry.live = Some(session);
        entry.revoked.filter(|(through, _)| session <= *through).map(|(_, reason)| reason)
    }

    /// The session is over. An older session than the live one changes nothing.
    pub(crate) fn ended(&mut self, id: &StreamId, session: u32) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if entry.live.is_some_and(|live| live > session) {
            return;
        }
        entry.live = None;
        // A newer grant is on its way and keeps the home.
        if entry.granted <= session {
            self.entries.remove(id);
        }
    }

    /// Every session that was granted so far is to stop. Returns the shard to tell, if any.
    pub(crate) fn revoke(&mut self, id: &StreamId, reason: StopReason) -> Option<usize> {
        let entry = self.entries.get_mut(id)?;
        entry.revoked = Some((entry.granted, reason));
        Some(entry.home)
    }

    /// Another limit of viewers than the newest grant's. Returns the shard to tell, if any.
    pub(crate) fn limit(&mut self, id: &StreamId, max_viewers: u32) -> Option<usize> {
        let entry = self.entries.get_mut(id)?;
        entry.limit = Some(max_viewers);
        Some(entry.home)
    }

    /// The limit that was set since the newest grant: the shard may have heard of it before the grant.
    pub(crate) fn limit_of(&self, id: &StreamId) -> Option<u32> {
        self.entries.get(id)?.limit
    }

    fn least_loaded(&self, now: Instant) -> usize {
        let mut streams = vec![0_usize; self.shards];
        for entry in self.entries.values().filter(|entry| entry.counts(now)) {
            if let Some(count) = streams.get_mut(entry.home) {
                *count += 1;
            }
        }
        let least = streams.iter().enumerate().min_by_key(|(_, count)| **count);
        least.map_or(0, |(shard, _)| shard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> StreamId {
        StreamId::parse(name).unwrap()
    }

    #[test]
    fn streams_spread_over_the_shards_and_go_back_to_where_they_are() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        let homes: Vec<_> = ["a", "b", "c", "d"]
            .iter()
            .map(|name| placements.grant(&id(name), 1, 1, now))
            .collect();
        assert_eq!(homes, [0, 1, 0, 1]);
        placements.started(&id("b"), 1, 1, 1, now);
        assert_eq!(placements.grant(&id("b"), 1, 2, now), 1);
    }

    #[test]
    fn a_grant_that_is_not_used_stops_counting_and_loses_its_home() {
        let start = Instant::now();
        let mut placements = Placements::new(2);
        placements.grant(&id("a"), 1, 1, start);
        assert_eq!(placements.live_of(1, &id("x"), start), 1);
        assert_eq!(placements.live_of(1, &id("a"), start), 0);
        let later = start + GRANT_COUNTS;
        assert_eq!(placements.live_of(1, &id("x"), later), 0);
        placements.grant(&id("b"), 1, 1, start + GRANT_KEPT);
        assert_eq!(placements.home(&id("a")), None);
    }

    #[test]
    fn a_live_stream_counts_for_its_owner_until_it_ends() {
        let start = Instant::now();
        let later = start + GRANT_KEPT * 2;
        let mut placements = Placements::new(2);
        placements.grant(&id("a"), 1, 1, start);
        placements.started(&id("a"), 1, 1, 0, start);
        assert_eq!(placements.live_of(1, &id("x"), later), 1);
        assert_eq!(placements.live_of(2, &id("x"), later), 0);
        placements.ended(&id("a"), 1);
        assert_eq!(placements.live_of(1, &id("x"), later), 0);
        assert_eq!(placements.home(&id("a")), None);
    }

    #[test]
    fn the_end_of_an_old_session_leaves_its_successor_alone() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        placements.grant(&id("a"), 1, 1, now);
        placements.started(&id("a"), 1, 2, 0, now);
        placements.ended(&id("a"), 1);
        assert_eq!(placements.live_of(1, &id("x"), now + GRANT_COUNTS), 1);
    }

    #[test]
    fn a_stop_that_overtakes_the_media_is_repeated_for_stopped_sessions_only() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        assert_eq!(placements.revoke(&id("a"), StopReason::Disabled), None);
        placements.grant(&id("a"), 1, 1, now);
        assert_eq!(placements.revoke(&id("a"), StopReason::KeyReplaced), Some(0));
        let again = placements.started(&id("a"), 1, 1, 0, now);
        assert_eq!(again, Some(StopReason::KeyReplaced));
        placements.grant(&id("a"), 1, 2, now);
        placements.ended(&id("a"), 1);
        assert_eq!(placements.home(&id("a")), Some(0));
        assert_eq!(placements.started(&id("a"), 1, 2, 0, now), None);
    }

    #[test]
    fn a_start_without_a_grant_is_believed() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        assert_eq!(placements.started(&id("a"), 7, 3, 1, now), None);
        assert_eq!((placements.home(&id("a")), placements.live_of(7, &id("x"), now)), (Some(1), 1));
    }
}
