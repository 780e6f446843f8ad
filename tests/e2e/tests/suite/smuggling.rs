//! What follows a request whose end is in doubt is never answered as another request (RFC 9112 section 11.2).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use e2e::server::{Server, Site};

/// What hides behind the doubt; its path would stand in an answer.
const HIDDEN: &str = "GET /hidden-path HTTP/1.1\r\nHost: a\r\n\r\n";
/// How long a second answer is waited for.
const PATIENCE: Duration = Duration::from_millis(600);

/// The end of a request's head and its body, each with what hides.
fn endings() -> Vec<String> {
    let all = 2 + HIDDEN.len();
    let two = |first: usize, second: usize| {
        format!("Content-Length: {first}\r\nContent-Length: {second}\r\n\r\n{{}}{HIDDEN}")
    };
    let length = |text: &str| format!("Content-Length{text}\r\n\r\n{{}}{HIDDEN}");
    let coding = |lines: &str| format!("{lines}\r\n\r\n0\r\n\r\n{HIDDEN}");
    let chunks = |text: &str| format!("Transfer-Encoding: chunked\r\n\r\n{text}{HIDDEN}");
    let inside = HIDDEN.len();
    let mut endings = vec![two(2, all), two(all, 2)];
    endings.extend(
        [
            ": 2, 40",
            ": 2, 2",
            ": +2",
            ": -2",
            ": 0x2",
            ": 2 2",
            ": 18446744073709551618",
            ":",
            " : 2",
            ":\r\n 2",
        ]
        .map(length),
    );
    endings.extend(
        [
            "Content-Length: 42\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 42",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding:\u{b}chunked\r\nContent-Length: 5",
            "Transfer-Encoding : chunked\r\nContent-Length: 5",
            "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5",
            "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5",
        ]
        .map(coding),
    );
    endings.extend(
        [
            "zz\r\n",
            "-1\r\n",
            "fffffffffffffffff\r\n",
            "10000000000000002\r\n{}\r\n0\r\n\r\n",
            "2\n{}\n0\n\n",
            "2;a\n{}\r\n0\r\n\r\n",
            "2\r\n{}xx0\r\n\r\n",
            "2\r\n{}\r\n0\r\nX\r\n\r\n",
        ]
        .map(chunks),
    );
    endings.extend([
        // The field after a bare line end may be a field or not; its body is none of a second request.
        format!("X: a\nContent-Length: {inside}\r\n\r\n{HIDDEN}"),
        format!("X: a\rContent-Length: {inside}\r\n\r\n{HIDDEN}"),
        format!("X: a\0b\r\nContent-Length: {inside}\r\n\r\n{HIDDEN}"),
        format!("Content-Length: {inside}\r\n\r\n{HIDDEN}"),
        format!("Content-Length: {}\r\n\r\n{}{HIDDEN}", 100_000 + inside, "x".repeat(100_000)),
    ]);
    endings
}

/// All that the port answers to these bytes.
fn answers(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the port is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a positive time-out");
    // The server may close before it has all.
    drop(stream.write_all(request.as_bytes()));
    let mut answers = Vec::new();
    drop(stream.read_to_end(&mut answers));
    String::from_utf8_lossy(&answers).into_owned()
}

#[test]
fn hidden_bytes_are_never_answered_as_a_request_of_their_own() {
    let server: Server = Site::new().with("RATE_LIMIT_MAX_REQUESTS", "0").start();
    let ports = server.ports();
    for (port, path) in [(ports.api, "/api/auth/login"), (ports.http, "/")] {
        std::thread::scope(|scope| {
            for ending in endings() {
                scope.spawn(move || {
                    for method in ["POST", "GET"] {
                        let head = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n");
                        let kind = "Content-Type: application/json\r\n";
                        let answers = answers(port, &format!("{head}{kind}{ending}"));
                        let shown: String = ending.chars().take(80).collect();
                        let case = format!("{method} {path} {shown:?}: {answers}");
                        assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{case}");
                        assert!(!answers.contains("hidden-path"), "{case}");
                    }
                });
            }
        });
    }
    assert_eq!(server.api("/ready").status, 200);
    assert_eq!(server.get("/").status, 200);
}
