use bytes::Bytes;

use crate::Secret;

/// Names a request until it is answered. Unique within a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub(super) u32);

/// What a client does. Names and queries may hold stream keys, and so are hidden from `Debug`.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The client sent `connect`, and was answered. Told once, before any request.
    Connected {
        /// The application as the client wrote it.
        app: Secret,
        /// The URL as the client wrote it, without the stream.
        tc_url: Secret,
        /// How the client presents itself (`flashVer`), as it wrote it.
        client: String,
        /// Whether the client announced Enhanced RTMP.
        enhanced: bool,
    },
    /// The client asks to publish: answer with `accept_publish` or `reject_publish`.
    Publish {
        /// Names the request.
        request: RequestId,
        /// The application, without query and outer slashes.
        app: String,
        /// The stream's name: not empty, decoded, without query and outer slashes.
        name: Secret,
        /// What followed the `?`, as it came; empty when there was none.
        query: Secret,
    },
    /// The client asks to play: answer with `accept_play` or `reject_play`.
    Play {
        /// Names the request.
        request: RequestId,
        /// The application, without query and outer slashes.
        app: String,
        /// The stream's name: not empty, decoded, without query and outer slashes.
        name: Secret,
        /// What followed the `?`, as it came; empty when there was none.
        query: Secret,
    },
    /// Of a running publish: the body of an FLV audio tag.
    Audio {
        /// Milliseconds on the publisher's own clock, over its wraps.
        timestamp: i64,
        /// Not empty.
        body: Bytes,
    },
    /// Of a running publish: the body of an FLV video tag.
    Video {
        /// Milliseconds on the publisher's own clock, over its wraps.
        timestamp: i64,
        /// Not empty.
        body: Bytes,
    },
    /// Of a running publish: AMF0 values, such as `@setDataFrame`, `onMetaData` and its object.
    Data {
        /// Milliseconds on the publisher's own clock, over its wraps.
        timestamp: i64,
        /// Not empty.
        body: Bytes,
    },
    /// The publish, asked for or running, is over at the client's wish.
    Unpublish,
    /// The play, asked for or running, is over at the client's wish.
    StopPlay,
    /// The player paused or went on; the client was told that it shall be so.
    Pause {
        /// Whether media is to stop.
        paused: bool,
    },
    /// The player sought; the client was told that the live stream plays on.
    Seek {
        /// Where to, in milliseconds.
        position: i64,
    },
    /// The player wants audio, or none of it.
    ReceiveAudio(bool),
    /// The player wants video, or none of it.
    ReceiveVideo(bool),
}

/// Why a publish is refused or cut off. The text reaches the person at the encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishRefusal {
    /// `NetStream.Publish.BadName`: the name is wrong or in use.
    BadName(String),
    /// `NetStream.Publish.Denied`: this client may not.
    Denied(String),
}

/// Why a play is refused or cut off. The text reaches the person at the player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayRefusal {
    /// `NetStream.Play.StreamNotFound`: there is no such stream, or it is not live.
    StreamNotFound(String),
    /// `NetStream.Play.Failed`: it cannot be played now, or not by this client.
    Failed(String),
}
