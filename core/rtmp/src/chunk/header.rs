use crate::media_header::EXTENDED;

/// The longest chunk header: 3 bytes of chunk stream, 11 of message header, 4 of timestamp.
pub(super) const MAX_HEADER: usize = 18;

/// A chunk's basic header (RTMP, section 5.3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Basic {
    /// How much of the message header follows: 0 all, 1 without the stream, 2 the time only, 3 nothing.
    pub(super) format: u8,
    /// 2 to 65,599.
    pub(super) chunk_stream: u32,
    /// Its own length in bytes.
    pub(super) len: usize,
}

impl Basic {
    /// `None` when `bytes` ends inside it.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &first = bytes.first()?;
        let (chunk_stream, len) = match first & 0x3f {
            0 => (64 + u32::from(*bytes.get(1)?), 2),
            1 => (64 + u32::from(*bytes.get(1)?) + 256 * u32::from(*bytes.get(2)?), 3),
            short => (u32::from(short), 1),
        };
        Some(Self { format: first >> 6, chunk_stream, len })
    }
}

/// A chunk's message header (RTMP, section 5.3.1.2), as far as its format carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// A timestamp in format 0, the distance from the last message in formats 1 and 2.
    pub(super) time: u32,
    /// Whether `time` came in the extended field.
    pub(super) extended: bool,
    /// The message's length and type, in formats 0 and 1.
    pub(super) shape: Option<(u32, u8)>,
    /// The message stream, in format 0.
    pub(super) stream: Option<u32>,
    /// Their length in bytes.
    pub(super) len: usize,
}

impl Fields {
    /// For formats 0 to 2; `None` when `bytes` ends inside them.
    pub(super) fn parse(format: u8, bytes: &[u8]) -> Option<Self> {
        let u24 =
            |at: usize| bytes.get(at..at + 3).map(|b| u32::from_be_bytes([0, b[0], b[1], b[2]]));
        let mut fields = Self { time: u24(0)?, len: 3, ..Self::default() };
        if format <= 1 {
            fields.shape = Some((u24(3)?, *bytes.get(6)?));
            fields.len = 7;
        }
        if format == 0 {
            let stream = bytes.get(7..11)?.first_chunk()?;
            fields.stream = Some(u32::from_le_bytes(*stream));
            fields.len = 11;
        }
        if fields.time == EXTENDED {
            fields.time = number(bytes.get(fields.len..)?)?;
            fields.extended = true;
            fields.len += 4;
        }
        Some(fields)
    }
}

/// The number at the front of `bytes`: an extended timestamp.
pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
