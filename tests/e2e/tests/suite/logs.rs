//! The log files that the README names.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use e2e::rtmp;
use e2e::server::Server;
use e2e::sources;
use e2e::wait::eventually;

use crate::common::live;

const WRITTEN: Duration = Duration::from_secs(5);

#[test]
fn a_publish_a_wrong_key_and_a_malformed_session_stand_in_the_logs_without_keys() {
    let server = Server::start();
    let (stream, publisher) = live(&server, &sources::OBS, 1);
    let wrong = "wrong-key-1234567890";
    assert!(rtmp::Publisher::start(server.ports().rtmp, "live", wrong).is_err());
    let mut socket = TcpStream::connect(("127.0.0.1", server.ports().rtmp)).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let malformed = socket.local_addr().unwrap().port().to_string();
    publisher.kill();

    let holds = |file: &str, what: &[&str]| {
        let what_is_missing = format!("{file} has a line with {what:?}");
        eventually(WRITTEN, &what_is_missing, || {
            let text = server.log(file);
            text.lines().any(|line| what.iter().all(|word| line.contains(word))).then_some(())
        });
    };
    // The publish: told, and no error.
    holds("combined.log", &[&stream.id]);
    holds("nms.log", &[&stream.id]);
    // The wrong key: whoever reads the errors must find it.
    for file in ["combined.log", "nms.log", "error.log"] {
        holds(file, &["key"]);
        holds(file, &[&malformed]);
    }
    for file in ["combined.log", "nms.log", "error.log"] {
        let text = server.log(file);
        assert!(!text.contains(&stream.key), "{file} holds a key");
        assert!(!text.contains(wrong), "{file} holds what may be a mistyped key");
    }
    assert!(!server.output().contains(&stream.key), "the terminal shows a key");
}
