//! A request to the API as bytes, and the answer out of bytes: no sockets.

use std::fmt::Write as _;

use hlsplay::http::{Piece, ResponseReader};
use hlsplay::{Origin, Url};
use serde_json::Value;

use crate::ended::Ended;
use crate::misuse;

/// The longest answer that is taken, in bytes: more than a page of streams with the longest texts.
const MAX_ANSWER: usize = 4 << 20;

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    /// The path before `/api`, without a slash at its end: of a proxy.
    prefix: String,
}

impl Place {
    /// From `http://HOST[:PORT][/PREFIX]`.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        if text.starts_with("https://") {
            let what = "--api https://: there is no TLS here; take the server's own port, such as http://127.0.0.1:8081";
            return Err(misuse(what.into()));
        }
        let url = Url::parse(text).map_err(|error| misuse(format!("--api {text}: {error}")))?;
        let prefix = url.target().trim_end_matches('/');
        if prefix.contains('?') {
            return Err(misuse(format!("--api {text}: an address without a query, please")));
        }
        Ok(Self { origin: url.origin().clone(), prefix: prefix.to_owned() })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.origin, self.prefix)
    }
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    /// Beginning with `/api/`.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// The `Idempotency-Key`, with which a request may be sent again.
    pub(crate) key: Option<String>,
}

impl Call {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), ..Self::default() }
    }

    pub(crate) fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Whether it may be sent again when its answer was lost.
    pub(crate) fn may_repeat(&self) -> bool {
        self.method != "POST" || self.key.is_some()
    }

    /// The request as it is sent.
    pub(crate) fn bytes(&self, place: &Place, token: Option<&str>) -> Vec<u8> {
        let mut text = format!(
            "{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: shardcast-load/{}\r\nAccept: application/json\r\n",
            self.method,
            place.prefix,
            self.path,
            place.origin,
            env!("CARGO_PKG_VERSION"),
        );
        // Writing to a string does not fail.
        if let Some(token) = token {
            let _ = write!(text, "Authorization: Bearer {token}\r\n");
        }
        if let Some(key) = &self.key {
            let _ = write!(text, "Idempotency-Key: {key}\r\n");
        }
        if let Some(body) = &self.body {
            let body = body.to_string();
            let length = body.len();
            let _ = write!(
                text,
                "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        } else {
            text.push_str("\r\n");
        }
        text.into_bytes()
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether the connection takes another request.
    pub(crate) keeps: bool,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body; null where it is empty or no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// What was refused, in the server's words, and what to do about it.
    pub(crate) fn refusal(&self) -> String {
        let body = self.json();
        let said = ["detail", "title"].iter().find_map(|name| body[*name].as_str());
        let said: String = said.unwrap_or("no reason told").chars().take(300).collect();
        let advice = match self.status {
            401 => {
                " (give a token that holds by --token-file or SHARDCAST_TOKEN; access tokens live 10 minutes, \
                    --login EMAIL gets new ones by itself)"
            }
            403 => " (the token's user needs the role streamer or admin)",
            404 => " (is --api the server's STREAMING_PORT, such as http://127.0.0.1:8081?)",
            429 => " (raise RATE_LIMIT_MAX_REQUESTS of the server, or set it to 0, for the test)",
            _ => "",
        };
        format!("HTTP {}: {said}{advice}", self.status)
    }
}

/// Takes one answer out of what comes.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    reader: ResponseReader,
    answer: Option<Answer>,
}

impl Reading {
    /// Takes what came; the answer once it is complete. What comes behind it is nobody's, for one request
    /// waits at a time.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) -> Result<Option<Answer>, Ended> {
        loop {
            match self.reader.next(&mut bytes)? {
                Piece::Head(head) => {
                    let (status, keeps) = (head.status, head.keep_alive);
                    self.answer = Some(Answer { status, keeps, body: Vec::new() });
                }
                Piece::Body(part) => {
                    let Some(answer) = &mut self.answer else { continue };
                    if answer.body.len() + part.len() > MAX_ANSWER {
                        return Err(Ended::Broken("an answer that is too long".into()));
                    }
                    answer.body.extend_from_slice(part);
                }
                Piece::End => return Ok(self.answer.take()),
                Piece::More => return Ok(None),
            }
        }
    }

    /// The server closed the connection: the end of an answer without a length.
    pub(crate) fn closed(&mut self) -> Option<Answer> {
        self.reader.closed().ok().and_then(|()| self.answer.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_may_have_a_prefix_but_no_tls() {
        let place = Place::parse("http://[::1]:8081/live/").unwrap();
        assert_eq!(place.to_string(), "http://[::1]:8081/live");
        assert_eq!(Place::parse("http://host").unwrap().to_string(), "http://host");
        for bad in ["https://host", "host", "http://host/?a=1", "rtmp://host"] {
            assert!(Place::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_request_carries_token_key_and_body() {
        let place = Place::parse("http://host:1/p").unwrap();
        let mut call = Call::new("POST", "/api/streams").with(serde_json::json!({"a": 1}));
        assert!(!call.may_repeat());
        call.key = Some("k".into());
        assert!(call.may_repeat());
        let text = String::from_utf8(call.bytes(&place, Some("t"))).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /p/api/streams HTTP/1.1\r\nHost: host:1\r\n"), "{head}");
        for line in ["Authorization: Bearer t", "Idempotency-Key: k", "Content-Length: 7"] {
            assert!(head.lines().any(|one| one == line), "{line}");
        }
        assert_eq!(body, r#"{"a":1}"#);
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let answer = |status, body: &str| Answer { status, body: body.into(), keeps: true };
        let refusal = answer(429, r#"{"detail":"1000 requests in 900 s are allowed."}"#).refusal();
        assert!(refusal.contains("are allowed") && refusal.contains("RATE_LIMIT_MAX_REQUESTS"));
        assert!(answer(401, "").refusal().contains("--login"));
        assert!(answer(500, "<html>").refusal().starts_with("HTTP 500: no reason told"));
    }

    proptest! {
        #[test]
        fn an_answer_is_found_however_it_is_cut(cuts in prop::collection::vec(0_usize..120, 0..6)) {
            let text = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n";
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut reading = Reading::default();
            let mut found = Vec::new();
            for pair in cuts.windows(2) {
                found.extend(reading.take(&text[pair[0]..pair[1]]).unwrap());
            }
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!((found[0].status, &found[0].body[..]), (201, &b"abcdefg"[..]));
        }
    }
}
