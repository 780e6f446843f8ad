use std::pin::Pin;
use std::time::Duration;

use stream::control::StreamId;
use stream::{Session, SessionId};

use crate::StreamStats;

/// What the shards run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The io_uring driver.
    IoUring,
    /// The fall-back.
    Epoll,
}

impl Runtime {
    /// The name in `/health` and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IoUring => "io_uring",
            Self::Epoll => "epoll",
        }
    }
}

/// How a shard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardHealth {
    /// False once its thread has ended.
    pub running: bool,
    /// Time since its loop last came round.
    pub heartbeat_age: Duration,
    /// Whether it takes no more connections.
    pub full: bool,
}

/// What a shard did and holds. Totals count from the start of the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShardMetrics {
    /// Share of the last seconds that the loop was busy, 0 to 1.
    pub load: f64,
    /// Beats of the loop since the start that came later than so many milliseconds, such as `(20, 3)`.
    pub late_beats: Vec<(u64, u64)>,
    /// How late all beats were together, in seconds.
    pub late_seconds: f64,
    /// Open connections by protocol, such as `("rtmp", 3)`.
    pub connections: Vec<(&'static str, u64)>,
    /// Viewers by protocol, such as `("hls", 250)`.
    pub viewers: Vec<(&'static str, u64)>,
    /// Publishers whose media arrive here.
    pub publishers: u64,
    /// Streams that have their home here.
    pub streams: u64,
    /// Cursors that carry a stream of this shard to another one.
    pub relays: u64,
    /// Bytes of media received, in all.
    pub bytes_in: u64,
    /// Bytes of media sent, in all.
    pub bytes_out: u64,
    /// Frames received from publishers, in all.
    pub frames_in: u64,
    /// Frames sent to viewers, in all.
    pub frames_out: u64,
    /// Frames that a full queue lost, in all.
    pub dropped_frames: u64,
    /// Times that a slow reader was moved to a newer group, in all.
    pub skips: u64,
    /// Viewers refused because their stream had as many as it may, in all.
    pub refused_viewers: u64,
    /// Bytes in the logs of streams.
    pub log_bytes: u64,
    /// Bytes in segment files in memory.
    pub memfd_bytes: u64,
}

/// How control looks at the media plane: reads of shared counters that never block. The wiring
/// implements it.
pub trait Probe: Send + Sync + 'static {
    /// What the shards run on.
    fn runtime(&self) -> Runtime;

    /// Every shard, in the order of its number.
    fn shards(&self) -> Vec<ShardHealth>;

    /// The same for metrics.
    fn metrics(&self) -> Vec<ShardMetrics>;

    /// Viewers of a stream, over all protocols and shards.
    fn viewers(&self, stream: &StreamId) -> u64;

    /// What is known of a live stream; `None` when it is not live here.
    fn stats(&self, stream: &StreamId) -> Option<StreamStats>;

    /// Who publishes and watches a stream: at most `limit` (and never more than [`MAX_SESSIONS`]), the
    /// publisher first, then the oldest first. A shard that does not answer within [`SHARD_ANSWER`] is
    /// left out.
    fn sessions<'a>(&'a self, stream: &'a StreamId, limit: usize) -> Asked<'a, Vec<Session>>;

    /// Ends a session of a stream. A publisher may come back.
    fn cut<'a>(
        &'a self,
        stream: &'a StreamId,
        session: SessionId,
    ) -> Asked<'a, Result<(), CutError>>;
}

/// What the shards answer, in a while.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The most sessions that one answer lists.
pub const MAX_SESSIONS: usize = 10_000;
/// How long shards may take to answer.
pub const SHARD_ANSWER: Duration = Duration::from_secs(2);

/// Why a session was not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// Nobody with this id publishes or watches the stream here.
    #[error("the stream has no such session: it may have ended; list the sessions again")]
    Unknown,
    /// An HLS viewer: it comes with every request anew, and the server cannot tell it from others for
    /// sure.
    #[error("an HLS viewer has no connection to cut: this is not possible until signed playback")]
    Stateless,
    /// Its shard did not answer in time.
    #[error("the shard did not answer in time: try again")]
    NoAnswer,
}
