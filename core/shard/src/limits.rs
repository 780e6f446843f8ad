//! Named limits of the shard runtime.

use std::time::Duration;

/// Submission entries of a shard's ring. More waiting polls than this is fine: they are in the
/// kernel, not in the ring.
pub const RING_ENTRIES: u32 = 1024;
/// Sends that one [`crate::Fanout`] submission carries.
pub const FANOUT_BATCH: u32 = 256;
/// Batches of at least this many bytes are sent out of memory that the sockets share instead of being
/// copied for each; below it the copy costs less than the file.
pub const STAGED_BYTES: usize = 6 << 10;
/// Batches for fewer connections are copied: staging is a copy of its own.
pub const STAGED_CONNS: usize = 3;
/// Staged bytes that are given back to the system together.
pub const STAGE_KEPT: u64 = 256 << 10;
/// Buffers in one gathered write; the kernel's `UIO_MAXIOV`.
pub const MAX_IOVECS: usize = 1024;
/// Connections waiting in a listener's backlog.
pub const BACKLOG: i32 = 4096;
/// How long an acceptor rests when the process has no descriptor left.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// Connections taken in a row before other tasks run.
pub const ACCEPT_BURST: usize = 64;
/// Letters taken from a mailbox before other tasks run.
pub const MAILBOX_BURST: usize = 256;
