//! The client's side of HTTP/1.1, as far as playing needs it: tolerant of any server.

use crate::ended::Ended;

/// The longest head of an answer that is taken, in bytes.
pub(crate) const MAX_HEAD: usize = 32 << 10;
/// The most header fields that are taken.
const MAX_FIELDS: usize = 100;
/// The longest line that says how long a chunk is.
const MAX_CHUNK_LINE: usize = 1024;

/// What the head of an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// The server's words beside the status.
    pub(crate) reason: String,
    pub(crate) chunked: bool,
    pub(crate) length: Option<u64>,
    /// Whether the server closes the connection after this answer.
    pub(crate) closes: bool,
    /// Where a redirection leads.
    pub(crate) location: Option<String>,
}

/// Reads the head of an answer and tells its length in bytes; `None` while it is incomplete.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Ended> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => return Ok(None),
        Ok(httparse::Status::Partial) => {
            return Err(Ended::Broken("an HTTP head that is too long".into()));
        }
        Err(error) => return Err(Ended::Broken(format!("an answer that is not HTTP: {error}"))),
    };
    let field = |name: &str| {
        let found = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.and_then(|field| std::str::from_utf8(field.value).ok()).map(str::trim)
    };
    let names = |name, token: &str| field(name).is_some_and(|value| has_token(value, token));
    let old = response.version == Some(0);
    let head = Head {
        status: response.code.unwrap_or_default(),
        reason: response.reason.unwrap_or_default().to_owned(),
        chunked: names("Transfer-Encoding", "chunked"),
        length: field("Content-Length").and_then(|value| value.parse().ok()),
        closes: names("Connection", "close") || old && !names("Connection", "keep-alive"),
        location: field("Location").map(str::to_owned),
    };
    Ok(Some((head, length)))
}

impl Head {
    /// The refusal that this status is; `None` for a success.
    pub(crate) fn refusal(&self) -> Option<Ended> {
        let Self { status, reason, .. } = self;
        let why = match status {
            101 | 200..=299 => return None,
            429 | 503 => format!("throttled: HTTP {status} {reason}"),
            _ => format!("HTTP {status} {reason}"),
        };
        Some(Ended::Refused(why.trim_end().to_owned()))
    }

    /// The path that a redirection leads to, when it is on the same server.
    pub(crate) fn redirection(&self, authority: &str) -> Option<&str> {
        let location = self.location.as_deref().filter(|_| (300..400).contains(&self.status))?;
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(location);
        }
        let rest = location.strip_prefix("http://")?.strip_prefix(authority)?;
        rest.starts_with('/').then_some(rest)
    }
}

/// A GET request.
pub(crate) fn get(authority: &str, path: &str, fields: &str) -> String {
    let agent = concat!("shardcast-load/", env!("CARGO_PKG_VERSION"));
    format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n{fields}\r\n"
    )
}

fn has_token(value: &str, token: &str) -> bool {
    value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Takes the framing off a chunked body (RFC 9112, section 7.1). Trailers are passed over.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    stage: Stage,
    line: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// In a line that says how long the next chunk is.
    #[default]
    Length,
    /// So many bytes of the chunk are to come.
    Data(u64),
    /// In the line break behind a chunk.
    Break,
    /// In the lines behind the last chunk.
    Trailer,
    Over,
}

impl Chunked {
    /// Gives the data in `input` to `data`, and tells how much of the input was the body's: less than
    /// all only when it is over.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), Ended>,
    ) -> Result<usize, Ended> {
        let mut rest = input;
        while !rest.is_empty() && !self.is_over() {
            if let Stage::Data(left) = self.stage {
                let count = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                data(&rest[..count])?;
                rest = &rest[count..];
                let left = left - count as u64;
                self.stage = if left == 0 { Stage::Break } else { Stage::Data(left) };
                continue;
            }
            let byte = rest[0];
            rest = &rest[1..];
            if byte == b'\n' {
                self.end_line()?;
            } else if self.line.len() >= MAX_CHUNK_LINE {
                return Err(Ended::Broken("a chunk's length that is too long".into()));
            } else if byte != b'\r' {
                self.line.push(byte);
            }
        }
        Ok(input.len() - rest.len())
    }

    /// Whether the last chunk has come.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    fn end_line(&mut self) -> Result<(), Ended> {
        self.stage = match self.stage {
            Stage::Length => {
                let digits = self.line.split(|&byte| byte == b';').next().unwrap_or_default();
                let digits = std::str::from_utf8(digits).unwrap_or_default().trim();
                match u64::from_str_radix(digits, 16) {
                    Ok(0) => Stage::Trailer,
                    Ok(length) => Stage::Data(length),
                    Err(_) => return Err(Ended::Broken("a broken chunked body".into())),
                }
            }
            Stage::Break => Stage::Length,
            Stage::Trailer if self.line.is_empty() => Stage::Over,
            stage => stage,
        };
        self.line.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(text: &str) -> Head {
        parse_head(text.as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn a_head_says_how_its_body_is_framed() {
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nConnection: keep-alive, Close\r\n\r\n";
        let (head, length) = parse_head(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.length, head.chunked, head.closes), (Some(12), false, true));
        assert_eq!(length, text.len());
        assert_eq!(parse_head(&text.as_bytes()[..30]), Ok(None));
        assert!(parse_head(b"RTMP?").is_err());
    }

    #[test]
    fn refusals_have_reasons_and_throttling_is_named() {
        assert_eq!(head("HTTP/1.1 204 No Content\r\n\r\n").refusal(), None);
        let refused = |text| head(text).refusal().unwrap().to_string();
        assert_eq!(refused("HTTP/1.1 404 Not Found\r\n\r\n"), "HTTP 404 Not Found");
        assert_eq!(refused("HTTP/1.0 503\r\n\r\n"), "throttled: HTTP 503");
    }

    #[test]
    fn redirections_on_the_same_server_are_followed() {
        let path = |location: &str| {
            let head = head(&format!("HTTP/1.1 307 T\r\nLocation: {location}\r\n\r\n"));
            head.redirection("h:80").map(str::to_owned)
        };
        assert_eq!(path("/live/a.flv").as_deref(), Some("/live/a.flv"));
        assert_eq!(path("http://h:80/x").as_deref(), Some("/x"));
        for elsewhere in ["http://h:8080/x", "//other/x", "https://h:80/x"] {
            assert_eq!(path(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for bad in ["x\r\n", "\r\n", "-1\r\n", "fffffffffffffffff\r\n"] {
            assert!(Chunked::default().feed(bad.as_bytes(), |_| Ok(())).is_err(), "{bad:?}");
        }
        let long = vec![b'1'; MAX_CHUNK_LINE + 1];
        assert!(Chunked::default().feed(&long, |_| Ok(())).is_err());
    }

    proptest! {
        #[test]
        fn chunks_come_out_whole_however_they_are_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1_usize..20, 0..30),
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:x};x=y\r\n", chunk.len()).bytes());
                body.extend(chunk);
                body.extend(b"\r\n");
            }
            body.extend(b"0\r\nTrailer: 1\r\n\r\nNEXT");
            let (mut chunked, mut out, mut rest) = (Chunked::default(), Vec::<u8>::new(), &body[..]);
            let mut cuts = cuts.into_iter();
            while !chunked.is_over() {
                let most = cuts.next().unwrap_or(rest.len()).min(rest.len());
                let used = chunked.feed(&rest[..most], |data| { out.extend(data); Ok(()) }).unwrap();
                rest = &rest[used..];
            }
            prop_assert_eq!(out, chunks.concat());
            prop_assert_eq!(rest, b"NEXT");
        }
    }
}
