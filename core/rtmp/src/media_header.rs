use crate::message::Kind;

/// The chunk size that a session announces to a player before its first media: the longest that a
/// message's 24-bit length allows, so that each message is one chunk.
pub const OUT_CHUNK_SIZE: usize = 16_777_215;

/// The message stream on which every play happens.
pub(crate) const PLAY_STREAM: u32 = 1;

/// Timestamps from here on go into the extended field (RTMP, section 5.3.1.3).
pub(crate) const EXTENDED: u32 = 0x00ff_ffff;

/// What a player is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// The body of an FLV audio tag.
    Audio,
    /// The body of an FLV video tag.
    Video,
    /// AMF0 values, such as `onMetaData` and its object.
    Data,
}

impl MediaKind {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Audio => Kind::Audio,
            Self::Video => Kind::Video,
            Self::Data => Kind::Data,
        }
    }

    /// The chunk stream that messages of this kind use. Sessions send nothing else on these.
    pub(crate) const fn chunk_stream(self) -> u8 {
        match self {
            Self::Audio => 4,
            Self::Video => 6,
            Self::Data => 8,
        }
    }
}

/// A chunk header, in place: nothing is allocated for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    bytes: [u8; 18],
    len: u8,
}

impl Header {
    /// The bytes to send in front of the body.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The header of a media message to a player: header and body, one after the other, are the message.
///
/// It is complete in itself (type 0, RTMP section 5.3.1.2.1), so the same header and body serve every
/// player, in any order with what the session sends. It holds once a session has accepted a play and
/// its output has been sent, for then [`OUT_CHUNK_SIZE`] is announced. Milliseconds wrap at 2^32.
///
/// `None` when the body is longer than [`OUT_CHUNK_SIZE`].
pub fn media_header(kind: MediaKind, timestamp_ms: u32, body_len: usize) -> Option<Header> {
    (body_len <= OUT_CHUNK_SIZE).then(|| {
        type_0(kind.chunk_stream(), kind.kind(), PLAY_STREAM, timestamp_ms, body_len as u32)
    })
}

/// A chunk header with all fields; `chunk_stream` is 2 to 63, `length` has 24 bits.
pub(crate) fn type_0(
    chunk_stream: u8,
    kind: Kind,
    stream: u32,
    timestamp: u32,
    length: u32,
) -> Header {
    let mut bytes = [0; 18];
    bytes[0] = chunk_stream & 0x3f;
    bytes[1..4].copy_from_slice(&timestamp.min(EXTENDED).to_be_bytes()[1..]);
    bytes[4..7].copy_from_slice(&length.to_be_bytes()[1..]);
    bytes[7] = kind.to_u8();
    bytes[8..12].copy_from_slice(&stream.to_le_bytes());
    let mut len = 12;
    if timestamp >= EXTENDED {
        bytes[12..16].copy_from_slice(&timestamp.to_be_bytes());
        len = 16;
    }
    Header { bytes, len }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_holds_all_fields() {
        let header = media_header(MediaKind::Video, 0x01_02_03, 0x0a_0b_0c).unwrap();
        assert_eq!(header.as_slice(), [6, 1, 2, 3, 10, 11, 12, 9, 1, 0, 0, 0]);
    }

    #[test]
    fn a_late_timestamp_is_extended() {
        let header = media_header(MediaKind::Audio, 0x00ff_ffff, 1).unwrap();
        let expected = [4, 255, 255, 255, 0, 0, 1, 8, 1, 0, 0, 0, 0, 255, 255, 255];
        assert_eq!(header.as_slice(), expected);
        assert_eq!(media_header(MediaKind::Data, 0x00ff_fffe, 1).unwrap().as_slice().len(), 12);
    }

    #[test]
    fn a_body_longer_than_a_message_has_no_header() {
        assert!(media_header(MediaKind::Video, 0, OUT_CHUNK_SIZE).is_some());
        assert_eq!(media_header(MediaKind::Video, 0, OUT_CHUNK_SIZE + 1), None);
    }
}
