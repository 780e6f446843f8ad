use std::collections::HashMap;
use std::time::{Duration, Instant};

use stream::control::{StopReason, StreamId};

use super::known::Right;

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
    /// The newest grant's key, by its hash; empty where no grant is known.
    key: String,
    /// The session that is live or lingering.
    live: Option<u32>,
    granted_at: Instant,
    /// The newest session that was granted.
    granted: u32,
    /// Sessions up to this one were stopped, and why.
    revoked: Option<(u32, StopReason)>,
    /// The newest grant's limit of viewers, and the one that was set since.
    max_viewers: Option<u32>,
    limit: Option<u32>,
    /// The session under which the stream is registered among the nodes.
    claimed: Option<u32>,
}

impl Placement {
    fn new(home: usize, owner: i64, session: u32, now: Instant) -> Self {
        Self {
            home,
            owner,
            key: String::new(),
            live: None,
            granted_at: now,
            granted: session,
            revoked: None,
            max_viewers: None,
            limit: None,
            claimed: None,
        }
    }

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

    /// Notes the grant of a session, which is registered among the nodes. Returns the stream's home: where
    /// it is, else the shard with the fewest streams, the lowest of equals.
    pub(crate) fn grant(&mut self, right: &Right, session: u32, now: Instant) -> usize {
        let id = &right.stream;
        let home = self.home(id).unwrap_or_else(|| self.least_loaded(now));
        let entry = self
            .entries
            .entry(id.clone())
            .or_insert_with(|| Placement::new(home, right.owner, session, now));
        entry.key.clone_from(&right.key);
        (entry.granted_at, entry.granted, entry.limit) = (now, session, None);
        (entry.max_viewers, entry.claimed) = (Some(right.max_viewers), Some(session));
        home
    }

    /// Drops the grants that did not become live in time. Returns what is to be registered no longer.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(StreamId, u32)> {
        let mut unused = Vec::new();
        for (id, entry) in &mut self.entries {
            if !entry.counts(now) {
                unused.extend(entry.claimed.take().map(|session| (id.clone(), session)));
            }
        }
        let is_kept =
            |entry: &Placement| now.saturating_duration_since(entry.granted_at) < GRANT_KEPT;
        self.entries.retain(|_, entry| entry.live.is_some() || is_kept(entry));
        unused
    }

    /// Whether the stream is here by another key than this one, which is the right one now.
    pub(crate) fn has_other_key(&self, id: &StreamId, key: &str) -> bool {
        self.entries.get(id).is_some_and(|entry| !entry.key.is_empty() && entry.key != key)
    }

    /// All streams, with their owners and keys.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&StreamId, i64, &str)> {
        self.entries.iter().map(|(id, entry)| (id, entry.owner, entry.key.as_str()))
    }

    /// The session under which the stream is registered.
    pub(crate) fn claimed(&self, id: &StreamId) -> Option<u32> {
        self.entries.get(id)?.claimed
    }

    /// The stream is registered under this session. Whether it is here at all.
    pub(crate) fn claim(&mut self, id: &StreamId, session: u32) -> bool {
        let entry = self.entries.get_mut(id);
        entry.map(|entry| entry.claimed = entry.claimed.max(Some(session))).is_some()
    }

    /// Who owns it, if it is here.
    pub(crate) fn owner(&self, id: &StreamId) -> Option<i64> {
        self.entries.get(id).map(|entry| entry.owner)
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
        let entry = self
            .entries
            .entry(id.clone())
            .or_insert_with(|| Placement::new(shard, owner, session, now));
        entry.home = shard;
        entry.live = Some(session);
        entry.revoked.filter(|(through, _)| session <= *through).map(|(_, reason)| reason)
    }

    /// The session is over. An older session than the live one changes nothing. Returns under which
    /// session the stream is to be registered no longer.
    pub(crate) fn ended(&mut self, id: &StreamId, session: u32) -> Option<u32> {
        let entry = self.entries.get_mut(id)?;
        if entry.live.is_some_and(|live| live > session) {
            return None;
        }
        entry.live = None;
        if entry.granted <= session {
            return self.entries.remove(id)?.claimed;
        }
        // A newer grant is on its way and keeps the home. If that was stopped too, other nodes need not
        // wait for it.
        let is_stopped = entry.revoked.is_some_and(|(through, _)| through >= entry.granted);
        if is_stopped { entry.claimed.take() } else { None }
    }

    /// Every session that was granted so far is to stop. Returns the shard to tell, if any.
    pub(crate) fn revoke(&mut self, id: &StreamId, reason: StopReason) -> Option<usize> {
        let entry = self.entries.get_mut(id)?;
        if entry.revoked.is_some_and(|(through, _)| through >= entry.granted) {
            return None;
        }
        entry.revoked = Some((entry.granted, reason));
        Some(entry.home)
    }

    /// Another node has this session: older ones are to stop. Returns the shard to tell, if any.
    pub(crate) fn take(&mut self, id: &StreamId, session: u32) -> Option<usize> {
        if self.entries.get(id)?.granted >= session {
            return None;
        }
        self.revoke(id, StopReason::Taken)
    }

    /// So many viewers from now on. Returns the shard to tell, if that is news to it.
    pub(crate) fn limit(&mut self, id: &StreamId, max_viewers: u32) -> Option<usize> {
        let entry = self.entries.get_mut(id)?;
        if entry.limit.or(entry.max_viewers) == Some(max_viewers) {
            return None;
        }
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

    fn right(name: &str) -> Right {
        Right {
            stream: id(name),
            key: "key".into(),
            owner: 1,
            title: "T".into(),
            is_admin: false,
            max_viewers: 0,
            is_recalled: false,
        }
    }

    #[test]
    fn streams_spread_over_the_shards_and_go_back_to_where_they_are() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        let homes: Vec<_> = ["a", "b", "c", "d"]
            .iter()
            .map(|name| placements.grant(&right(name), 1, now))
            .collect();
        assert_eq!(homes, [0, 1, 0, 1]);
        placements.started(&id("b"), 1, 1, 1, now);
        assert_eq!(placements.grant(&right("b"), 2, now), 1);
    }

    #[test]
    fn a_grant_that_is_not_used_stops_counting_and_loses_its_home() {
        let start = Instant::now();
        let mut placements = Placements::new(2);
        placements.grant(&right("a"), 1, start);
        assert_eq!(placements.live_of(1, &id("x"), start), 1);
        assert_eq!(placements.live_of(1, &id("a"), start), 0);
        let later = start + GRANT_COUNTS;
        assert_eq!(placements.live_of(1, &id("x"), later), 0);
        assert_eq!(placements.expire(later), [(id("a"), 1)]);
        assert_eq!((placements.home(&id("a")), placements.claimed(&id("a"))), (Some(0), None));
        assert_eq!(placements.expire(start + GRANT_KEPT), []);
        assert_eq!(placements.home(&id("a")), None);
    }

    #[test]
    fn a_live_stream_counts_for_its_owner_until_it_ends() {
        let start = Instant::now();
        let later = start + GRANT_KEPT * 2;
        let mut placements = Placements::new(2);
        placements.grant(&right("a"), 1, start);
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
        placements.grant(&right("a"), 1, now);
        placements.started(&id("a"), 1, 2, 0, now);
        placements.ended(&id("a"), 1);
        assert_eq!(placements.live_of(1, &id("x"), now + GRANT_COUNTS), 1);
    }

    #[test]
    fn a_stop_that_overtakes_the_media_is_repeated_for_stopped_sessions_only() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        assert_eq!(placements.revoke(&id("a"), StopReason::Disabled), None);
        placements.grant(&right("a"), 1, now);
        assert_eq!(placements.revoke(&id("a"), StopReason::KeyReplaced), Some(0));
        let again = placements.started(&id("a"), 1, 1, 0, now);
        assert_eq!(again, Some(StopReason::KeyReplaced));
        placements.grant(&right("a"), 2, now);
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

    #[test]
    fn a_stream_is_registered_under_its_newest_grant_until_its_session_ends() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        placements.grant(&right("a"), 1, now);
        placements.started(&id("a"), 1, 1, 0, now);
        // The publisher came back, and goes on in the session.
        placements.grant(&right("a"), 2, now);
        assert_eq!(placements.expire(now + GRANT_KEPT * 2), []);
        assert_eq!(placements.claimed(&id("a")), Some(2));
        placements.revoke(&id("a"), StopReason::Stopped);
        assert_eq!(placements.ended(&id("a"), 1), Some(2));
    }

    #[test]
    fn what_another_node_has_is_stopped_unless_it_is_older() {
        let now = Instant::now();
        let mut placements = Placements::new(2);
        placements.grant(&right("a"), 5, now);
        assert_eq!(placements.take(&id("a"), 5), None);
        assert_eq!(placements.take(&id("a"), 6), Some(0));
        assert_eq!(placements.take(&id("a"), 7), None, "it was told already");
        assert_eq!(placements.take(&id("b"), 7), None);
    }
}
