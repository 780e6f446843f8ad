use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Measured;

/// How a viewer watches, or a publisher sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the protocols' own names")]
pub enum Protocol {
    Rtmp,
    Flv,
    WsFlv,
    Hls,
}

impl Protocol {
    /// Every protocol, in the order of its discriminant.
    pub const ALL: [Self; 4] = [Self::Rtmp, Self::Flv, Self::WsFlv, Self::Hls];

    /// The label in metrics and JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Flv => "flv",
            Self::WsFlv => "ws-flv",
            Self::Hls => "hls",
        }
    }
}

/// A live stream's counters, shared by all shards and read by control. Touched once per batch or per
/// join, never per viewer and frame.
#[derive(Debug, Default)]
pub struct StreamStats {
    viewers: [AtomicU64; Protocol::ALL.len()],
    /// Those of all protocols.
    all: AtomicU64,
    /// The most viewers at a time; 0 is no limit.
    max_viewers: AtomicU64,
    /// Viewers that were refused because there were so many.
    pub refused: AtomicU64,
    /// Bytes of media received from the publisher.
    pub bytes_in: AtomicU64,
    /// Bytes sent to viewers, headers included.
    pub bytes_out: AtomicU64,
    /// Video frames received.
    pub video_frames: AtomicU64,
    /// When the publisher's last media came (monotonic ms); 0 for never.
    pub last_media_ms: AtomicU64,
    /// Entries that lagging readers missed by jumping.
    pub skipped: AtomicU64,
    /// Times that a lagging reader jumped.
    pub skips: AtomicU64,
    /// Bytes of payload that the home shard's log holds.
    pub log_bytes: AtomicU64,
    /// Interruptions: returns of the publisher and jumps of its clock.
    pub interruptions: AtomicU64,
    /// Rates and groups.
    pub measured: Measured,
}

impl StreamStats {
    /// From now on so many viewers may watch at a time (0: no limit); those who are there stay.
    pub fn limit(&self, max_viewers: u32) {
        self.max_viewers.store(max_viewers.into(), Relaxed);
    }

    /// The most viewers at a time; `None` for no limit.
    pub fn max_viewers(&self) -> Option<u64> {
        Some(self.max_viewers.load(Relaxed)).filter(|limit| *limit > 0)
    }

    /// Whether there is room for one viewer more beside the counted ones and `waiting` others.
    pub fn has_room(&self, waiting: u64) -> bool {
        self.max_viewers().is_none_or(|limit| self.all_viewers() + waiting < limit)
    }

    /// Counts a viewer in if there is room, else as refused.
    pub fn admit(&self, protocol: Protocol) -> bool {
        let limit = self.max_viewers().unwrap_or(u64::MAX);
        let room = |all: u64| (all < limit).then_some(all + 1);
        let admitted = self.all.fetch_update(Relaxed, Relaxed, room).is_ok();
        let counter = if admitted { &self.viewers[protocol as usize] } else { &self.refused };
        counter.fetch_add(1, Relaxed);
        admitted
    }

    /// Counts a viewer that is there already, whatever the limit.
    pub fn joined(&self, protocol: Protocol) {
        self.all.fetch_add(1, Relaxed);
        self.viewers[protocol as usize].fetch_add(1, Relaxed);
    }

    /// A viewer went.
    pub fn left(&self, protocol: Protocol) {
        self.all.fetch_sub(1, Relaxed);
        self.viewers[protocol as usize].fetch_sub(1, Relaxed);
    }

    /// Who watches now by this protocol.
    pub fn viewers(&self, protocol: Protocol) -> u64 {
        self.viewers[protocol as usize].load(Relaxed)
    }

    /// Who watches now by any protocol.
    pub fn all_viewers(&self) -> u64 {
        self.all.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_viewers_of_all_protocols_and_refuses_only_newcomers() {
        let stats = StreamStats::default();
        assert!(stats.max_viewers().is_none() && stats.has_room(1_000_000));
        stats.limit(2);
        assert!(stats.admit(Protocol::Rtmp) && stats.has_room(0) && !stats.has_room(1));
        assert!(stats.admit(Protocol::Hls) && !stats.admit(Protocol::Flv));
        stats.limit(1);
        assert_eq!((stats.all_viewers(), stats.refused.load(Relaxed)), (2, 1));
        stats.left(Protocol::Rtmp);
        assert!(!stats.admit(Protocol::Rtmp));
        stats.left(Protocol::Hls);
        assert!(stats.admit(Protocol::Rtmp));
        assert_eq!((stats.viewers(Protocol::Rtmp), stats.viewers(Protocol::Hls)), (1, 0));
    }
}
