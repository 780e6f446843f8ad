use std::mem::MaybeUninit;

use crate::{
    Fields, HttpError, Limits, Method, Request, Version, known::Known, scan::HeadScan,
    target::Target,
};

/// What a buffer of received bytes holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed<'b> {
    /// Not yet a whole request head.
    Partial,
    /// A request head, and how many bytes of the buffer it took; its body follows them.
    Request {
        /// The head.
        request: Request<'b>,
        /// Its bytes, with leading empty lines.
        consumed: usize,
    },
}

/// Parses the request heads of one connection, looking at each received byte for a head's end once.
#[derive(Clone, Debug, Default)]
pub struct RequestParser {
    limits: Limits,
    scan: HeadScan,
}

impl RequestParser {
    /// A parser with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, scan: HeadScan::default() }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Looks for a request head at the start of `buf`. After [`Parsed::Partial`] it must be called
    /// with the same bytes and more behind them; after a request, with what follows it and its body.
    ///
    /// # Errors
    /// The head is refused, and so is the connection: see [`HttpError::must_close`].
    pub fn parse<'b>(&mut self, buf: &'b [u8]) -> Result<Parsed<'b>, HttpError> {
        let found = self.scan.find(buf, &self.limits);
        if !matches!(found, Ok(None)) {
            self.scan = HeadScan::default();
        }
        let Some(head) = found? else { return Ok(Parsed::Partial) };
        let consumed = head.end;
        let request = parse_head(&buf[head], &self.limits)?;
        Ok(Parsed::Request { request, consumed })
    }
}

/// Looks for a request head at the start of `buf`, from its first byte on. For a buffer that grows, a
/// [`RequestParser`] gives the same answers with less work.
///
/// # Errors
/// As [`RequestParser::parse`].
pub fn parse<'b>(buf: &'b [u8], limits: &Limits) -> Result<Parsed<'b>, HttpError> {
    RequestParser::new(limits.clone()).parse(buf)
}

/// Reads a head from its request line to its empty line.
fn parse_head<'b>(head: &'b [u8], limits: &Limits) -> Result<Request<'b>, HttpError> {
    let count = limits.fields.min(Limits::MAX_FIELDS);
    let mut headers = [const { MaybeUninit::uninit() }; Limits::MAX_FIELDS];
    let mut raw = httparse::Request::new(&mut []);
    match raw.parse_with_uninit_headers(head, &mut headers[..count]) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {}
        Ok(_) => return Err(HttpError::Malformed("the lines do not end where they should")),
        Err(error) => return Err(refusal(error, head, count)),
    }
    let (Some(method), Some(target), Some(version)) = (raw.method, raw.path, raw.version) else {
        return Err(HttpError::Malformed("the request line is incomplete"));
    };
    let method = Method::parse(method).ok_or(HttpError::Method)?;
    let version = if version == 0 { Version::Http10 } else { Version::Http11 };
    let target = Target::parse(method, target)?;
    let known = Known::read(raw.headers)?;
    if known.host.is_none() && version == Version::Http11 {
        return Err(HttpError::Host);
    }
    Ok(Request {
        method,
        version,
        path: target.path,
        query: target.query,
        host: target.host.or(known.host),
        origin: known.origin,
        keep_alive: known.keeps_alive(version),
        body: known.body(version, limits)?,
        expects_continue: known.expects_continue(version),
        accepts_gzip: known.accepts_gzip(),
        range: known.range(),
        forwarded: known.forwarded,
        x_forwarded_for: known.x_forwarded_for,
        fields: Fields(field_lines(head)),
        upgrade: known.upgrade,
    })
}

/// The header lines of a head, without the request line and the final empty line.
fn field_lines(head: &[u8]) -> &[u8] {
    let start = head.iter().position(|&b| b == b'\n').map_or(head.len(), |at| at + 1);
    head.get(start..head.len().saturating_sub(2)).unwrap_or_default()
}

fn refusal(error: httparse::Error, head: &[u8], fields: usize) -> HttpError {
    match error {
        httparse::Error::TooManyHeaders => HttpError::TooManyFields { limit: fields },
        httparse::Error::Version if names_a_version(head) => HttpError::Version,
        httparse::Error::HeaderName => HttpError::Malformed("a header field's name is no token"),
        httparse::Error::HeaderValue => {
            HttpError::Malformed("a header field's value has control characters")
        }
        _ => HttpError::Malformed("the request line is METHOD TARGET HTTP/1.1"),
    }
}

/// Whether the request line ends in `HTTP/` and a version of some kind.
fn names_a_version(head: &[u8]) -> bool {
    let line = head.split(|&b| b == b'\r').next().unwrap_or_default();
    let last = line.rsplit(|&b| b == b' ').next().unwrap_or_default();
    matches!(last, [b'H', b'T', b'T', b'P', b'/', major, ..] if major.is_ascii_digit())
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
