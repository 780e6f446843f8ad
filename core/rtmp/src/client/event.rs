use bytes::Bytes;

/// What became of a client's request, and what it plays.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The server lets the publish begin: send media now.
    Publishing,
    /// The server lets the play begin.
    Playing,
    /// The server refuses; the session closes.
    Rejected {
        /// The status code, such as `NetStream.Publish.BadName`.
        code: String,
        /// The server's words.
        description: String,
    },
    /// The server ended what was running; the session closes.
    Ended {
        /// The status code, such as `NetStream.Play.UnpublishNotify`; empty for a bare end of stream.
        code: String,
        /// The server's words.
        description: String,
    },
    /// Played: the body of an FLV audio tag.
    Audio {
        /// Milliseconds, over the wraps of the 32-bit clock.
        timestamp: i64,
        /// Not empty.
        body: Bytes,
    },
    /// Played: the body of an FLV video tag.
    Video {
        /// Milliseconds, over the wraps of the 32-bit clock.
        timestamp: i64,
        /// Not empty.
        body: Bytes,
    },
    /// Played: AMF0 values, such as `onMetaData` and its object.
    Data {
        /// Milliseconds, over the wraps of the 32-bit clock.
        timestamp: i64,
        /// Not empty.
        body: Bytes,
    },
}
