use crate::{HttpError, Limits};

/// How a request's body is framed (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// This many bytes; never 0.
    Length(u64),
    /// Chunks up to an empty one.
    Chunked,
}

/// What [`BodyReader::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPart<'b> {
    /// Some bytes of the body, never none.
    Data(&'b [u8]),
    /// The input is used up and the body goes on.
    Partial,
    /// The body has ended; what is left of the input belongs to the next request.
    End,
}

/// Takes a request's body apart from what follows it, chunk framing removed. It holds no data.
#[derive(Clone, Debug)]
pub struct BodyReader {
    state: State,
    /// Data bytes that may still come.
    allowed: u64,
    limit: u64,
    /// Bytes of the current framing line, or of the trailers.
    line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    /// The hexadecimal size of a chunk; whether a digit has come.
    Size(u64, bool),
    Extension(u64),
    SizeEnd(u64),
    Data(u64),
    DataEnd,
    DataLineFeed,
    /// At the start of a trailer line.
    Trailer,
    TrailerLine,
    TrailerLineEnd,
    LastLineFeed,
    End,
}

impl BodyReader {
    /// The longest chunk size line with its extension, in bytes.
    pub const MAX_CHUNK_LINE: usize = 256;
    /// The most bytes of all trailer fields together. They are read and dropped.
    pub const MAX_TRAILERS: usize = 4096;

    /// A reader for a body that is framed like this.
    pub fn new(body: Body, limits: &Limits) -> Self {
        let state = match body {
            Body::None => State::End,
            Body::Length(len) => State::Length(len),
            Body::Chunked => State::Size(0, false),
        };
        Self { state, allowed: limits.body_bytes, limit: limits.body_bytes, line: 0 }
    }

    /// Takes the next part off the front of `input`. Call it until it gives [`BodyPart::Partial`] and
    /// then with newly received bytes.
    ///
    /// # Errors
    /// [`HttpError::BodyTooLarge`] as soon as a chunk announces more than the limit allows, and
    /// [`HttpError::Chunk`]. The connection must close; the reader is of no further use.
    pub fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<BodyPart<'b>, HttpError> {
        loop {
            match self.state {
                State::End | State::Length(0) => return Ok(BodyPart::End),
                _ if input.is_empty() => return Ok(BodyPart::Partial),
                State::Length(left) => {
                    let data = take(input, left);
                    self.spend(data.len() as u64)?;
                    self.state = State::Length(left - data.len() as u64);
                    return Ok(BodyPart::Data(data));
                }
                State::Data(left) => {
                    let data = take(input, left);
                    self.state = match left - data.len() as u64 {
                        0 => State::DataEnd,
                        left => State::Data(left),
                    };
                    return Ok(BodyPart::Data(data));
                }
                _ => {
                    let byte = input[0];
                    *input = &input[1..];
                    self.state = self.framing(byte)?;
                }
            }
        }
    }

    /// Takes and drops what has come of the body; true when it has ended.
    ///
    /// # Errors
    /// As [`BodyReader::next`].
    pub fn skip(&mut self, input: &mut &[u8]) -> Result<bool, HttpError> {
        loop {
            match self.next(input)? {
                BodyPart::Data(_) => {}
                BodyPart::Partial => return Ok(false),
                BodyPart::End => return Ok(true),
            }
        }
    }

    /// The state after one byte of chunk framing (RFC 9112 section 7.1).
    fn framing(&mut self, byte: u8) -> Result<State, HttpError> {
        self.line += 1;
        let line_limit = match self.state {
            State::Trailer | State::TrailerLine | State::TrailerLineEnd => Self::MAX_TRAILERS,
            _ => Self::MAX_CHUNK_LINE,
        };
        if self.line > line_limit {
            return Err(HttpError::Chunk("a chunk's size line or the trailers are too long"));
        }
        match (self.state, byte) {
            (State::Size(size, some), _) => self.size(size, some, byte),
            (State::Extension(size), b'\r') => Ok(State::SizeEnd(size)),
            (State::Extension(size), _) if byte == b'\t' || !byte.is_ascii_control() => {
                Ok(State::Extension(size))
            }
            (State::SizeEnd(size), b'\n') => {
                self.line = 0;
                Ok(if size == 0 { State::Trailer } else { State::Data(size) })
            }
            (State::DataEnd, b'\r') => Ok(State::DataLineFeed),
            (State::DataLineFeed, b'\n') => {
                self.line = 0;
                Ok(State::Size(0, false))
            }
            (State::Trailer, b'\r') => Ok(State::LastLineFeed),
            (State::TrailerLine, b'\r') => Ok(State::TrailerLineEnd),
            (State::TrailerLineEnd, b'\n') => Ok(State::Trailer),
            (State::LastLineFeed, b'\n') => Ok(State::End),
            (State::Trailer | State::TrailerLine, _)
                if byte == b'\t' || !byte.is_ascii_control() =>
            {
                Ok(State::TrailerLine)
            }
            _ => Err(HttpError::Chunk("a line ends in CR LF and holds no control characters")),
        }
    }

    /// A byte of a chunk's size line, up to the end of the digits.
    fn size(&mut self, size: u64, some: bool, byte: u8) -> Result<State, HttpError> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            let size = size.saturating_mul(16).saturating_add(u64::from(digit));
            if size > self.allowed {
                return Err(HttpError::BodyTooLarge { limit: self.limit });
            }
            return Ok(State::Size(size, true));
        }
        let next = match byte {
            b'\r' => State::SizeEnd(size),
            b';' | b' ' | b'\t' => State::Extension(size),
            _ => return Err(HttpError::Chunk("a chunk's size is hexadecimal")),
        };
        if !some {
            return Err(HttpError::Chunk("a chunk has a size"));
        }
        self.spend(size)?;
        Ok(next)
    }

    fn spend(&mut self, bytes: u64) -> Result<(), HttpError> {
        let left = self.allowed.checked_sub(bytes);
        self.allowed = left.ok_or(HttpError::BodyTooLarge { limit: self.limit })?;
        Ok(())
    }
}

fn take<'b>(input: &mut &'b [u8], most: u64) -> &'b [u8] {
    let count = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    let (taken, rest) = input.split_at(count);
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The body's bytes and what is left, with the input cut into pieces of these sizes.
    fn read(body: Body, input: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, bool, usize), HttpError> {
        let mut reader = BodyReader::new(body, &Limits { body_bytes: 100, ..Limits::default() });
        let (mut data, mut at, mut cuts) = (Vec::new(), 0, cuts.iter().copied().cycle());
        loop {
            let end = (at + cuts.next().unwrap_or(usize::MAX).clamp(1, 1 << 20)).min(input.len());
            let mut rest = &input[at..end];
            loop {
                match reader.next(&mut rest)? {
                    BodyPart::Data(bytes) => data.extend_from_slice(bytes),
                    BodyPart::End => return Ok((data, true, input.len() - end + rest.len())),
                    BodyPart::Partial => break,
                }
            }
            at = end;
            if at == input.len() {
                return Ok((data, false, 0));
            }
        }
    }

    #[test]
    fn a_body_with_a_length_ends_where_it_says() {
        assert_eq!(read(Body::Length(3), b"abcGET", &[]), Ok((b"abc".to_vec(), true, 3)));
        assert_eq!(read(Body::Length(9), b"abc", &[]), Ok((b"abc".to_vec(), false, 0)));
        assert_eq!(read(Body::None, b"abc", &[]), Ok((vec![], true, 3)));
    }

    #[test]
    fn chunks_are_joined_and_extensions_and_trailers_dropped() {
        let input = b"3\r\nabc\r\nA;name=\"v\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
        assert_eq!(read(Body::Chunked, input, &[]), Ok((b"abc0123456789".to_vec(), true, 3)));
        assert_eq!(read(Body::Chunked, b"0\r\n\r\n", &[]), Ok((vec![], true, 0)));
    }

    #[test]
    fn broken_chunks_are_refused() {
        for input in [
            &b"\r\n"[..],
            b"x\r\n",
            b"-1\r\n",
            b"3\nabc",
            b"3\r\nabcd",
            b"3\r\nabc\n",
            b";a\r\n",
            b"3\r\rabc",
            b"0\r\n\n",
            b"0\r\na\n",
            b"3;\x01",
        ] {
            assert!(
                matches!(read(Body::Chunked, input, &[]), Err(HttpError::Chunk(_))),
                "{input:?}"
            );
        }
    }

    #[test]
    fn bodies_over_the_limit_are_refused_when_they_are_announced() {
        let too_large = Err(HttpError::BodyTooLarge { limit: 100 });
        assert_eq!(read(Body::Chunked, b"65", &[]), too_large);
        assert_eq!(read(Body::Chunked, b"ffffffffffffffffffffff", &[]), too_large);
        let input = [&b"64\r\n"[..], &[0; 100], b"\r\n1"].concat();
        assert_eq!(read(Body::Chunked, &input, &[]), too_large);
    }

    #[test]
    fn endless_framing_is_refused() {
        let extension = [&b"1;"[..], &[b'a'; 300]].concat();
        assert!(matches!(read(Body::Chunked, &extension, &[]), Err(HttpError::Chunk(_))));
        let zeros = [b'0'; 300];
        assert!(matches!(read(Body::Chunked, &zeros, &[]), Err(HttpError::Chunk(_))));
        let trailers = [&b"0\r\n"[..], &b"a: b\r\n".repeat(1000)].concat();
        assert!(matches!(read(Body::Chunked, &trailers, &[]), Err(HttpError::Chunk(_))));
    }

    #[test]
    fn what_a_server_writes_in_chunks_is_read_back() {
        let mut input = Vec::new();
        for piece in [&b"hello"[..], b"world"] {
            input.extend_from_slice(crate::chunk::header(piece.len() as u64).as_ref());
            input.extend_from_slice(piece);
            input.extend_from_slice(crate::chunk::END);
        }
        input.extend_from_slice(crate::chunk::LAST);
        assert_eq!(read(Body::Chunked, &input, &[]), Ok((b"helloworld".to_vec(), true, 0)));
    }

    proptest! {
        #[test]
        fn where_the_input_is_cut_changes_nothing(
            pieces in prop::collection::vec("[0-9a-f;\r\n]{0,6}|\r\n|1\r\na\r\n|0\r\n\r\n", 0..20),
            cuts in prop::collection::vec(1usize..5, 1..8),
        ) {
            let input = pieces.concat().into_bytes();
            let whole = read(Body::Chunked, &input, &[]);
            prop_assert_eq!(whole, read(Body::Chunked, &input, &cuts));
        }
    }
}
