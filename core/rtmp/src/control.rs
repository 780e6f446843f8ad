//! Protocol control messages (RTMP, section 5.4) and user control messages (section 7.1.7): bodies.

use crate::Error;
use crate::message::Message;

/// The number that begins the body of a control message.
pub(crate) fn number(message: &Message) -> Result<u32, Error> {
    let short = Error::ShortControl { kind: message.kind.to_u8(), length: message.body.len() };
    message.body.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)).ok_or(short)
}

/// The chunk size that a Set Chunk Size asks for; sizes over the longest message are all the same.
pub(crate) fn chunk_size(message: &Message) -> Result<usize, Error> {
    match number(message)? {
        bad @ (0 | 0x8000_0000..) => Err(Error::BadChunkSize(bad)),
        size => Ok((size as usize).min(crate::OUT_CHUNK_SIZE)),
    }
}

/// The body of Set Peer Bandwidth, limit type "dynamic" (section 5.4.5).
pub(crate) fn peer_bandwidth(window: u32) -> [u8; 5] {
    let [a, b, c, d] = window.to_be_bytes();
    [a, b, c, d, 2]
}

/// What a user control message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserControl {
    /// A stream has become usable.
    StreamBegin(u32),
    /// A stream has no more to play.
    StreamEof(u32),
    /// A player's buffer, in milliseconds.
    SetBufferLength { stream: u32, millis: u32 },
    /// "Are you there?"
    PingRequest(u32),
    /// "Yes", with the request's number.
    PingResponse(u32),
    /// Anything else.
    Other(u16),
}

impl UserControl {
    /// From a message's body.
    pub(crate) fn parse(message: &Message) -> Result<Self, Error> {
        let body = &message.body[..];
        let short = || Error::ShortControl { kind: message.kind.to_u8(), length: body.len() };
        let (event, data) = body.split_first_chunk().ok_or_else(short)?;
        let first = || data.first_chunk().map(|b| u32::from_be_bytes(*b)).ok_or_else(short);
        Ok(match u16::from_be_bytes(*event) {
            0 => Self::StreamBegin(first()?),
            1 => Self::StreamEof(first()?),
            3 => {
                let millis = data.get(4..8).and_then(<[u8]>::first_chunk).ok_or_else(short)?;
                Self::SetBufferLength { stream: first()?, millis: u32::from_be_bytes(*millis) }
            }
            6 => Self::PingRequest(first()?),
            7 => Self::PingResponse(first()?),
            other => Self::Other(other),
        })
    }

    /// A message's body.
    pub(crate) fn to_body(self) -> Vec<u8> {
        let (event, first, second): (u16, u32, Option<u32>) = match self {
            Self::StreamBegin(stream) => (0, stream, None),
            Self::StreamEof(stream) => (1, stream, None),
            Self::SetBufferLength { stream, millis } => (3, stream, Some(millis)),
            Self::PingRequest(number) => (6, number, None),
            Self::PingResponse(number) => (7, number, None),
            Self::Other(event) => (event, 0, None),
        };
        let mut body = event.to_be_bytes().to_vec();
        body.extend_from_slice(&first.to_be_bytes());
        body.extend(second.into_iter().flat_map(u32::to_be_bytes));
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Kind;

    fn message(kind: Kind, body: Vec<u8>) -> Message {
        Message { kind, stream: 0, timestamp: 0, body: body.into() }
    }

    #[test]
    fn user_control_survives_a_round_trip() {
        for event in [
            UserControl::StreamBegin(1),
            UserControl::StreamEof(1),
            UserControl::SetBufferLength { stream: 1, millis: 3000 },
            UserControl::PingRequest(77),
            UserControl::PingResponse(77),
            UserControl::Other(31),
        ] {
            let message = message(Kind::UserControl, event.to_body());
            assert_eq!(UserControl::parse(&message), Ok(event));
        }
    }

    #[test]
    fn short_bodies_are_errors() {
        let short = |length| Error::ShortControl { kind: 4, length };
        for body in [vec![], vec![0], vec![0, 6, 0, 0], vec![0, 3, 0, 0, 0, 1, 0, 0]] {
            let length = body.len();
            let parsed = UserControl::parse(&message(Kind::UserControl, body));
            assert_eq!(parsed, Err(short(length)));
        }
    }

    #[test]
    fn a_chunk_size_is_bounded_on_both_sides() {
        let size = |n: u32| chunk_size(&message(Kind::SetChunkSize, n.to_be_bytes().to_vec()));
        assert_eq!(size(0), Err(Error::BadChunkSize(0)));
        assert_eq!(size(1), Ok(1));
        assert_eq!(size(0x7fff_ffff), Ok(crate::OUT_CHUNK_SIZE));
        assert_eq!(size(0x8000_0000), Err(Error::BadChunkSize(0x8000_0000)));
    }
}
