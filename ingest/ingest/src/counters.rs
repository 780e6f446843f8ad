use std::sync::atomic::AtomicU64;

/// What a shard's publishers' side counts; read by control.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    /// Bytes of media taken from publishers.
    pub bytes_in: AtomicU64,
    /// Frames taken from publishers.
    pub frames: AtomicU64,
    /// Media messages that could not be read and were left out.
    pub unreadable: AtomicU64,
    /// Publishers connected now.
    pub publishers: AtomicU64,
    /// Publishes refused.
    pub refused: AtomicU64,
}
