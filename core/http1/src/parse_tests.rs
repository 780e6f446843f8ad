use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::{Body, ByteRange, RangeSpec};

fn ok(head: &str) -> Request<'_> {
    match parse(head.as_bytes(), &Limits::default()) {
        Ok(Parsed::Request { request, consumed }) => {
            assert_eq!(consumed, head.len());
            request
        }
        other => panic!("{other:?}"),
    }
}

/// The error of a request with these fields after a sound `GET / HTTP/1.1` and `Host`.
fn refused(fields: &str) -> HttpError {
    let head = format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
    parse(head.as_bytes(), &Limits::default()).unwrap_err()
}

fn refused_line(line: &str) -> HttpError {
    parse(format!("{line}\r\nHost: h\r\n\r\n").as_bytes(), &Limits::default()).unwrap_err()
}

#[test]
fn a_players_request_for_a_segment_is_read_without_copies() {
    let request = ok("GET /live/ID/v-3.m4s?_HLS_msn=7 HTTP/1.1\r\nHost: live.example:8080\r\n\
         Origin: https://a\r\nRange: bytes=10-19\r\nAccept-Encoding: gzip, br\r\n\
         X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nForwarded: for=1\r\n\r\n");
    assert_eq!(request.method, Method::Get);
    assert_eq!(request.version, Version::Http11);
    assert_eq!(request.path.segments().collect::<Vec<_>>(), ["live", "ID", "v-3.m4s"]);
    assert!(matches!(request.query.get("_HLS_msn"), Some(Cow::Borrowed("7"))));
    assert_eq!(request.host, Some("live.example:8080"));
    assert_eq!(request.origin, Some("https://a"));
    assert_eq!(request.range, Some(RangeSpec::FromTo(10, 19)));
    assert_eq!(request.x_forwarded_for, Some("5.6.7.8"));
    assert_eq!(request.forwarded, Some("for=1"));
    assert_eq!(request.body, Body::None);
    assert!(request.keep_alive && request.accepts_gzip && !request.expects_continue);
    assert_eq!(request.byte_range(None, 15), Ok(Some(ByteRange { start: 10, end: 15 })));
    assert_eq!(request.byte_range(None, 10), Err(HttpError::RangeNotSatisfiable { len: 10 }));
}

#[test]
fn leading_empty_lines_and_what_follows_are_told_apart() {
    let buf = b"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2";
    let Ok(Parsed::Request { consumed, request }) = parse(buf, &Limits::default()) else {
        panic!()
    };
    assert_eq!(&buf[consumed..], b"GET /2");
    assert_eq!(request.fields.iter().count(), 1);
}

#[test]
fn the_connection_stays_open_by_version_and_wish() {
    for (version, connection, expected) in [
        ("1.1", "x", true),
        ("1.1", "Close", false),
        ("1.1", "keep-alive, close", false),
        ("1.0", "x", false),
        ("1.0", "Keep-Alive", true),
    ] {
        let head = format!("GET / HTTP/{version}\r\nHost: h\r\nConnection: {connection}\r\n\r\n");
        assert_eq!(ok(&head).keep_alive, expected, "{version} {connection}");
    }
}

#[test]
fn the_host_is_one_and_sound_and_needed_in_1_1() {
    let limits = Limits::default();
    assert_eq!(parse(b"GET / HTTP/1.1\r\n\r\n", &limits), Err(HttpError::Host));
    assert_eq!(ok("GET / HTTP/1.0\r\n\r\n").host, None);
    assert_eq!(refused("Host: h"), HttpError::Host);
    assert_eq!(parse(b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", &limits), Err(HttpError::Host));
    assert_eq!(parse(b"GET / HTTP/1.1\r\nHost:\r\n\r\n", &limits), Err(HttpError::Host));
    assert_eq!(ok("GET http://t/x HTTP/1.1\r\nHost: h\r\n\r\n").host, Some("t"));
}

#[test]
fn bodies_are_framed_in_one_way_only() {
    let body = |fields: &str| ok(&format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n")).body;
    assert_eq!(body("Content-Length: 5"), Body::Length(5));
    assert_eq!(body("Content-Length: 5\r\nContent-Length: 5"), Body::Length(5));
    assert_eq!(body("Content-Length: 0"), Body::None);
    assert_eq!(body("Transfer-Encoding: Chunked"), Body::Chunked);
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "Content-Length: +1",
        "Content-Length: 5, 5",
        "Content-Length: 0x5",
        "Content-Length:",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ] {
        assert!(matches!(refused(fields), HttpError::BodyFraming(_)), "{fields}");
    }
    assert_eq!(refused("Transfer-Encoding: gzip, chunked"), HttpError::TransferCoding);
    let limit = Limits::BODY_BYTES;
    assert_eq!(refused("Content-Length: 65537"), HttpError::BodyTooLarge { limit });
    assert_eq!(refused("Content-Length: 99999999999999999999"), HttpError::BodyTooLarge { limit });
    let old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(matches!(parse(old, &Limits::default()), Err(HttpError::BodyFraming(_))));
}

#[test]
fn expectations_other_than_continue_fail() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
    assert!(ok(head).expects_continue);
    assert!(!ok("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
    assert_eq!(refused("Expect: money"), HttpError::Expectation);
}

#[test]
fn request_lines_are_refused_by_what_is_wrong_with_them() {
    for method in ["TRACE", "CONNECT", "get", "PROPFIND"] {
        assert_eq!(refused_line(&format!("{method} / HTTP/1.1")), HttpError::Method);
    }
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/3"] {
        assert_eq!(refused_line(&format!("GET / {version}")), HttpError::Version, "{version}");
    }
    assert_eq!(parse(b"PRI * HTTP/2.0\r\n\r\n", &Limits::default()), Err(HttpError::Version));
    for line in ["GET /", "GET  / HTTP/1.1", "GET / http/1.1", "GET / HTTP/1.1 ", "G(T / HTTP/1.1"]
    {
        assert!(matches!(refused_line(line), HttpError::Malformed(_)), "{line}");
    }
    for path in ["/../x", "/a%2fb", "/%00", "*", "x", "/a#b", "/%"] {
        assert!(matches!(refused_line(&format!("GET {path} HTTP/1.1")), HttpError::Target(_)));
    }
}

#[test]
fn malformed_fields_are_refused() {
    for fields in ["A : b", " folded", "a", ": b", "a: \x01", "a: b\rc", "a b: c", "Origin: \u{1}"]
    {
        assert!(matches!(refused(fields), HttpError::Malformed(_)), "{fields:?}");
    }
    assert_eq!(refused("Range: bytes=0-1\r\nrange: bytes=0-1"), HttpError::Repeated("Range"));
    assert_eq!(refused("Origin: a\r\nOrigin: b"), HttpError::Repeated("Origin"));
    let bytes = b"GET / HTTP/1.1\r\nHost: h\r\nOrigin: \xff\r\n\r\n";
    assert!(matches!(parse(bytes, &Limits::default()), Err(HttpError::Malformed(_))));
}

#[test]
fn limits_name_themselves() {
    let fields = "a: b\r\n".repeat(Limits::MAX_FIELDS);
    let limit = Limits::MAX_FIELDS;
    assert_eq!(refused(fields.trim_end()), HttpError::TooManyFields { limit });
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(Limits::REQUEST_LINE_BYTES));
    let error = parse(long.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error.status().code(), 414);
    let error = refused(&format!("a: {}", "x".repeat(Limits::HEAD_BYTES)));
    assert_eq!(error.status().code(), 431);
}

#[test]
fn conditions_belong_to_the_methods_that_read() {
    let head =
        |method: &str, fields: &str| format!("{method} / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
    assert!(ok(&head("GET", "If-None-Match: \"x\"\r\nIf-None-Match: \"a\"")).not_modified("\"a\""));
    assert!(ok(&head("HEAD", "If-None-Match: *")).not_modified("\"a\""));
    assert!(!ok(&head("PUT", "If-None-Match: *")).not_modified("\"a\""));
    assert!(!ok(&head("GET", "Accept: x")).not_modified("\"a\""));
    let conditional = "Range: bytes=0-0\r\nIf-Range: \"a\"";
    let get = head("GET", conditional);
    assert_eq!(ok(&get).byte_range(Some("\"a\""), 9), Ok(Some(ByteRange { start: 0, end: 1 })));
    assert_eq!(ok(&get).byte_range(Some("\"b\""), 9), Ok(None));
    assert_eq!(ok(&head("HEAD", "Range: bytes=9-")).byte_range(None, 9), Ok(None));
}

#[test]
fn preflights_and_handshakes_are_recognised() {
    let preflight = "OPTIONS /x HTTP/1.1\r\nHost: h\r\nOrigin: https://a\r\n\
                     Access-Control-Request-Method: PATCH\r\n\r\n";
    assert!(ok(preflight).is_preflight());
    assert!(!ok("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").is_preflight());
    let upgrade = |version: &str, connection: &str| {
        format!(
            "GET / HTTP/{version}\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: {connection}\r\n\r\n"
        )
    };
    assert!(ok(&upgrade("1.1", "keep-alive, Upgrade")).wants_websocket());
    assert!(!ok(&upgrade("1.1", "keep-alive")).wants_websocket());
    assert!(!ok(&upgrade("1.0", "Upgrade")).wants_websocket());
}

#[test]
fn debugging_shows_no_keys_and_tokens() {
    let request = ok("GET /live/KEY?t=KEY HTTP/1.0\r\nAuthorization: Bearer KEY\r\n\r\n");
    assert!(!format!("{request:?}").contains("KEY"));
}

/// The outcome for a buffer that grows to these lengths in turn, then to the whole.
fn grown(buf: &[u8], lengths: &[usize], limits: &Limits) -> Result<Option<usize>, HttpError> {
    let mut parser = RequestParser::new(limits.clone());
    let mut lengths: Vec<_> = lengths.iter().map(|len| len % (buf.len() + 1)).collect();
    lengths.sort_unstable();
    lengths.push(buf.len());
    for len in lengths {
        let whole = parse(buf, limits);
        if let Parsed::Request { request, consumed } = parser.parse(&buf[..len])? {
            assert_eq!(Ok(Parsed::Request { request, consumed }), whole);
            return Ok(Some(consumed));
        }
    }
    Ok(None)
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("GET /live/ID/a.m4s?x=%20 HTTP/1.1\r\n".to_owned()),
        Just("Host: h\r\n".to_owned()),
        Just("Content-Length: 3\r\n".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        Just("Connection: close\r\n".to_owned()),
        Just("\r\n".to_owned()),
        "[A-Za-z]{1,12}: [ -~]{0,20}\r\n",
        "[ -~\r\n]{0,6}",
    ]
}

proptest! {
    #[test]
    fn how_the_bytes_arrive_changes_nothing(
        pieces in prop::collection::vec(piece(), 0..10),
        lengths in prop::collection::vec(any::<usize>(), 0..12),
        (head_bytes, request_line_bytes, fields) in (8usize..200, 8usize..60, 0usize..6),
    ) {
        let buf = pieces.concat().into_bytes();
        let limits = Limits { head_bytes, request_line_bytes, fields, ..Limits::default() };
        let whole = match parse(&buf, &limits) {
            Ok(Parsed::Partial) => Ok(None),
            Ok(Parsed::Request { consumed, .. }) => Ok(Some(consumed)),
            Err(error) => Err(error),
        };
        prop_assert_eq!(whole, grown(&buf, &lengths, &limits));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), target in "\\PC*") {
        let _ = parse(&bytes, &Limits::default());
        let mut head = b"GET ".to_vec();
        head.extend_from_slice(&bytes);
        head.extend_from_slice(b"\r\n\r\n");
        let _ = parse(&head, &Limits::default());
        let head = format!("GET /{target} HTTP/1.1\r\nHost: h\r\nA: {target}\r\n\r\n");
        if let Ok(Parsed::Request { request, .. }) = parse(head.as_bytes(), &Limits::default()) {
            for segment in request.path.segments() {
                prop_assert!(!matches!(segment, "" | "." | "..") && !segment.contains(['/', '\\', '\0']));
            }
            request.query.iter().for_each(drop);
        }
    }
}
