use bytes::Bytes;

use super::DEFAULT_CHUNK_SIZE;
use super::header::{Basic, Fields, MAX_HEADER, number};
use crate::message::{Kind, Message};
use crate::{Error, Limits};

/// Puts messages together from chunks, in whatever pieces these arrive.
///
/// Memory follows what has arrived, not what was announced: a message begins with at most
/// [`FIRST_RESERVE`] and then doubles as it fills.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    chunk_size: usize,
    streams: Vec<ChunkStream>,
    /// Bytes that came and are not used yet: a header that is not whole.
    carry: Carry,
    /// The chunk whose payload is being read.
    payload: Option<Payload>,
    repeats: Repeats,
    /// Memory reserved for unfinished messages, in bytes.
    reserved: usize,
    max_media: usize,
    max_other: usize,
    max_partial: usize,
    max_streams: usize,
}

/// What a message gets before its payload arrives, at most; in bytes.
const FIRST_RESERVE: usize = 64 * 1024;

#[derive(Debug, Default)]
struct ChunkStream {
    id: u32,
    timestamp: u32,
    /// What a format 3 header adds to the timestamp when it begins a message.
    delta: u32,
    /// The extended field of the last header of formats 0 to 2, if it had one.
    extended: Option<u32>,
    length: usize,
    kind: u8,
    stream: u32,
    /// The message so far, while one is unfinished.
    partial: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug)]
struct Payload {
    index: usize,
    left: usize,
}

#[derive(Debug, Default)]
struct Carry {
    bytes: [u8; MAX_HEADER],
    len: usize,
}

/// Whether format 3 headers repeat the extended timestamp. The specification says so (section
/// 5.3.1.3), and some encoders do not; the first such header with a recognisable value decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    Unknown,
    Yes,
    No,
}

/// A chunk header, whole.
struct Header {
    basic: Basic,
    /// `None` in format 3.
    fields: Option<Fields>,
    index: Option<usize>,
    repeats: Repeats,
    len: usize,
    /// Bytes behind it that were looked at to decide on `repeats`, and are none of it.
    peeked: usize,
}

impl ChunkReader {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            chunk_size: DEFAULT_CHUNK_SIZE,
            streams: Vec::new(),
            carry: Carry::default(),
            payload: None,
            repeats: Repeats::Unknown,
            reserved: 0,
            max_media: limits.max_media_message,
            max_other: limits.max_other_message,
            max_partial: limits.max_partial_bytes,
            max_streams: limits.max_chunk_streams,
        }
    }

    /// From the next chunk on.
    pub(crate) fn set_chunk_size(&mut self, size: usize) {
        self.chunk_size = size;
    }

    /// Forgets the unfinished message of a chunk stream (Abort, RTMP section 5.4.2).
    pub(crate) fn abort(&mut self, chunk_stream: u32) {
        let found = self.streams.iter_mut().find(|stream| stream.id == chunk_stream);
        if let Some(partial) = found.and_then(|stream| stream.partial.take()) {
            self.reserved -= partial.capacity();
        }
    }

    /// Uses `input` up to the end of the next message; without one, all of it.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        loop {
            let Some(payload) = self.payload else {
                if self.take_header(input)? {
                    continue;
                }
                return Ok(None);
            };
            let left = self.take_payload(payload, input)?;
            if left > 0 {
                self.payload = Some(Payload { left, ..payload });
                return Ok(None);
            }
            self.payload = None;
            if let Some(message) = self.finish(payload.index) {
                return Ok(Some(message));
            }
        }
    }

    /// False when `input` ended inside the header.
    fn take_header(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        let carried = self.carry.len;
        let header = if carried == 0 {
            self.parse(input)?
        } else {
            let fresh = input.len().min(MAX_HEADER - carried);
            self.carry.bytes[carried..carried + fresh].copy_from_slice(&input[..fresh]);
            self.parse(&self.carry.bytes[..carried + fresh])?
        };
        let Some(header) = header else {
            // Too short for a header, and so for MAX_HEADER.
            self.carry.bytes[carried..carried + input.len()].copy_from_slice(input);
            self.carry.len += input.len();
            *input = &[];
            return Ok(false);
        };
        if header.peeked > 0 {
            // Where the header came in pieces some of these are taken already. Taking all of them in any
            // case makes what is taken, and so what is acknowledged, depend on the bytes alone.
            let taken = header.len + header.peeked - carried;
            self.carry.bytes[carried..carried + taken].copy_from_slice(&input[..taken]);
            self.carry.len = carried + taken;
            *input = &input[taken..];
            self.carry.drop_front(header.len);
        } else {
            self.carry.drop_front(header.len.min(carried));
            *input = &input[header.len.saturating_sub(carried)..];
        }
        self.repeats = header.repeats;
        self.begin_chunk(&header)?;
        Ok(true)
    }

    /// `None` when `bytes` ends inside the header; never with [`MAX_HEADER`] bytes or more.
    fn parse(&self, bytes: &[u8]) -> Result<Option<Header>, Error> {
        let Some(basic) = Basic::parse(bytes) else { return Ok(None) };
        let rest = &bytes[basic.len..];
        let index = self.streams.iter().position(|stream| stream.id == basic.chunk_stream);
        let repeats = self.repeats;
        let mut header = Header { basic, fields: None, index, repeats, len: basic.len, peeked: 0 };
        if basic.format < 3 {
            // librtmp opens its first chunk stream with format 1; there is nothing to take a length
            // from in formats 2 and 3.
            if index.is_none() && basic.format == 2 {
                return Err(without_context(basic));
            }
            header.fields = Fields::parse(basic.format, rest);
            header.len += header.fields.map_or(0, |fields| fields.len);
            return Ok(header.fields.is_some().then_some(header));
        }
        let known = index.map(|index| &self.streams[index]);
        let extended = known.ok_or_else(|| without_context(basic))?.extended;
        if let Some(expected) = extended
            && self.repeats != Repeats::No
        {
            let Some(found) = number(rest) else { return Ok(None) };
            if self.repeats == Repeats::Unknown {
                header.repeats = if found == expected { Repeats::Yes } else { Repeats::No };
            }
            if header.repeats == Repeats::Yes {
                header.len += 4;
            } else {
                header.peeked = 4;
            }
        }
        Ok(Some(header))
    }

    fn begin_chunk(&mut self, header: &Header) -> Result<(), Error> {
        let index = match header.index {
            Some(index) => index,
            None if self.streams.len() >= self.max_streams => {
                return Err(Error::TooManyChunkStreams(self.max_streams));
            }
            None => {
                let id = header.basic.chunk_stream;
                self.streams.push(ChunkStream { id, ..ChunkStream::default() });
                self.streams.len() - 1
            }
        };
        let stream = &mut self.streams[index];
        if stream.partial.is_none() {
            stream.update(header.fields);
            self.begin_message(index)?;
        } else if header.fields.is_some() {
            return Err(Error::InterruptedMessage { chunk_stream: stream.id });
        }
        let stream = &self.streams[index];
        let missing = stream.length - stream.partial.as_ref().map_or(0, Vec::len);
        self.payload = Some(Payload { index, left: missing.min(self.chunk_size) });
        Ok(())
    }

    fn begin_message(&mut self, index: usize) -> Result<(), Error> {
        let stream = &mut self.streams[index];
        let (kind, length) = (stream.kind, stream.length);
        let limit = if Kind::from_u8(kind).is_media() { self.max_media } else { self.max_other };
        if length > limit {
            return Err(Error::MessageTooLong { kind, length, limit });
        }
        let reserve = length.min(FIRST_RESERVE);
        if self.reserved + reserve > self.max_partial {
            return Err(Error::TooMuchUnfinished(self.max_partial));
        }
        let partial = Vec::with_capacity(reserve);
        self.reserved += partial.capacity();
        stream.partial = Some(partial);
        Ok(())
    }

    /// Moves payload to the message; how much of the chunk is missing then.
    fn take_payload(&mut self, payload: Payload, input: &mut &[u8]) -> Result<usize, Error> {
        let Payload { index, left } = payload;
        let carried = left.min(self.carry.len);
        let fresh = (left - carried).min(input.len());
        self.reserve(index, carried + fresh)?;
        if let Some(partial) = &mut self.streams[index].partial {
            partial.extend_from_slice(&self.carry.bytes[..carried]);
            partial.extend_from_slice(&input[..fresh]);
        }
        self.carry.drop_front(carried);
        *input = &input[fresh..];
        Ok(left - carried - fresh)
    }

    /// Makes room for `more` bytes of the message, which fit into its length.
    fn reserve(&mut self, index: usize, more: usize) -> Result<(), Error> {
        let ChunkStream { length, partial: Some(partial), .. } = &mut self.streams[index] else {
            return Ok(());
        };
        let (needed, before) = (partial.len() + more, partial.capacity());
        if needed <= before {
            return Ok(());
        }
        // Doubled as often as it takes, as if the bytes had come one by one.
        let mut target = before;
        while target < needed {
            target = (2 * target).min(*length);
        }
        if self.reserved + (target - before) > self.max_partial {
            return Err(Error::TooMuchUnfinished(self.max_partial));
        }
        partial.reserve_exact(target - partial.len());
        self.reserved += partial.capacity() - before;
        Ok(())
    }

    /// The message, if the chunk that ended was its last.
    fn finish(&mut self, index: usize) -> Option<Message> {
        let stream = &mut self.streams[index];
        let body = stream.partial.take_if(|partial| partial.len() == stream.length)?;
        self.reserved -= body.capacity();
        Some(Message {
            kind: Kind::from_u8(stream.kind),
            stream: stream.stream,
            timestamp: stream.timestamp,
            body: Bytes::from(body),
        })
    }

    /// Memory that unfinished messages hold, in bytes.
    #[cfg(test)]
    pub(super) const fn reserved(&self) -> usize {
        self.reserved
    }
}

impl ChunkStream {
    /// Takes over what the header of a new message says, and the rest from the message before.
    fn update(&mut self, fields: Option<Fields>) {
        let Some(fields) = fields else {
            self.timestamp = self.timestamp.wrapping_add(self.delta);
            return;
        };
        self.extended = fields.extended.then_some(fields.time);
        // A format 3 header after format 0 adds that one's timestamp (section 5.3.1.2.4).
        self.delta = fields.time;
        if let Some(stream) = fields.stream {
            self.stream = stream;
            self.timestamp = fields.time;
        } else {
            self.timestamp = self.timestamp.wrapping_add(fields.time);
        }
        if let Some((length, kind)) = fields.shape {
            self.length = length as usize;
            self.kind = kind;
        }
    }
}

impl Carry {
    fn drop_front(&mut self, count: usize) {
        self.bytes.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

fn without_context(basic: Basic) -> Error {
    Error::HeaderWithoutContext { chunk_stream: basic.chunk_stream, header_type: basic.format }
}
