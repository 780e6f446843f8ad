use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How a viewer watches.
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
    /// Bytes of media received from the publisher.
    pub bytes_in: AtomicU64,
    /// Video frames received.
    pub video_frames: AtomicU64,
    /// Entries that lagging readers missed by jumping.
    pub skipped: AtomicU64,
    /// Bytes of payload that the home shard's log holds.
    pub log_bytes: AtomicU64,
    /// Interruptions: returns of the publisher and jumps of its clock.
    pub interruptions: AtomicU64,
}

impl StreamStats {
    /// A viewer came.
    pub fn joined(&self, protocol: Protocol) {
        self.viewers[protocol as usize].fetch_add(1, Relaxed);
    }

    /// A viewer went.
    pub fn left(&self, protocol: Protocol) {
        self.viewers[protocol as usize].fetch_sub(1, Relaxed);
    }

    /// Who watches now by this protocol.
    pub fn viewers(&self, protocol: Protocol) -> u64 {
        self.viewers[protocol as usize].load(Relaxed)
    }

    /// Who watches now by any protocol.
    pub fn all_viewers(&self) -> u64 {
        Protocol::ALL.into_iter().map(|protocol| self.viewers(protocol)).sum()
    }
}
