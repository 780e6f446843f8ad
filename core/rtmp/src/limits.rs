use std::time::Duration;

/// What a peer may cost. Each bound that is crossed is an [`Error`](crate::Error) of its own.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the connection's start to the end of the handshake.
    pub handshake_timeout: Duration,
    /// From the connection's start, or from the end of a publish or play, to the next one.
    pub request_timeout: Duration,
    /// Silence of a publisher. At half of it the session asks for a sign of life (a ping).
    pub idle_timeout: Duration,
    /// Silence of a player, whose side may be silent for long (a paused player reads nothing, and so
    /// answers no ping). Also the silence of the server that a client publishes to or plays from.
    pub player_idle_timeout: Duration,
    /// The longest audio, video or aggregate message, in bytes.
    pub max_media_message: usize,
    /// The longest message of any other type, in bytes.
    pub max_other_message: usize,
    /// Memory for messages that have begun and not ended, over all chunk streams, in bytes.
    pub max_partial_bytes: usize,
    /// Chunk streams that a peer uses in one connection.
    pub max_chunk_streams: usize,
    /// Message streams that a client has created and not deleted.
    pub max_message_streams: usize,
    /// Commands and pings a second; each may be answered, and nothing bounds how slowly answers leave.
    pub max_requests_per_second: u32,
    /// Media that a publisher sends before its publish is answered, in bytes, each message counted as
    /// its body and [`Limits::HELD_OVERHEAD`].
    pub max_held_bytes: usize,
    /// Events that wait for `poll_output`. Fed with at most 64 KiB at a time, no peer reaches it.
    pub max_events: usize,
    /// The longest application and the longest stream name, each with its query, in bytes.
    pub max_name: usize,
}

impl Limits {
    /// What a message that is held back counts beyond its body, in bytes.
    pub const HELD_OVERHEAD: usize = 64;
}

impl Default for Limits {
    /// Bounds for publishers of up to 200 Mbit/s.
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            player_idle_timeout: Duration::from_mins(10),
            max_media_message: 8 << 20,
            max_other_message: 256 << 10,
            max_partial_bytes: 12 << 20,
            max_chunk_streams: 64,
            max_message_streams: 8,
            max_requests_per_second: 100,
            max_held_bytes: 4 << 20,
            max_events: 65_536,
            max_name: 1024,
        }
    }
}
