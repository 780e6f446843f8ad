use thiserror::Error;

use crate::{ByteRange, Cors, Method, Status, mime};

/// The interim response that makes a client with `Expect: 100-continue` send its body.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The longest value of a response's header field, in bytes.
const MAX_VALUE: usize = 8 * 1024;

/// A header field that must not be sent: its name is no token, or its value is longer than 8 KiB or
/// holds control or non-ASCII characters, which could start another field or response. It is the
/// server's own fault: answer with 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a response header field is refused: {0} has a value that must not be sent")]
pub struct HeaderError(pub &'static str);

/// How long a response may be kept (RFC 9111, RFC 8246).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheControl {
    /// Not at all: a viewer's own.
    NoStore,
    /// Only to be asked about again.
    NoCache,
    /// This many seconds, by any cache.
    MaxAge(u32),
    /// This many seconds, and it never changes under its name.
    Immutable(u32),
}

/// Writes a response head to the end of a buffer that is reused between responses.
///
/// Fields appear in the order of the calls. Call [`ResponseHead::finish`] last: without it the head has
/// no end, and with a refused field it takes everything back.
#[must_use = "a head without `finish` is not complete"]
#[derive(Debug)]
pub struct ResponseHead<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    status: Status,
    refused: Option<&'static str>,
}

impl<'o> ResponseHead<'o> {
    /// Starts a head at the end of `out`.
    pub fn new(out: &'o mut Vec<u8>, status: Status) -> Self {
        let start = out.len();
        out.extend_from_slice(b"HTTP/1.1 ");
        push_number(out, u64::from(status.code()));
        out.push(b' ');
        out.extend_from_slice(status.reason().as_bytes());
        out.extend_from_slice(b"\r\n");
        Self { out, start, status, refused: None }
    }

    /// The head of a problem document of `len` bytes; errors are not to be cached.
    pub(crate) fn problem(out: &'o mut Vec<u8>, status: Status, len: u64, cors: Cors<'_>) -> Self {
        Self::new(out, status)
            .content_type(mime::PROBLEM)
            .content_length(len)
            .cache(CacheControl::NoStore)
            .cors(cors)
    }

    /// Any field. For the fields below use their own methods.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if is_name(name) && is_value(value) {
            self.raw(name, value.as_bytes());
        } else {
            self.refused = self.refused.or(Some(name));
        }
        self
    }

    /// A field with a number.
    pub fn number(mut self, name: &'static str, value: u64) -> Self {
        if !is_name(name) {
            self.refused = self.refused.or(Some(name));
            return self;
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        push_number(self.out, value);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// `Date`, by [`http_date`](crate::http_date).
    pub fn date(mut self, date: &[u8; 29]) -> Self {
        if date.iter().all(|&b| is_value_byte(b)) {
            self.raw("Date", date);
        } else {
            self.refused = self.refused.or(Some("Date"));
        }
        self
    }

    /// `Content-Type`; see [`mime`].
    pub fn content_type(self, media_type: &str) -> Self {
        self.header("Content-Type", media_type)
    }

    /// `Content-Encoding: gzip`, with the `Vary` that belongs to it.
    pub fn gzip(self) -> Self {
        self.header("Content-Encoding", "gzip").vary("Accept-Encoding")
    }

    /// `Content-Length` in bytes; nothing where the status forbids it (1xx, 204).
    pub fn content_length(self, len: u64) -> Self {
        if self.status.forbids_length() { self } else { self.number("Content-Length", len) }
    }

    /// The body follows in chunks; see [`chunk`](crate::chunk).
    pub fn chunked(self) -> Self {
        self.header("Transfer-Encoding", "chunked")
    }

    /// `Cache-Control`.
    pub fn cache(self, cache: CacheControl) -> Self {
        let (directive, seconds, rest) = match cache {
            CacheControl::NoStore => ("no-store", None, ""),
            CacheControl::NoCache => ("no-cache", None, ""),
            CacheControl::MaxAge(seconds) => ("public, max-age=", Some(seconds), ""),
            CacheControl::Immutable(seconds) => ("public, max-age=", Some(seconds), ", immutable"),
        };
        self.out.extend_from_slice(b"Cache-Control: ");
        self.out.extend_from_slice(directive.as_bytes());
        if let Some(seconds) = seconds {
            push_number(self.out, u64::from(seconds));
        }
        self.out.extend_from_slice(rest.as_bytes());
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// `ETag`, with its quotes.
    pub fn etag(self, etag: &str) -> Self {
        self.header("ETag", etag)
    }

    /// `Accept-Ranges: bytes`.
    pub fn accept_ranges(self) -> Self {
        self.header("Accept-Ranges", "bytes")
    }

    /// `Content-Range` of a 206: these bytes of `len`. An empty range is refused.
    pub fn content_range(mut self, range: ByteRange, len: u64) -> Self {
        if range.is_empty() || range.end > len {
            self.refused = self.refused.or(Some("Content-Range"));
            return self;
        }
        self.out.extend_from_slice(b"Content-Range: bytes ");
        push_number(self.out, range.start);
        self.out.push(b'-');
        push_number(self.out, range.end - 1);
        self.out.push(b'/');
        push_number(self.out, len);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// `Content-Range` of a 416.
    pub fn unsatisfied_range(self, len: u64) -> Self {
        self.out.extend_from_slice(b"Content-Range: bytes */");
        push_number(self.out, len);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// What the CORS policy says to this request, by [`CorsPolicy::decide`](crate::CorsPolicy::decide).
    pub fn cors(self, cors: Cors<'_>) -> Self {
        cors.write(self)
    }

    /// A `Vary` field; several add up.
    pub fn vary(self, field: &str) -> Self {
        self.header("Vary", field)
    }

    /// `Allow`, which a 405 must have.
    pub fn allow(self, methods: &[Method]) -> Self {
        let list = Method::list(methods);
        self.header("Allow", &list)
    }

    /// `Location`, percent-encoded already.
    pub fn location(mut self, uri: &str) -> Self {
        if uri.bytes().all(|b| b.is_ascii_graphic()) {
            return self.header("Location", uri);
        }
        self.refused = self.refused.or(Some("Location"));
        self
    }

    /// `Content-Security-Policy` of a page.
    pub fn csp(self, policy: &str) -> Self {
        self.header("Content-Security-Policy", policy)
    }

    /// `Strict-Transport-Security` for this many seconds (RFC 6797); only under TLS.
    pub fn hsts(self, seconds: u32) -> Self {
        self.out.extend_from_slice(b"Strict-Transport-Security: max-age=");
        push_number(self.out, u64::from(seconds));
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// `Connection`: whether the connection stays open after this response.
    pub fn keep_alive(mut self, keep_alive: bool) -> Self {
        self.raw("Connection", if keep_alive { b"keep-alive" } else { b"close" });
        self
    }

    /// Ends the head. Every final response gets `X-Content-Type-Options: nosniff` and
    /// `Referrer-Policy: no-referrer` here.
    ///
    /// # Errors
    /// [`HeaderError`] names the first field that was refused; the buffer is as it was before.
    pub fn finish(mut self) -> Result<(), HeaderError> {
        if let Some(name) = self.refused {
            self.out.truncate(self.start);
            return Err(HeaderError(name));
        }
        if !self.status.is_interim() {
            self.raw("X-Content-Type-Options", b"nosniff");
            self.raw("Referrer-Policy", b"no-referrer");
        }
        self.out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn raw(&mut self, name: &str, value: &[u8]) {
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(b"\r\n");
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_value(value: &str) -> bool {
    value.len() <= MAX_VALUE && value.bytes().all(is_value_byte)
}

fn is_value_byte(byte: u8) -> bool {
    byte == b'\t' || (0x20..0x7f).contains(&byte)
}

fn push_number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
