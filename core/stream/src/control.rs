//! What the data plane asks of control and tells it: values only, the transport is the shard's.

use std::net::IpAddr;
use std::sync::Arc;

/// The public id of a stream: what viewers name it by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// The longest id, in bytes (the width of `live_streams.id`).
    pub const MAX_LEN: usize = 36;

    /// Takes an id apart from a URL or database row; `None` when it is empty, too long, or holds
    /// anything but ASCII letters, digits, `-` and `_`.
    pub fn parse(id: &str) -> Option<Self> {
        let valid = !id.is_empty()
            && id.len() <= Self::MAX_LEN
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        valid.then(|| Self(id.into()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stream key as a publisher presented it. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamKey(pub String);

impl std::fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[stream key]")
    }
}

impl StreamKey {
    /// What of the key may stand in a log, by [`redact_key`].
    pub fn redacted(&self) -> String {
        redact_key(&self.0)
    }
}

/// What of a presented key may stand in a log: a quarter of it, at most 8 characters, then `…`. That
/// tells a wrong key from a missing one and shows nothing of the random part of a key that we made.
/// What is not printable ASCII becomes `?`, so that a key cannot forge a log line.
pub fn redact_key(key: &str) -> String {
    /// The most characters of a key that are shown.
    const SHOWN: usize = 8;
    let shown = SHOWN.min(key.len() / 4);
    let shown = key.chars().take(shown).map(|c| if c.is_ascii_graphic() { c } else { '?' });
    shown.chain(std::iter::once('…')).collect()
}

/// A question of a shard to control. Each has a safe answer for the case that none comes in time.
#[derive(Clone, Debug)]
pub enum Question {
    /// May this key publish? Safe answer: [`Denial::Unavailable`].
    Publish {
        /// The key, without a query.
        key: StreamKey,
        /// Where the publisher connects from.
        peer: IpAddr,
    },
    /// Which stream has this key, for a player that knows only that? Safe answer: none.
    Playback {
        /// The key.
        key: StreamKey,
    },
    /// Does this stream exist, live or not? Safe answer: unknown.
    Describe {
        /// The id from a URL.
        id: StreamId,
    },
    /// Which other node has this stream, which is not live on this one? Safe answer: none.
    Elsewhere {
        /// The id from a URL.
        id: StreamId,
    },
}

/// Control's answer to a [`Question`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Question::Publish`].
    Publish(Result<Grant, Denial>),
    /// To [`Question::Playback`]; `None` when no stream has the key.
    Playback(Option<StreamId>),
    /// To [`Question::Describe`]; `None` when there is no such stream.
    Describe(Option<Description>),
    /// To [`Question::Elsewhere`]: where the other node's media port is reached (`https://b.example.org`,
    /// no slash at the end); `None` when no other node has the stream.
    Elsewhere(Option<Arc<str>>),
}

/// The right to publish a stream.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The stream that the key belongs to.
    pub stream: StreamId,
    /// Its title, for pages and logs.
    pub title: Arc<str>,
    /// The shard that is the stream's home: where it is live or lingering now, else the least loaded.
    pub home: usize,
    /// A session number never given before for this stream, over restarts too. It is used when the
    /// publish opens a new session rather than continuing one.
    pub session: u32,
    /// Media sequence numbers of a new session start here or later: above all that were used before.
    pub first_msn: u64,
    /// The most viewers at a time; 0 is no limit.
    pub max_viewers: u32,
}

/// Why a publish is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No stream has this key.
    UnknownKey,
    /// The stream was disabled, stopped or cancelled.
    Disabled,
    /// The owner has this many streams live, which is the limit.
    TooManyStreams {
        /// `MAX_STREAMS_PER_USER`.
        limit: u32,
    },
    /// Another node has a publisher of the stream.
    Elsewhere {
        /// The node's name.
        node: Arc<str>,
    },
    /// Control did not answer in time.
    Unavailable,
}

/// What a viewer may know of a stream that need not be live.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its title.
    pub title: Arc<str>,
}

/// What happened on a shard, told to control; never answered.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A publisher's first media arrived; `session` is the session that it opened or continues.
    Started {
        /// The stream.
        stream: StreamId,
        /// The session.
        session: u32,
    },
    /// The publisher is gone, or has been silent for so long that another one may take its place.
    Lingering {
        /// The stream.
        stream: StreamId,
    },
    /// A publisher sends again.
    Returned {
        /// The stream.
        stream: StreamId,
    },
    /// The publisher has been gone for too long, or control stopped the stream: the session is over.
    Ended {
        /// The stream.
        stream: StreamId,
        /// The session.
        session: u32,
        /// The last media sequence number that was used.
        last_msn: u64,
    },
}

/// An order of control to the home shard of a stream: carried out at once, never answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Cut the publisher and end the session without waiting for a return. A stream that is not there
    /// needs nothing.
    Stop {
        /// The stream.
        stream: StreamId,
        /// What the publisher is told and the log says.
        reason: StopReason,
    },
    /// From now on so many viewers may watch at a time; those who are there stay.
    Limit {
        /// The stream.
        stream: StreamId,
        /// The most viewers; 0 is no limit.
        max_viewers: u32,
    },
}

/// Why a stream, or its publisher, is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The stream was disabled.
    Disabled,
    /// The stream, or its owner, was removed.
    Removed,
    /// The stream has a new key; the one that was presented no longer works.
    KeyReplaced,
    /// The owner or an administrator stopped it.
    Stopped,
    /// Another publisher has it now, here or on another node.
    Taken,
    /// The publisher's connection alone was cut: it may come back.
    Cut,
    /// The server ends.
    Ending,
}

impl StopReason {
    const ALL: [Self; 7] = [
        Self::Disabled,
        Self::Removed,
        Self::KeyReplaced,
        Self::Stopped,
        Self::Taken,
        Self::Cut,
        Self::Ending,
    ];

    /// Its name between nodes, which never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Removed => "removed",
            Self::KeyReplaced => "keyReplaced",
            Self::Stopped => "stopped",
            Self::Taken => "taken",
            Self::Cut => "cut",
            Self::Ending => "ending",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl std::fmt::Display for StopReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Disabled => "the stream was disabled",
            Self::Removed => "the stream was removed",
            Self::KeyReplaced => "the stream key was replaced",
            Self::Stopped => "the stream was stopped",
            Self::Taken => "another publisher took the stream over",
            Self::Cut => "the connection was cut by the stream's owner or an administrator",
            Self::Ending => "the server is going down",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_to_stop_is_known_by_its_name() {
        for reason in StopReason::ALL {
            assert_eq!(StopReason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(StopReason::from_name("of a later version"), None);
    }

    #[test]
    fn a_redacted_key_shows_its_prefix_and_cannot_forge_a_line() {
        assert_eq!(redact_key("sk_live_0123456789abcdefghijklmnopqrstuvw"), "sk_live_…");
        assert_eq!(redact_key("short-key"), "sh…");
        assert_eq!(redact_key(""), "…");
        assert_eq!(redact_key("\n\r\u{1b}[31m-and-then-much-more-of-it"), "???[31m-…");
        assert_eq!(redact_key("ßßßßßßßß"), "????…");
        let key = StreamKey("sk_live_0123456789abcdefghijklmnopqrstuvw".into());
        assert_eq!(format!("{key:?} {}", key.redacted()), "[stream key] sk_live_…");
    }
}
