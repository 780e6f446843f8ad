//! HTTP/1.1 by the book, on the media port.

use std::time::{Duration, Instant};

use e2e::http::{Client, Response};
use e2e::server::{Server, Site};
use e2e::sources;
use e2e::wait::eventually;

use crate::common::{live, until_segments};

fn client(server: &Server) -> Client {
    Client::connect(server.ports().http).expect("the server accepts connections")
}

/// The answer to these bytes on a connection of their own.
#[track_caller]
fn answer(server: &Server, bytes: &str) -> Response {
    let mut client = client(server);
    client.send_raw(bytes.as_bytes()).expect("bytes are sent");
    client.receive("GET").unwrap_or_else(|error| panic!("{error} to {bytes:?}"))
}

#[track_caller]
fn assert_problem(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.field("content-type"), Some("application/problem+json"), "{response:?}");
    let problem = response.json();
    assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 10), "{problem}");
    assert_eq!(problem["status"], status, "{problem}");
}

#[track_caller]
fn assert_safe(response: &Response) {
    assert_eq!(response.field("x-content-type-options"), Some("nosniff"), "{response:?}");
    assert_eq!(response.field("referrer-policy"), Some("no-referrer"), "{response:?}");
    assert!(response.field("date").is_some(), "{response:?}");
}

#[test]
fn bad_requests_get_a_status_and_a_reason() {
    let server = Server::start();
    let long = "x".repeat(9_000);
    let many = "X-More: 1\r\n".repeat(80);
    let host = "Host: a\r\n";
    for (request, status) in [
        ("GARBAGE\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}Bad Name: 1\r\n\r\n"), 400),
        (format!("GET /live/../../etc/passwd HTTP/1.1\r\n{host}\r\n"), 400),
        (format!("GET /nothing HTTP/1.1\r\n{host}\r\n"), 404),
        (format!("GET /live/nobody/index.m3u8 HTTP/1.1\r\n{host}\r\n"), 404),
        (format!("POST / HTTP/1.1\r\n{host}Content-Length: 1\r\n\r\nx"), 405),
        (format!("DELETE / HTTP/1.1\r\n{host}\r\n"), 405),
        (format!("GET /{long} HTTP/1.1\r\n{host}\r\n"), 414),
        (format!("GET / HTTP/1.1\r\n{host}X: {long}{long}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\n{host}{many}\r\n"), 431),
        (format!("BREW / HTTP/1.1\r\n{host}\r\n"), 501),
        (format!("GET / HTTP/2.0\r\n{host}\r\n"), 505),
    ] {
        let response = answer(&server, &request);
        let shown: String = request.chars().take(60).collect();
        assert_eq!(response.status, status, "{shown:?}: {response:?}");
        assert_problem(&response, status);
        assert_safe(&response);
        if status == 405 {
            assert!(
                response.field("allow").is_some_and(|allow| allow.contains("GET")),
                "{response:?}"
            );
        }
    }
    assert_eq!(server.get("/").status, 200, "it goes on");
}

#[test]
fn a_request_with_two_lengths_is_never_answered_as_two_requests() {
    let server = Server::start();
    let mut client = client(&server);
    let smuggled = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n\
                    0\r\n\r\nGET /watch/x HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send_raw(smuggled.as_bytes()).unwrap();
    assert!(client.receive("GET").unwrap().status >= 400);
    assert!(client.receive("GET").is_err(), "the connection is closed");
}

#[test]
fn connections_are_kept_requests_may_be_pipelined_and_come_in_pieces() {
    let server = Server::start();
    let mut client = client(&server);
    for path in ["/", "/nothing", "/live.json", "/"] {
        let status = client.get(path).unwrap().status;
        assert_eq!(status, if path == "/nothing" { 404 } else { 200 }, "{path}");
    }
    for path in ["/live.json", "/nothing", "/live.json"] {
        client.send("GET", path, &[]).unwrap();
    }
    let statuses = [0; 3].map(|_| client.receive("GET").unwrap().status);
    assert_eq!(statuses, [200, 404, 200]);
    for byte in b"GET /live.json HTTP/1.1\r\nHost: a\r\n\r\n" {
        client.send_raw(&[*byte]).unwrap();
    }
    assert_eq!(client.receive("GET").unwrap().status, 200);
    let last = client.request("GET", "/live.json", &["Connection: close"]).unwrap();
    assert_eq!((last.status, last.field("connection")), (200, Some("close")));
    assert!(client.is_closed_within(Duration::from_secs(2)));
}

#[test]
fn pages_have_a_policy_validators_and_compression() {
    let server = Server::start();
    let mut client = client(&server);
    let page = client.get("/").unwrap();
    assert_safe(&page);
    let policy = page.field("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors"), "{policy}");
    let script =
        policy.split(';').find(|part| part.contains("script-src")).expect("a rule for scripts");
    assert!(!script.contains("unsafe-inline"), "{policy}");
    let etag = page.field("etag").expect("a validator").to_owned();
    let again = client.request("GET", "/", &[&format!("If-None-Match: {etag}")]).unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));
    let packed = client.request("GET", "/", &["Accept-Encoding: gzip"]).unwrap();
    assert_eq!(packed.field("content-encoding"), Some("gzip"));
    assert!(packed.body.starts_with(&[0x1f, 0x8b]));
    assert!(
        packed.field("vary").is_some_and(|vary| vary.to_lowercase().contains("accept-encoding"))
    );
    let head = client.request("HEAD", "/", &[]).unwrap();
    assert_eq!(head.field("content-length"), page.field("content-length"));
    assert_eq!(client.get("/live.json").unwrap().status, 200, "no body followed");
}

#[test]
fn media_files_have_ranges_caching_and_cross_origin_access() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::OBS, 2);
    let playlist = until_segments(&server, &stream.id, 2).1;
    let path = format!("/live/{}/{}", stream.id, playlist.segments[0].uri);
    let mut client = client(&server);
    let whole = client.get(&path).unwrap();
    assert_safe(&whole);
    assert_eq!(whole.field("content-type"), Some("video/mp4"));
    assert_eq!(whole.field("accept-ranges"), Some("bytes"));
    let cache = whole.field("cache-control").expect("a rule for caches");
    assert!(cache.contains("immutable") && cache.contains("max-age="), "{cache}");

    let len = whole.body.len();
    let head = client.request("HEAD", &path, &[]).unwrap();
    assert_eq!(head.field("content-length"), Some(len.to_string().as_str()));
    for (range, start, end) in [
        ("bytes=0-0".to_owned(), 0, 1),
        ("bytes=100-199".to_owned(), 100, 200),
        ("bytes=-7".to_owned(), len - 7, len),
        (format!("bytes={}-", len - 5), len - 5, len),
        (format!("bytes=10-{}", len * 2), 10, len),
    ] {
        let part = client.request("GET", &path, &[&format!("Range: {range}")]).unwrap();
        assert_eq!((part.status, &part.body[..]), (206, &whole.body[start..end]), "{range}");
        let due = format!("bytes {start}-{}/{len}", end - 1);
        assert_eq!(part.field("content-range"), Some(due.as_str()));
    }
    let beyond = client.request("GET", &path, &[&format!("Range: bytes={len}-")]).unwrap();
    assert_problem(&beyond, 416);
    assert_eq!(beyond.field("content-range"), Some(format!("bytes */{len}").as_str()));
    let other = client.request("GET", &path, &["Range: lines=1-2"]).unwrap();
    assert_eq!((other.status, other.body.len()), (200, len), "an unknown unit is ignored");

    let origin = "Origin: https://example.com";
    let cross = client.request("GET", &path, &[origin]).unwrap();
    assert_eq!(cross.field("access-control-allow-origin"), Some("*"));
    assert_eq!(cross.field("access-control-allow-credentials"), None);
    let ask =
        [origin, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: range"];
    let preflight = client.request("OPTIONS", &path, &ask).unwrap();
    assert!(matches!(preflight.status, 200 | 204), "{preflight:?}");
    let allowed =
        preflight.field("access-control-allow-headers").unwrap_or_default().to_lowercase();
    assert!(allowed.contains("range") || allowed == "*", "{preflight:?}");
}

#[test]
fn playlists_are_typed_fresh_and_refuse_senseless_reloads() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let path = |query: &str| format!("/live/{}/v0.m3u8{query}", stream.id);
    let multivariant = server.get(&format!("/live/{}/index.m3u8", stream.id));
    let media = server.get(&path(""));
    for response in [&multivariant, &media] {
        assert_safe(response);
        let kind = response.field("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/vnd.apple.mpegurl"), "{kind}");
    }
    let cache = multivariant.field("cache-control").unwrap_or_default();
    assert!(cache.contains("no-store"), "the multivariant playlist is the viewer's own: {cache}");
    let (_, playlist) = until_segments(&server, &stream.id, 1);
    let next = playlist.next_msn();
    for query in [
        format!("?_HLS_msn={}", next + 100),
        "?_HLS_part=0".to_owned(),
        "?_HLS_msn=x".to_owned(),
        format!("?_HLS_msn={next}&_HLS_part=x"),
    ] {
        assert_problem(&server.get(&path(&query)), 400);
    }
    let past = server.get(&path(&format!("?_HLS_msn={}", playlist.media_sequence)));
    assert_eq!(past.status, 200, "what is there already is answered at once");
    let unknown = server.get(&path("?_HLS_push=1&token=x"));
    assert_eq!(unknown.status, 200, "unknown parameters are ignored");
    for name in ["v9.m3u8", "v0-1-99999999999.m4s", "v0-1-99999999999.0.m4s", "etc"] {
        assert_problem(&server.get(&format!("/live/{}/{name}", stream.id)), 404);
    }
    let old = server.get(&format!("/live/{}/v0-1-1.m4s", stream.id));
    assert!(matches!(old.status, 404 | 410), "{old:?}");
}

/// The path that a reference leads to (RFC 3986 section 5.2, as far as servers use it).
fn resolve(base: &str, reference: &str) -> String {
    if reference.starts_with('/') {
        return reference.to_owned();
    }
    let mut segments: Vec<&str> = base.split('/').collect();
    segments.pop();
    for segment in reference.split('/') {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    segments.join("/")
}

#[test]
fn a_stream_key_in_a_url_is_sent_on_to_the_id_unless_that_is_turned_off() {
    let server = Server::start();
    let stream = server.add_stream("by key");
    for (path, due) in [
        (format!("/live/{}/index.m3u8", stream.key), format!("/live/{}/index.m3u8", stream.id)),
        (format!("/live/{}.flv", stream.key), format!("/live/{}.flv", stream.id)),
    ] {
        let response = server.get(&path);
        assert_eq!(response.status, 307, "{path}: {response:?}");
        let location = response.field("location").unwrap_or_default();
        assert_eq!(resolve(&path, location), due, "{path}: {location}");
        assert!(response.field("cache-control").is_some_and(|cache| cache.contains("no-store")));
    }
    let server = Site::new().with("KEY_PLAYBACK", "false").start();
    let stream = server.add_stream("by key");
    assert_eq!(server.get(&format!("/live/{}/index.m3u8", stream.key)).status, 404);
}

#[test]
fn one_address_has_a_limited_number_of_connections() {
    const LIMIT: usize = 5;
    let site = Site::new().with("MAX_CONN_PER_IP", "5").with("THROTTLE_EXEMPT", "none");
    // The readiness that the start waits for takes connections of its own, which are gone by now.
    let server = site.start();
    let mut open: Vec<Client> = (0..LIMIT).map(|_| client(&server)).collect();
    for client in &mut open {
        assert_eq!(client.get("/live.json").unwrap().status, 200);
    }
    let mut extra = client(&server);
    let refused = match extra.get("/live.json") {
        Ok(response) => matches!(response.status, 429 | 503),
        Err(_) => true,
    };
    assert!(refused, "one too many is answered");
    assert_eq!(open[0].get("/live.json").unwrap().status, 200, "the others go on");
    drop(open);
    eventually(Duration::from_secs(5), "there is room again", || {
        let response = Client::connect(server.ports().http).and_then(|mut c| c.get("/live.json"));
        response.is_ok_and(|response| response.status == 200).then_some(())
    });
}

#[test]
fn a_request_that_never_ends_is_given_up_and_holds_nobody_up() {
    let server = Server::start();
    let mut slow: Vec<Client> = (0..50).map(|_| client(&server)).collect();
    for client in &mut slow {
        client.send_raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-").unwrap();
    }
    let start = Instant::now();
    assert_eq!(server.get("/").status, 200);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    // A byte now and then does not keep it alive.
    let mut dripping = slow.pop().unwrap();
    while start.elapsed() < Duration::from_secs(9) {
        std::thread::sleep(Duration::from_millis(500));
        if dripping.send_raw(b"a").is_err() {
            break;
        }
    }
    assert!(dripping.is_closed_within(Duration::from_secs(6)), "open after {:?}", start.elapsed());
    assert!(slow.pop().unwrap().is_closed_within(Duration::from_secs(6)));
}
