use http1::{ByteRange, CorsPolicy, HttpError, Limits, Parsed, Path, Request, RequestParser, ws};

use crate::input::{Input, pieces};

const TAG: &str = "\"7f3a\"";

/// The request heads of a connection, as they come in pieces.
///
/// Where the bytes are cut changes nothing. What was read is safe to use as it is, and what was refused
/// gives a whole response that repeats nothing of the request.
pub(crate) fn http_request(data: &[u8]) {
    let mut input = Input::new(data);
    let limits = limits(input.u8());
    let seed = input.u16();
    let received = input.rest();
    let expected = http1::parse(received, &limits);
    assert_eq!(in_pieces(received, seed, &limits), expected, "the cuts changed what was read");
    match expected {
        Ok(Parsed::Partial) => assert!(received.len() <= limits.head_bytes, "no limit holds"),
        Ok(Parsed::Request { request, consumed }) => {
            assert!(consumed <= received.len());
            check(&request);
        }
        Err(error) => refused(&error),
    }
}

fn limits(choice: u8) -> Limits {
    if choice & 1 == 0 {
        return Limits::default();
    }
    Limits {
        head_bytes: 64 + usize::from(choice),
        request_line_bytes: 16 + usize::from(choice >> 2),
        fields: usize::from(choice >> 4),
        body_bytes: u64::from(choice),
    }
}

/// What a connection finds that asks after every piece.
fn in_pieces<'b>(received: &'b [u8], seed: u16, limits: &Limits) -> Result<Parsed<'b>, HttpError> {
    let mut parser = RequestParser::new(limits.clone());
    let mut end = 0;
    for piece in pieces(received, seed) {
        end += piece.len();
        match parser.parse(&received[..end]) {
            Ok(Parsed::Partial) => {}
            found => return found,
        }
    }
    Ok(Parsed::Partial)
}

fn check(request: &Request<'_>) {
    path(&request.path);
    for (name, value) in request.query.iter() {
        assert!(request.query.get(&name).is_some(), "{name} {value}");
    }
    if let Some(host) = request.host {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        assert!(!host.is_empty() && host.bytes().all(plain), "{host}");
    }
    let texts = [request.origin, request.forwarded, request.x_forwarded_for];
    let fields = request.fields.iter().map(|(_, value)| value);
    for value in texts.into_iter().flatten().map(str::as_bytes).chain(fields) {
        assert!(!value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)), "a field has two lines");
    }
    assert!(request.fields.iter().count() <= Limits::MAX_FIELDS);
    for len in [0, 1, 1000, u64::MAX] {
        match request.byte_range(Some(TAG), len) {
            Ok(None) => {}
            Ok(Some(ByteRange { start, end })) => assert!(start < end && end <= len),
            Err(error) => refused(&error),
        }
    }
    request.not_modified(TAG);
    request.is_preflight();
    if let Err(error) = ws::accept(request) {
        refused(&error);
    }
    let shown = format!("{request:?}");
    assert!(!shown.contains(char::is_control));
}

/// Nothing in a path leads out of its directory or starts another line.
fn path(path: &Path<'_>) {
    let text = path.as_str();
    if text == "*" {
        return;
    }
    assert!(text.starts_with('/') && !text.contains("//"), "{text}");
    assert!(!text.contains(|c: char| c.is_control() || c == '\\'), "{text}");
    assert!(path.segments().all(|segment| !matches!(segment, "" | "." | "..")), "{text}");
}

fn refused(error: &HttpError) {
    let (policy, date) = (CorsPolicy::Any, http1::http_date(1_700_000_000));
    let mut out = Vec::new();
    error
        .write_response(&mut out, &date, policy.decide(None), true, true)
        .expect("a refusal holds nothing that a header field must not");
    let text = String::from_utf8(out).expect("a response is text");
    assert!(text.starts_with(&format!("HTTP/1.1 {} ", error.status().code())), "{text}");
    let (_, body) = text.split_once("\r\n\r\n").expect("a head ends in an empty line");
    assert!(text.contains(&format!("Content-Length: {}\r\n", body.len())), "{text}");
}
