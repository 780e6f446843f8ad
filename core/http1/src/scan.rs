use std::ops::Range;

use crate::{HttpError, Limits};

/// Finds the end of a request head in a growing buffer, looking at each byte once.
///
/// It judges bytes strictly in order, so where the input was split never changes the outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadScan {
    /// Where the current line starts.
    line: usize,
    /// The first byte not yet looked at.
    next: usize,
    /// Where the request line starts, once something other than an empty line has come.
    start: Option<usize>,
}

impl HeadScan {
    /// Where the head lies in `buf`, from its request line to its empty line, leading empty lines left
    /// out (RFC 9112 section 2.2 asks servers to skip them). `None` when more bytes are needed.
    ///
    /// Lines end in CRLF only: a bare LF is a way to smuggle requests past a proxy.
    pub(crate) fn find(
        &mut self,
        buf: &[u8],
        limits: &Limits,
    ) -> Result<Option<Range<usize>>, HttpError> {
        loop {
            self.start_of_request_line(buf)?;
            let window = self.window(limits);
            let seen = buf.len().min(window);
            let unseen = buf.get(self.next..seen).unwrap_or_default();
            let Some(found) = unseen.iter().position(|&b| b == b'\n') else {
                self.next = self.next.max(seen);
                return if buf.len() > window { Err(self.too_long(limits)) } else { Ok(None) };
            };
            let line_feed = self.next + found;
            if line_feed == self.line || buf[line_feed - 1] != b'\r' {
                return Err(HttpError::Malformed("a line must end in CR LF"));
            }
            let empty = line_feed == self.line + 1;
            (self.line, self.next) = (line_feed + 1, line_feed + 1);
            match (empty, self.start) {
                (true, Some(start)) => return Ok(Some(start..line_feed + 1)),
                (false, None) => {
                    return Err(HttpError::Malformed("a request starts with a method"));
                }
                (true, None) | (false, Some(_)) => {}
            }
        }
    }

    /// Notes where the request line starts, and refuses at its first byte what is no HTTP at all (a
    /// TLS or RTMP handshake) rather than waiting for its end.
    fn start_of_request_line(&mut self, buf: &[u8]) -> Result<(), HttpError> {
        let (None, Some(&first)) = (self.start, buf.get(self.line)) else { return Ok(()) };
        match first {
            b'\r' => Ok(()),
            b'A'..=b'Z' | b'a'..=b'z' => {
                self.start = Some(self.line);
                Ok(())
            }
            _ => Err(HttpError::Malformed("a request starts with a method")),
        }
    }

    /// Up to where a line feed must come. In the request line: its limit and the CRLF.
    fn window(&self, limits: &Limits) -> usize {
        match self.start {
            Some(start) if start == self.line => {
                limits.head_bytes.min(start.saturating_add(limits.request_line_bytes + 2))
            }
            _ => limits.head_bytes,
        }
    }

    fn too_long(&self, limits: &Limits) -> HttpError {
        if self.window(limits) < limits.head_bytes {
            HttpError::TargetTooLong { limit: limits.request_line_bytes }
        } else {
            HttpError::HeadTooLarge { limit: limits.head_bytes }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(buf: &[u8]) -> Result<Option<Range<usize>>, HttpError> {
        HeadScan::default().find(buf, &Limits::default())
    }

    #[test]
    fn the_head_reaches_from_the_request_line_to_the_empty_line() {
        assert_eq!(find(b"GET / HTTP/1.1\r\n\r\nrest"), Ok(Some(0..18)));
        assert_eq!(find(b"\r\n\r\nGET / HTTP/1.1\r\na: b\r\n\r\n"), Ok(Some(4..28)));
        assert_eq!(find(b"GET / HTTP/1.1\r\n\r"), Ok(None));
        assert_eq!(find(b""), Ok(None));
    }

    #[test]
    fn bare_line_feeds_and_foreign_protocols_are_refused_at_once() {
        for bytes in
            [&b"GET / HTTP/1.1\n"[..], b"\n", b"\x16\x03\x01", b"\x03", b" GET", b"\rx\r\n"]
        {
            assert!(matches!(find(bytes), Err(HttpError::Malformed(_))), "{bytes:?}");
        }
    }

    #[test]
    fn a_request_line_may_be_as_long_as_its_limit_and_no_longer() {
        let limits = Limits { request_line_bytes: 14, ..Limits::default() };
        let scan = |bytes: &[u8]| HeadScan::default().find(bytes, &limits);
        assert_eq!(scan(b"GET / HTTP/1.1\r\n\r\n"), Ok(Some(0..18)));
        assert_eq!(scan(b"GET /x HTTP/1.1\r"), Ok(None));
        assert_eq!(scan(b"GET /x HTTP/1.1\r\n"), Err(HttpError::TargetTooLong { limit: 14 }));
    }

    #[test]
    fn a_head_may_be_as_long_as_its_limit_and_no_longer() {
        let limits = Limits { head_bytes: 18, ..Limits::default() };
        let scan = |bytes: &[u8]| HeadScan::default().find(bytes, &limits);
        assert_eq!(scan(b"GET / HTTP/1.1\r\n\r\n"), Ok(Some(0..18)));
        assert_eq!(scan(b"GET /x HTTP/1.1\r\n\r\n"), Err(HttpError::HeadTooLarge { limit: 18 }));
        let empty_lines = b"\r\n".repeat(10);
        assert_eq!(scan(&empty_lines), Err(HttpError::HeadTooLarge { limit: 18 }));
    }
}
