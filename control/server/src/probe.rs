//! How control sees the media plane: reads of shared counters.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use control::{
    Asked, CutError, MAX_SESSIONS, Probe, Runtime, SHARD_ANSWER, ShardHealth, ShardMetrics,
    StreamStats,
};
use shard::{Driver, Health, Mailbox, mailbox};
use stream::control::StreamId;
use stream::{Listing, Protocol, Session, SessionId, Side};

use crate::plane::Mail;

/// The counters of one shard.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) health: Arc<Health>,
    pub(crate) ingest: Arc<ingest::Counters>,
    pub(crate) delivery: Arc<delivery::Counters>,
}

/// All shards and the live streams.
pub(crate) struct Plant {
    pub(crate) driver: Driver,
    pub(crate) shards: Vec<Counters>,
    pub(crate) live: Mutex<HashMap<StreamId, Listing>>,
    pub(crate) mailboxes: Vec<Mailbox<Mail>>,
}

impl Plant {
    /// A stream is live, or something about it changed.
    pub(crate) fn listed(&self, listing: Listing) {
        self.live().insert(listing.id.clone(), listing);
    }

    /// A stream's session is over.
    pub(crate) fn unlisted(&self, id: &StreamId, session: u32) {
        let mut live = self.live();
        if live.get(id).is_some_and(|listing| listing.session <= session) {
            live.remove(id);
        }
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<StreamId, Listing>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shard_metrics(&self, shard: usize) -> ShardMetrics {
        let Counters { health, ingest, delivery } = &self.shards[shard];
        let live = self.live();
        let home = || live.values().filter(|listing| listing.home == shard);
        let viewers = |protocol: Protocol| {
            (protocol.label(), home().map(|listing| listing.stats.viewers(protocol)).sum())
        };
        ShardMetrics {
            load: f64::from(health.load()),
            late_beats: late_beats(health),
            late_seconds: health.late_total_us() as f64 / 1e6,
            connections: vec![
                ("rtmp", delivery.rtmp_connections.load(Relaxed)),
                ("http", delivery.http_connections.load(Relaxed)),
            ],
            viewers: Protocol::ALL.into_iter().map(viewers).collect(),
            publishers: ingest.publishers.load(Relaxed),
            streams: home().count() as u64,
            relays: delivery.relays.load(Relaxed),
            bytes_in: ingest.bytes_in.load(Relaxed),
            bytes_out: delivery.bytes_out.load(Relaxed),
            frames_in: ingest.frames.load(Relaxed),
            frames_out: delivery.frames_out.load(Relaxed),
            dropped_frames: delivery.skipped.load(Relaxed),
            skips: delivery.skips.load(Relaxed),
            refused_viewers: delivery.refused.load(Relaxed),
            log_bytes: home().map(|listing| listing.stats.log_bytes.load(Relaxed)).sum(),
            memfd_bytes: delivery.media_held.load(Relaxed),
        }
    }
}

/// Beats later than each bound: the buckets above it, added up.
fn late_beats(health: &Health) -> Vec<(u64, u64)> {
    let late = health.late();
    let above = |(index, bound): (usize, u64)| (bound, late[index + 1..].iter().sum());
    Health::LATE_MS.into_iter().enumerate().map(above).collect()
}

impl Probe for Plant {
    fn runtime(&self) -> Runtime {
        match self.driver {
            Driver::IoUring => Runtime::IoUring,
            Driver::Epoll => Runtime::Epoll,
        }
    }

    fn shards(&self) -> Vec<ShardHealth> {
        let health = |counters: &Counters| ShardHealth {
            running: Arc::strong_count(&counters.health) > 1,
            heartbeat_age: Duration::from_millis(counters.health.age_ms()),
            full: false,
        };
        self.shards.iter().map(health).collect()
    }

    fn metrics(&self) -> Vec<ShardMetrics> {
        (0..self.shards.len()).map(|shard| self.shard_metrics(shard)).collect()
    }

    fn viewers(&self, stream: &StreamId) -> u64 {
        self.live().get(stream).map_or(0, |listing| listing.stats.all_viewers())
    }

    fn stats(&self, stream: &StreamId) -> Option<StreamStats> {
        let listing = self.live().get(stream).cloned()?;
        Some(StreamStats::of(&listing, shard::millis()))
    }

    fn sessions<'a>(&'a self, stream: &'a StreamId, limit: usize) -> Asked<'a, Vec<Session>> {
        let limit = limit.min(MAX_SESSIONS);
        Box::pin(async move {
            let (answer, answers) = mailbox(self.mailboxes.len());
            for mailbox in &self.mailboxes {
                let (stream, answer) = (stream.clone(), answer.clone());
                // A shard whose box is full is one that does not answer.
                drop(mailbox.post(Mail::Sessions { stream, limit, answer }));
            }
            drop(answer);
            let mut all = Vec::new();
            let gather = async {
                while let Some(sessions) = answers.next().await {
                    all.extend(sessions);
                }
            };
            // What came in time is told.
            drop(tokio::time::timeout(SHARD_ANSWER, gather).await);
            arrange(all, limit)
        })
    }

    fn cut<'a>(
        &'a self,
        stream: &'a StreamId,
        session: SessionId,
    ) -> Asked<'a, Result<(), CutError>> {
        Box::pin(async move {
            let SessionId::Connection { shard, .. } = session else {
                return Err(CutError::Stateless);
            };
            let mailbox = self.mailboxes.get(shard).ok_or(CutError::Unknown)?;
            let (answer, answers) = shard::mailbox(1);
            let letter = Mail::Cut { stream: stream.clone(), session, answer };
            mailbox.post(letter).map_err(|_| CutError::NoAnswer)?;
            match tokio::time::timeout(SHARD_ANSWER, answers.next()).await {
                Ok(Some(true)) => Ok(()),
                Ok(Some(false)) => Err(CutError::Unknown),
                Ok(None) | Err(_) => Err(CutError::NoAnswer),
            }
        })
    }
}

/// The publisher first, then the oldest first; a viewer by HLS that several shards saw once.
fn arrange(all: Vec<Session>, limit: usize) -> Vec<Session> {
    let mut unique = BTreeMap::<SessionId, Session>::new();
    for session in all {
        let known = unique.entry(session.id).or_insert_with(|| session.clone());
        known.since_ms = known.since_ms.min(session.since_ms);
    }
    let mut all: Vec<Session> = unique.into_values().collect();
    all.sort_by_key(|session| (Reverse(session.side == Side::Publisher), session.since_ms));
    all.truncate(limit);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_all_shards_are_one_list_with_the_publisher_first() {
        let session = |id, side, since_ms| Session {
            id,
            side,
            protocol: Protocol::Hls,
            address: [127, 0, 0, 1].into(),
            since_ms,
            agent: None,
            bytes: None,
            skips: 0,
        };
        let connection = |number| SessionId::Connection { shard: 0, number };
        let all = vec![
            session(connection(2), Side::Viewer, 30),
            session(SessionId::Requests(9), Side::Viewer, 20),
            session(connection(1), Side::Publisher, 40),
            session(SessionId::Requests(9), Side::Viewer, 10),
        ];
        let arranged = arrange(all.clone(), 9);
        let ids: Vec<_> = arranged.iter().map(|session| session.id).collect();
        assert_eq!(ids, [connection(1), SessionId::Requests(9), connection(2)]);
        assert_eq!((arranged[1].since_ms, arrange(all, 2).len()), (10, 2));
    }
}
