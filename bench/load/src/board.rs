//! Where shards tell once a second how the run goes, and the progress line reads it.

use std::sync::{Mutex, PoisonError};

use crate::histogram::Times;
use crate::tally::Tally;

/// One slot for each shard; written once a second, so a lock is no matter.
#[derive(Debug, Default)]
pub(crate) struct Board {
    slots: Mutex<Vec<Glance>>,
}

/// How a run goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Glance {
    pub(crate) connected: u64,
    /// Refused, failed and lost.
    pub(crate) trouble: u64,
    /// The most frequent reason of these.
    pub(crate) reason: Option<String>,
    pub(crate) lost_frames: i64,
    pub(crate) stalls: u64,
    /// On the wire since the last look.
    pub(crate) bytes: u64,
    /// On the wire in the last second.
    pub(crate) bytes_per_second: f64,
    /// Latencies of players, or lateness of publishers, since the last look.
    pub(crate) recent: Times,
}

impl Board {
    /// Tells a shard's counts; bytes and times are those since it told last, `passed_us` ago.
    pub(crate) fn tell(
        &self,
        shard: usize,
        tally: &Tally,
        (bytes, passed_us): (u64, u64),
        recent: &Times,
    ) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() <= shard {
            slots.resize_with(shard + 1, Glance::default);
        }
        let Some(slot) = slots.get_mut(shard) else { return };
        let connections = &tally.connections;
        slot.connected = connections.connected;
        slot.trouble = connections.refused + connections.failed + connections.lost;
        let most = connections.reasons.iter().max_by_key(|(_, count)| **count);
        slot.reason = most.map(|(reason, _)| reason.clone());
        slot.lost_frames = tally.frames.lost;
        slot.stalls = tally.players.stalls;
        slot.bytes += bytes;
        slot.bytes_per_second = bytes as f64 * 1e6 / passed_us.max(1) as f64;
        slot.recent.add(recent);
    }

    /// The sum over the shards.
    pub(crate) fn look(&self) -> Glance {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = Glance::default();
        for slot in slots.iter_mut() {
            sum.connected += slot.connected;
            sum.trouble += slot.trouble;
            sum.reason = sum.reason.or_else(|| slot.reason.clone());
            sum.lost_frames += slot.lost_frames;
            sum.stalls += slot.stalls;
            sum.bytes += std::mem::take(&mut slot.bytes);
            sum.bytes_per_second += slot.bytes_per_second;
            sum.recent.add(&slot.recent);
            slot.recent.clear();
        }
        sum
    }
}
