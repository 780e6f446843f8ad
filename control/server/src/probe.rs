//! How control sees the media plane: reads of shared counters.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use control::{Probe, Runtime, ShardHealth, ShardMetrics};
use shard::{Driver, Health};
use stream::control::StreamId;
use stream::{Listing, Protocol};

/// The counters of one shard.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) health: Arc<Health>,
    pub(crate) ingest: Arc<ingest::Counters>,
    pub(crate) delivery: Arc<delivery::Counters>,
}

/// All shards and the live streams.
#[derive(Debug)]
pub(crate) struct Plant {
    pub(crate) driver: Driver,
    pub(crate) shards: Vec<Counters>,
    pub(crate) live: Mutex<HashMap<StreamId, Listing>>,
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
}
