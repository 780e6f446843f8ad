//! The client's side of HTTP/1.1 on a connection that is kept (RFC 9112).

use std::io::Write as _;

use http1::{Body, BodyPart, BodyReader, HttpError, Limits};

use crate::Origin;
use crate::playlist::ByteRange;

/// The longest response head in bytes.
pub const MAX_HEAD: usize = 16 << 10;
/// The most header fields of a response.
pub const MAX_FIELDS: usize = 64;
/// The longest body in bytes: more than any segment.
pub const MAX_BODY: u64 = 1 << 30;

/// Why a response cannot be read. The connection is of no further use; the server is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The head is no HTTP/1.1.
    #[error("the server's answer is no HTTP/1.1")]
    Malformed,
    /// The head is longer than [`MAX_HEAD`] or has more than [`MAX_FIELDS`] fields.
    #[error("the head of the server's answer is too long")]
    HeadTooLong,
    /// The body is longer than [`MAX_BODY`].
    #[error("the server's answer is longer than {} MiB", MAX_BODY >> 20)]
    BodyTooLong,
    /// The chunks or the length of the body make no sense.
    #[error("the framing of the server's answer is broken")]
    Framing,
    /// The connection ended before the answer did.
    #[error("the server closed the connection before its answer was complete")]
    Truncated,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Whether another request may follow on the connection.
    pub keep_alive: bool,
    /// `Location` of a redirection (3xx).
    pub location: Option<String>,
}

/// What [`ResponseReader::next`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'b> {
    /// A response begins.
    Head(Head),
    /// Some bytes of its body, never none.
    Body(&'b [u8]),
    /// The response is complete.
    End,
    /// The input is used up and the response goes on.
    More,
}

/// Takes the responses of one connection apart. Bytes of bodies are given out where they lie.
#[derive(Debug, Default)]
pub struct ResponseReader {
    state: State,
    /// A head that came in pieces.
    head: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    /// So many bytes of the body are still to come.
    Length(u64),
    Chunked(BodyReader),
    /// The body ends with the connection.
    UntilClosed,
}

impl ResponseReader {
    /// Takes the next piece off the front of `input`. Call it until it gives [`Piece::More`], then
    /// with newly received bytes.
    ///
    /// # Errors
    /// The response makes no sense: see [`ResponseError`].
    pub fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<Piece<'b>, ResponseError> {
        match &mut self.state {
            State::Head => self.head(input),
            State::Length(0) => Ok(self.end()),
            _ if input.is_empty() => Ok(Piece::More),
            State::Length(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                let (body, rest) = input.split_at(count);
                *input = rest;
                *left -= count as u64;
                Ok(Piece::Body(body))
            }
            State::Chunked(reader) => match reader.next(input) {
                Ok(BodyPart::Data(body)) => Ok(Piece::Body(body)),
                Ok(BodyPart::Partial) => Ok(Piece::More),
                Ok(BodyPart::End) => Ok(self.end()),
                Err(HttpError::BodyTooLarge { .. }) => Err(ResponseError::BodyTooLong),
                Err(_) => Err(ResponseError::Framing),
            },
            State::UntilClosed => Ok(Piece::Body(std::mem::take(input))),
        }
    }

    /// How many of the bytes that come next belong to the body and need not be seen: receive them
    /// into nothing and tell [`ResponseReader::skip`]. 0 outside of bodies with a length.
    pub fn skippable(&self) -> u64 {
        match self.state {
            State::Length(left) => left,
            _ => 0,
        }
    }

    /// `count` bytes of [`ResponseReader::skippable`] came and were dropped.
    pub fn skip(&mut self, count: u64) {
        if let State::Length(left) = &mut self.state {
            *left = left.saturating_sub(count);
        }
    }

    /// The server closed the connection: the end of a body without a length.
    ///
    /// # Errors
    /// [`ResponseError::Truncated`] when something is missing; between responses too.
    pub fn closed(&mut self) -> Result<(), ResponseError> {
        let complete = matches!(self.state, State::UntilClosed);
        self.end();
        if complete { Ok(()) } else { Err(ResponseError::Truncated) }
    }

    fn end(&mut self) -> Piece<'static> {
        self.state = State::Head;
        self.head.clear();
        Piece::End
    }

    fn head<'b>(&mut self, input: &mut &'b [u8]) -> Result<Piece<'b>, ResponseError> {
        loop {
            let (head, framing) = if self.head.is_empty() {
                let Some(len) = end_of_head(input, 0).filter(|len| *len <= MAX_HEAD) else {
                    return self.keep(input);
                };
                let (head, rest) = input.split_at(len);
                *input = rest;
                parse_head(head)?
            } else {
                let known = self.head.len();
                let room = MAX_HEAD.saturating_sub(known).min(input.len());
                self.head.extend_from_slice(&input[..room]);
                let Some(len) = end_of_head(&self.head, known) else {
                    self.head.truncate(known);
                    return self.keep(input);
                };
                *input = &input[len - known..];
                self.head.truncate(len);
                let parsed = parse_head(&self.head)?;
                self.head.clear();
                parsed
            };
            // Interim responses announce the real one (RFC 9110 section 15.2).
            if !(100..200).contains(&head.status) {
                self.state = framing;
                return Ok(Piece::Head(head));
            }
        }
    }

    fn keep<'b>(&mut self, input: &mut &'b [u8]) -> Result<Piece<'b>, ResponseError> {
        if self.head.len() + input.len() > MAX_HEAD {
            return Err(ResponseError::HeadTooLong);
        }
        self.head.extend_from_slice(std::mem::take(input));
        Ok(Piece::More)
    }
}

/// Writes the head of a GET request behind what `out` holds. `user_agent` is a token of visible
/// characters.
pub fn write_request(
    out: &mut Vec<u8>,
    origin: &Origin,
    target: &str,
    range: Option<ByteRange>,
    user_agent: &str,
) {
    // Writing to memory does not fail.
    let _ = write!(
        out,
        "GET {target} HTTP/1.1\r\nHost: {origin}\r\nUser-Agent: {user_agent}\r\nAccept: */*\r\n"
    );
    if let Some(ByteRange { offset, len }) = range {
        let last = (offset + len).saturating_sub(1);
        let _ = write!(out, "Range: bytes={offset}-{last}\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// The length of the head at the start of `buffer`, whose first `known` bytes hold no end.
fn end_of_head(buffer: &[u8], known: usize) -> Option<usize> {
    let from = known.saturating_sub(3);
    let found = buffer.get(from..)?.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(from + found + 4)
}

fn parse_head(bytes: &[u8]) -> Result<(Head, State), ResponseError> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(ResponseError::HeadTooLong),
        Ok(httparse::Status::Partial) | Err(_) => return Err(ResponseError::Malformed),
    }
    let (Some(status), Some(version)) = (response.code, response.version) else {
        return Err(ResponseError::Malformed);
    };
    let field = |name: &str| {
        let found = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.and_then(|field| std::str::from_utf8(field.value).ok()).map(str::trim)
    };
    let says = |option: &str| {
        let list = field("connection").unwrap_or_default();
        list.split(',').any(|one| one.trim().eq_ignore_ascii_case(option))
    };
    let framing = framing(status, field("transfer-encoding"), field("content-length"))?;
    let keep_alive = match framing {
        State::UntilClosed => false,
        _ if version == 0 => says("keep-alive"),
        _ => !says("close"),
    };
    let redirects = (300..400).contains(&status);
    let location = field("location").filter(|_| redirects).map(str::to_owned);
    Ok((Head { status, keep_alive, location }, framing))
}

/// How the body of a response to GET is framed (RFC 9112 section 6.3).
fn framing(
    status: u16,
    encoding: Option<&str>,
    length: Option<&str>,
) -> Result<State, ResponseError> {
    if (100..200).contains(&status) || matches!(status, 204 | 304) {
        return Ok(State::Length(0));
    }
    match (encoding, length) {
        (Some(encoding), _) if encoding.eq_ignore_ascii_case("chunked") => {
            let limits = Limits { body_bytes: MAX_BODY, ..Limits::default() };
            Ok(State::Chunked(BodyReader::new(Body::Chunked, &limits)))
        }
        (Some(_), _) => Err(ResponseError::Framing),
        (None, Some(length)) => match length.parse() {
            Ok(length) if length <= MAX_BODY => Ok(State::Length(length)),
            Ok(_) => Err(ResponseError::BodyTooLong),
            Err(_) => Err(ResponseError::Framing),
        },
        (None, None) => Ok(State::UntilClosed),
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
