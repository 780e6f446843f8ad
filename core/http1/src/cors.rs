use thiserror::Error;

use crate::{HeaderError, Method, ResponseHead, Status};

/// Which pages of other origins may read our responses (Fetch standard, section 3.3). Credentials are
/// never allowed: rights come in tokens that a page must have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CorsPolicy {
    /// Every page.
    #[default]
    Any,
    /// The pages of these origins; made by [`CorsPolicy::list`].
    List(Origins),
}

/// A checked list of origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec<String>);

/// A list of origins that cannot be used: the operator's configuration is to be corrected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CorsError {
    /// Not `scheme://host` with an optional port.
    #[error("{0:?} is no origin: write scheme://host or scheme://host:port, without a path")]
    NotAnOrigin(String),
    /// More than [`CorsPolicy::MAX_ORIGINS`].
    #[error("a list may have at most {} origins", CorsPolicy::MAX_ORIGINS)]
    TooMany,
}

/// What a [`CorsPolicy`] says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cors<'p>(Decision<'p>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision<'p> {
    Any,
    Listed(&'p str),
    Refused,
}

/// The longest time that a browser may remember a preflight's answer, in seconds; Chromium's own cap.
const PREFLIGHT_MAX_AGE_S: u32 = 7200;
/// What a page may send. `*` does not cover `Authorization`.
const ALLOWED_FIELDS: &str = "Authorization, Content-Type, If-Match, If-None-Match, Range, *";
/// What a page may read besides the fields that are always readable.
const EXPOSED_FIELDS: &str =
    "Accept-Ranges, Content-Length, Content-Range, Date, ETag, Link, Location, Retry-After";

impl CorsPolicy {
    /// The most origins of a list: each request compares with all.
    pub const MAX_ORIGINS: usize = 64;

    /// A policy for the pages of these origins only.
    pub fn list(origins: impl IntoIterator<Item = String>) -> Result<Self, CorsError> {
        let mut list = Vec::new();
        for origin in origins {
            if !is_origin(&origin) {
                return Err(CorsError::NotAnOrigin(origin));
            }
            if list.len() == Self::MAX_ORIGINS {
                return Err(CorsError::TooMany);
            }
            list.push(origin.to_ascii_lowercase());
        }
        Ok(Self::List(Origins(list)))
    }

    /// What to tell a request with this `Origin` field.
    pub fn decide(&self, origin: Option<&str>) -> Cors<'_> {
        let Self::List(Origins(list)) = self else { return Cors(Decision::Any) };
        let listed = origin.and_then(|o| list.iter().find(|known| known.eq_ignore_ascii_case(o)));
        Cors(listed.map_or(Decision::Refused, |origin| Decision::Listed(origin)))
    }

    /// Whether a request with this `Origin` field may be served where browsers leave the check to the
    /// server, as with WebSocket. Without the field it comes from no page and may.
    pub fn admits(&self, origin: Option<&str>) -> bool {
        origin.is_none() || !matches!(self.decide(origin).0, Decision::Refused)
    }
}

impl Cors<'_> {
    pub(crate) fn write<'o>(&self, head: ResponseHead<'o>) -> ResponseHead<'o> {
        let head = match self.0 {
            Decision::Any => head.header("Access-Control-Allow-Origin", "*"),
            Decision::Listed(origin) => {
                head.header("Access-Control-Allow-Origin", origin).vary("Origin")
            }
            Decision::Refused => return head.vary("Origin"),
        };
        head.header("Access-Control-Expose-Headers", EXPOSED_FIELDS)
    }
}

/// Appends the whole answer to a preflight: 204, and for an admitted origin what it may send.
pub fn write_preflight(
    out: &mut Vec<u8>,
    cors: Cors<'_>,
    methods: &[Method],
    keep_alive: bool,
) -> Result<(), HeaderError> {
    let mut head = ResponseHead::new(out, Status::NoContent).cors(cors);
    if cors.0 != Decision::Refused {
        head = head
            .header("Access-Control-Allow-Methods", &Method::list(methods))
            .header("Access-Control-Allow-Headers", ALLOWED_FIELDS)
            .number("Access-Control-Max-Age", u64::from(PREFLIGHT_MAX_AGE_S));
    }
    head.keep_alive(keep_alive).finish()
}

fn is_origin(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    scheme_ok && crate::target::is_host(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(policy: &CorsPolicy, origin: Option<&str>) -> String {
        let mut out = Vec::new();
        ResponseHead::new(&mut out, Status::Ok).cors(policy.decide(origin)).finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn list() -> CorsPolicy {
        CorsPolicy::list(["https://a.example".to_owned(), "http://b:8080".to_owned()]).unwrap()
    }

    #[test]
    fn any_origin_gets_the_same_bytes() {
        let text = head(&CorsPolicy::Any, Some("https://x"));
        assert_eq!(text, head(&CorsPolicy::Any, None));
        assert!(text.contains("\r\nAccess-Control-Allow-Origin: *\r\n"));
        assert!(text.contains("Content-Length, Content-Range"));
        assert!(!text.contains("Vary"));
        assert!(!text.contains("Credentials"));
    }

    #[test]
    fn a_list_answers_each_origin_and_says_that_it_varies() {
        let text = head(&list(), Some("HTTPS://A.example"));
        assert!(text.contains("\r\nAccess-Control-Allow-Origin: https://a.example\r\n"));
        assert!(text.contains("\r\nVary: Origin\r\n"));
        for origin in [Some("https://evil"), Some("null"), Some("https://a.example.evil"), None] {
            let text = head(&list(), origin);
            assert!(!text.contains("Access-Control"), "{origin:?}");
            assert!(text.contains("\r\nVary: Origin\r\n"));
        }
    }

    #[test]
    fn a_list_admits_its_pages_and_what_is_no_page() {
        assert!(list().admits(Some("http://b:8080")));
        assert!(list().admits(None));
        assert!(!list().admits(Some("http://b")));
        assert!(CorsPolicy::Any.admits(Some("null")));
    }

    #[test]
    fn preflights_are_answered_with_what_may_be_sent() {
        let mut out = Vec::new();
        let policy = CorsPolicy::Any;
        write_preflight(&mut out, policy.decide(None), &[Method::Get, Method::Post], true).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("HTTP/1.1 204 No Content\r\n"));
        assert!(text.contains("\r\nAccess-Control-Allow-Methods: GET, POST\r\n"));
        assert!(text.contains("\r\nAccess-Control-Max-Age: 7200\r\n"));
        assert!(!text.contains("Content-Length:"));
        let mut out = Vec::new();
        write_preflight(&mut out, list().decide(Some("https://x")), &[Method::Get], true).unwrap();
        assert!(!String::from_utf8(out).unwrap().contains("Access-Control"));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for origin in ["*", "null", "a.example", "https://a/", "https://a b", "https://", "://a"] {
            assert!(CorsPolicy::list([origin.to_owned()]).is_err(), "{origin}");
        }
        let many = (0..65).map(|i| format!("http://h{i}"));
        assert_eq!(CorsPolicy::list(many), Err(CorsError::TooMany));
    }
}
