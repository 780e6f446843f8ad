use proptest::prelude::*;

use super::*;
use crate::CorsPolicy;

/// The status and the fields of a head, read by a client's parser.
fn read(bytes: &[u8]) -> (u16, Vec<(String, String)>) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).unwrap();
    assert_eq!(parsed, httparse::Status::Complete(bytes.len()));
    let fields = response
        .headers
        .iter()
        .map(|field| (field.name.to_owned(), String::from_utf8(field.value.to_vec()).unwrap()));
    (response.code.unwrap(), fields.collect())
}

#[test]
fn a_segments_head_is_read_back_as_it_was_written() {
    let mut out = b"before".to_vec();
    ResponseHead::new(&mut out, Status::PartialContent)
        .date(&crate::http_date(784_111_777))
        .content_type(mime::VIDEO_MP4)
        .content_length(100)
        .cache(CacheControl::Immutable(31_536_000))
        .etag("\"s1-5\"")
        .accept_ranges()
        .content_range(ByteRange { start: 100, end: 200 }, 1000)
        .cors(CorsPolicy::Any.decide(None))
        .keep_alive(true)
        .finish()
        .unwrap();
    let (code, fields) = read(out.strip_prefix(b"before").unwrap());
    assert_eq!(code, 206);
    for (name, value) in [
        ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Content-Type", "video/mp4"),
        ("Content-Length", "100"),
        ("Cache-Control", "public, max-age=31536000, immutable"),
        ("ETag", "\"s1-5\""),
        ("Accept-Ranges", "bytes"),
        ("Content-Range", "bytes 100-199/1000"),
        ("Access-Control-Allow-Origin", "*"),
        ("Connection", "keep-alive"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ] {
        let found = fields.iter().find(|field| field.0 == name);
        assert_eq!(found.map(|field| field.1.as_str()), Some(value), "{name}");
    }
}

#[test]
fn a_pages_head_has_its_policies() {
    let mut out = Vec::new();
    ResponseHead::new(&mut out, Status::Ok)
        .csp("default-src 'self'; frame-ancestors 'none'")
        .hsts(63_072_000)
        .cache(CacheControl::NoCache)
        .gzip()
        .keep_alive(false)
        .finish()
        .unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains("\r\nContent-Security-Policy: default-src 'self'; frame-ancestors 'none'")
    );
    assert!(text.contains("\r\nStrict-Transport-Security: max-age=63072000\r\n"));
    assert!(text.contains("\r\nVary: Accept-Encoding\r\n"));
    assert!(text.contains("\r\nConnection: close\r\n"));
}

#[test]
fn values_that_could_start_another_field_take_the_head_back() {
    for value in ["/a\r\nSet-Cookie: x", "/a\n", "/a\0", "/é", "/a b", "/a\x7f"] {
        let mut out = b"kept".to_vec();
        let head = ResponseHead::new(&mut out, Status::TemporaryRedirect).location(value);
        assert_eq!(head.keep_alive(true).finish(), Err(HeaderError("Location")), "{value:?}");
        assert_eq!(out, b"kept");
    }
    let mut out = Vec::new();
    assert!(ResponseHead::new(&mut out, Status::Ok).header("Bad Name", "x").finish().is_err());
    let long = "x".repeat(MAX_VALUE + 1);
    assert!(ResponseHead::new(&mut out, Status::Ok).header("X", &long).finish().is_err());
    assert!(ResponseHead::new(&mut out, Status::Ok).date(&[b'\n'; 29]).finish().is_err());
    assert!(out.is_empty());
}

#[test]
fn an_impossible_content_range_is_refused() {
    for range in [ByteRange { start: 5, end: 5 }, ByteRange { start: 0, end: 11 }] {
        let mut out = Vec::new();
        let head = ResponseHead::new(&mut out, Status::PartialContent).content_range(range, 10);
        assert_eq!(head.finish(), Err(HeaderError("Content-Range")));
    }
}

#[test]
fn statuses_without_a_body_have_no_length() {
    let mut out = Vec::new();
    ResponseHead::new(&mut out, Status::NoContent).content_length(0).finish().unwrap();
    assert!(!String::from_utf8(out).unwrap().contains("Content-Length"));
}

#[test]
fn a_405_lists_what_is_allowed() {
    let mut out = Vec::new();
    let methods = [Method::Get, Method::Head];
    ResponseHead::new(&mut out, Status::MethodNotAllowed).allow(&methods).finish().unwrap();
    assert!(String::from_utf8(out).unwrap().contains("\r\nAllow: GET, HEAD\r\n"));
}

#[test]
fn the_interim_response_is_a_whole_one() {
    assert_eq!(read(CONTINUE), (100, vec![]));
}

proptest! {
    #[test]
    fn any_value_is_either_refused_or_read_back_alone(value in "\\PC{0,20}|[ -~\r\n\t]{0,30}") {
        let mut out = Vec::new();
        match ResponseHead::new(&mut out, Status::Continue).header("X-Test", &value).finish() {
            Err(error) => prop_assert_eq!(error, HeaderError("X-Test")),
            Ok(()) => {
                let (_, fields) = read(&out);
                prop_assert_eq!(fields, vec![("X-Test".to_owned(), value.trim().to_owned())]);
            }
        }
    }

    #[test]
    fn numbers_are_written_in_decimal(value: u64) {
        let mut out = Vec::new();
        push_number(&mut out, value);
        prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
    }
}
