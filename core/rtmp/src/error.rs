use media::amf0;

/// What the peer did wrong. The connection is of no more use: close it.
///
/// No message holds a stream name or key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first byte is not RTMP's version 3.
    #[error(
        "the peer does not speak plain RTMP: its first byte is {0:#04x}, not 0x03 \
         (0x16 is TLS: use the RTMPS port; 0x06 and 0x08 are RTMPE, which is not supported)"
    )]
    NotRtmp(u8),
    /// The server's second handshake packet is not signed for our first one.
    #[error("the server's handshake signature is wrong")]
    BadHandshakeSignature,
    /// The handshake did not end in time.
    #[error("the peer did not finish the handshake in time")]
    HandshakeTimeout,
    /// No publish or play in time.
    #[error("the peer asked neither to publish nor to play in time")]
    RequestTimeout,
    /// Nothing came for too long, not even an answer to a ping.
    #[error("the peer was silent for too long")]
    IdleTimeout,
    /// A compressed chunk header has no earlier one to take its fields from.
    #[error(
        "the peer began chunk stream {chunk_stream} with a type {header_type} header, \
         which needs an earlier one"
    )]
    HeaderWithoutContext {
        /// The chunk stream.
        chunk_stream: u32,
        /// The header's type, 2 or 3.
        header_type: u8,
    },
    /// A message began where another one of the same chunk stream was not finished.
    #[error("the peer began a message on chunk stream {chunk_stream} inside another one")]
    InterruptedMessage {
        /// The chunk stream.
        chunk_stream: u32,
    },
    /// More chunk streams than [`Limits::max_chunk_streams`](crate::Limits::max_chunk_streams).
    #[error("the peer uses more than {0} chunk streams")]
    TooManyChunkStreams(usize),
    /// A message longer than its type may be.
    #[error(
        "the peer announced a message of type {kind} with {length} bytes; the limit is {limit}"
    )]
    MessageTooLong {
        /// The message type.
        kind: u8,
        /// The announced length.
        length: usize,
        /// The limit of this type.
        limit: usize,
    },
    /// Unfinished messages hold more than
    /// [`Limits::max_partial_bytes`](crate::Limits::max_partial_bytes).
    #[error("the peer's unfinished messages take more than {0} bytes")]
    TooMuchUnfinished(usize),
    /// Set Chunk Size with 0 or with the top bit set.
    #[error("the peer set a chunk size of {0}")]
    BadChunkSize(u32),
    /// A control message that is too short for its type.
    #[error("the peer's control message of type {kind} has only {length} bytes")]
    ShortControl {
        /// The message type.
        kind: u8,
        /// The message's length.
        length: usize,
    },
    /// An aggregate message whose parts do not fit into it.
    #[error("the peer's aggregate message is cut off")]
    BadAggregate,
    /// A command that is not AMF0.
    #[error("the peer's command cannot be read: {0}")]
    BadCommand(#[from] amf0::Error),
    /// A command without a name in front.
    #[error("the peer's command does not begin with a name")]
    NamelessCommand,
    /// Something else than `connect` came first.
    #[error("the peer sent a command before connect")]
    NotConnected,
    /// A second `connect`.
    #[error("the peer sent connect twice")]
    ConnectedTwice,
    /// More than [`Limits::max_message_streams`](crate::Limits::max_message_streams).
    #[error("the peer created more than {0} streams")]
    TooManyStreams(usize),
    /// More than [`Limits::max_requests_per_second`](crate::Limits::max_requests_per_second).
    #[error("the peer sends more than {0} commands a second")]
    TooManyRequests(u32),
    /// More than [`Limits::max_held_bytes`](crate::Limits::max_held_bytes).
    #[error("the peer sent more than {0} bytes of media without waiting for leave to publish")]
    TooMuchHeld(usize),
    /// More than [`Limits::max_events`](crate::Limits::max_events).
    #[error("the peer sent more than {0} messages at once")]
    TooManyEvents(usize),
}
