use std::sync::atomic::AtomicU64;

/// What a shard's viewers' side counts; read by control.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    /// Bytes sent to viewers, headers included.
    pub bytes_out: AtomicU64,
    /// Entries that lagging viewers missed by jumping to a newer group.
    pub skipped: AtomicU64,
    /// Times that a lagging viewer jumped.
    pub skips: AtomicU64,
    /// Frames sent to frame-by-frame viewers.
    pub frames_out: AtomicU64,
    /// Viewers refused because their stream had as many as it may.
    pub refused: AtomicU64,
    /// Viewers given up because they read nothing.
    pub stalled: AtomicU64,
    /// Open RTMP connections.
    pub rtmp_connections: AtomicU64,
    /// Open HTTP connections.
    pub http_connections: AtomicU64,
    /// HTTP requests answered.
    pub http_requests: AtomicU64,
    /// HTTP requests answered with a status of 400 or more.
    pub http_errors: AtomicU64,
    /// Relays of a stream of this shard to another one.
    pub relays: AtomicU64,
    /// Letters to other shards that did not fit into their mailboxes.
    pub relay_drops: AtomicU64,
    /// Bytes of memory that the files of packaged media hold.
    pub media_held: AtomicU64,
}
