use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::Protocol;

/// The longest description of a peer's program that is kept, in bytes.
pub const MAX_AGENT: usize = 256;

/// Names who publishes or watches, for as long as it lasts, on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionId {
    /// A connection.
    Connection {
        /// The shard that serves it.
        shard: usize,
        /// Never given twice on the shard.
        number: u64,
    },
    /// A viewer that is known by its requests only, by a number that tells such viewers apart.
    Requests(u64),
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection { shard, number } => write!(f, "c{shard}-{number:x}"),
            Self::Requests(number) => write!(f, "r{number:016x}"),
        }
    }
}

/// The text is no session's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSessionId;

impl FromStr for SessionId {
    type Err = BadSessionId;

    fn from_str(text: &str) -> Result<Self, BadSessionId> {
        let hex = |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| BadSessionId);
        if let Some(digits) = text.strip_prefix('r') {
            return Ok(Self::Requests(hex(digits)?));
        }
        let (shard, number) =
            text.strip_prefix('c').and_then(|rest| rest.split_once('-')).ok_or(BadSessionId)?;
        let shard = shard.parse().map_err(|_| BadSessionId)?;
        Ok(Self::Connection { shard, number: hex(number)? })
    }
}

/// Which side of a stream somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Side {
    Publisher,
    Viewer,
}

/// Who publishes or watches a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// What it does.
    pub side: Side,
    /// How.
    pub protocol: Protocol,
    /// Where it connects from.
    pub address: IpAddr,
    /// Since when, in Unix milliseconds.
    pub since_ms: i64,
    /// How its program presents itself, at most [`MAX_AGENT`] bytes, where it does.
    pub agent: Option<Arc<str>>,
    /// Bytes that a publisher sent, or that were sent to a viewer; `None` where nobody counts them.
    pub bytes: Option<u64>,
    /// Times that it read too slowly and was moved to a newer group.
    pub skips: u64,
}

/// What of a program's description of itself is kept.
pub fn agent(text: &str) -> Arc<str> {
    text[..text.floor_char_boundary(MAX_AGENT)].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_as_they_are_written_and_nothing_else_is() {
        let ids = [
            SessionId::Connection { shard: 0, number: 0 },
            SessionId::Connection { shard: 63, number: u64::MAX },
            SessionId::Requests(7),
        ];
        for id in ids {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "c", "c1", "c-1", "cx-1", "c1-", "r", "rg", "1-1", "c1-11111111111111111"]
        {
            assert_eq!(text.parse::<SessionId>(), Err(BadSessionId), "{text}");
        }
    }

    #[test]
    fn a_long_description_is_cut_at_a_character() {
        assert_eq!(agent(&"é".repeat(200)).len(), MAX_AGENT);
        assert_eq!(agent(&format!("x{}", "é".repeat(200))).len(), MAX_AGENT - 1);
    }
}
