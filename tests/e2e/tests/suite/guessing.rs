//! Attacks on the API beside live media: they are refused, hold nobody up, and leave no secret in a log.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use e2e::http::{Client, Response};
use e2e::process::Process;
use e2e::rtmp::Player;
use e2e::server::{Server, Site};
use e2e::sources;
use serde_json::{Value, json};

use crate::common::live;

const GUESSES: usize = 1000;
/// Clients that guess at a time: fewer than the server lets wait for a password's hash.
const GUESSERS: usize = 16;
/// How long a request of somebody else may take meanwhile, on a busy machine.
const RESPONSIVE: Duration = Duration::from_secs(3);
const PASSWORD: &str = "correct horse battery staple";

fn send(port: u16, method: &str, path: &str, fields: &[&str], body: &str) -> Response {
    let mut client = Client::connect(port).expect("the port is open");
    let length = format!("Content-Length: {}", body.len());
    let kind = "Content-Type: application/json";
    let fields = [fields, &[&length, kind]].concat();
    client.send(method, path, &fields).expect("a request is sent");
    client.send_raw(body.as_bytes()).expect("a body is sent");
    client.receive(method).expect("a response")
}

fn log_in(port: u16, email: &str, password: &str) -> Response {
    let body = json!({ "email": email, "password": password }).to_string();
    send(port, "POST", "/api/auth/login", &[], &body)
}

#[test]
fn a_thousand_wrong_log_ins_are_refused_beside_media_that_go_on() {
    let server = Site::new().with("RATE_LIMIT_MAX_REQUESTS", "0").start();
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let mut player = Player::start(server.ports().rtmp, &stream.id).unwrap();
    let port = server.ports().api;
    let (next, slowest) = (AtomicUsize::new(0), std::sync::Mutex::new(Duration::ZERO));
    let guess = || {
        let mut statuses = Vec::new();
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number >= GUESSES {
                return statuses;
            }
            // One user whom many guess, and many users.
            let email = match number % 2 {
                0 => "admin@example.com".to_owned(),
                _ => format!("user{number}@example.com"),
            };
            statuses.push(log_in(port, &email, &format!("guess-number-{number}")).status);
        }
    };
    let statuses = std::thread::scope(|scope| {
        let guessers: Vec<_> = (0..GUESSERS).map(|_| scope.spawn(guess)).collect();
        while guessers.iter().any(|guesser| !guesser.is_finished()) {
            let start = Instant::now();
            assert_eq!(server.api("/api/streams/live").status, 200);
            let mut slowest = slowest.lock().unwrap();
            *slowest = slowest.max(start.elapsed());
            let tags = player.record(Duration::from_millis(500)).unwrap();
            assert!(tags.len() > 5, "{} frames in half a second", tags.len());
        }
        let guessed = guessers.into_iter().map(|guesser| guesser.join().unwrap());
        guessed.flatten().collect::<Vec<_>>()
    });
    assert_eq!(statuses.len(), GUESSES);
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!(count(401) + count(429), GUESSES, "{statuses:?}");
    assert!(count(429) > GUESSES / 2, "guessing is soon at its end: {} tries", count(401));
    let slowest = slowest.into_inner().unwrap();
    assert!(slowest < RESPONSIVE, "{slowest:?}");
    assert_eq!(log_in(port, "admin@example.com", PASSWORD).status, 429, "the address waits");
    let logs = logs(&server);
    assert!(logs.contains("log-in refused"));
    assert!(!logs.contains("guess-number-"), "a guess may be a mistyped password");
}

#[test]
fn slow_and_endless_requests_hold_nobody_up() {
    let server = Site::new().with("RATE_LIMIT_MAX_REQUESTS", "0").start();
    let port = server.ports().api;
    let mut slow: Vec<Client> = (0..200).map(|_| Client::connect(port).unwrap()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        let request: &[u8] = match number % 2 {
            0 => b"GET /health HTTP/1.1\r\nHost: a\r\nX-",
            _ => b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
        };
        client.send_raw(request).unwrap();
    }
    let start = Instant::now();
    assert_eq!(log_in(port, "admin@example.com", PASSWORD).status, 200);
    assert!(start.elapsed() < RESPONSIVE, "{:?}", start.elapsed());
    // Bodies and heads over their bounds.
    let large = send(port, "POST", "/api/auth/login", &[], &"x".repeat(70_000));
    assert_eq!(large.status, 413);
    let deep = format!("{{\"email\":{}", "[".repeat(60_000));
    assert_eq!(send(port, "POST", "/api/auth/login", &[], &deep).status / 100, 4);
    let long = format!("X: {}", "x".repeat(50_000));
    let many: Vec<String> = (0..80).map(|number| format!("X-{number}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut client = Client::connect(port).unwrap();
    assert_eq!(client.request("GET", "/health", &many).unwrap().status, 431);
    let mut client = Client::connect(port).unwrap();
    assert_eq!(client.request("GET", "/health", &[long.as_str(); 2]).unwrap().status, 431);
    // Both kinds are given up after 15 s.
    let (mut head, mut body) = (slow.remove(0), slow.remove(0));
    assert_eq!(body.receive("POST").unwrap().status, 408);
    assert!(head.is_closed_within(Duration::from_secs(10)));
}

#[test]
fn no_secret_of_a_whole_run_stands_in_a_log_or_an_answer_to_others() {
    let (jwt, key) = ("the-jwt-secret-of-this-run-32-bytes", "the-key-secret-of-this-run-32-bytes");
    let site = Site::new().with("RATE_LIMIT_MAX_REQUESTS", "0").with("LOG_LEVEL", "trace");
    let server = site.with("JWT_SECRET", jwt).with("KEY_SECRET", key).start();
    let port = server.ports().api;
    let body = |response: Response| -> Value {
        assert!(response.status < 300, "{response:?}");
        response.json()
    };
    let text = |json: &Value, name: &str| json[name].as_str().expect(name).to_owned();
    let admin = body(log_in(port, "admin@example.com", PASSWORD));
    let bearer = format!("Authorization: Bearer {}", text(&admin, "token"));
    let post = |path: &str, given: Value| send(port, "POST", path, &[&bearer], &given.to_string());
    let new = json!({ "email": "ann@example.com", "password": "a-password-of-this-run" });
    let ann = body(send(port, "POST", "/api/auth/register", &[], &new.to_string()));
    let refresh = json!({ "refreshToken": text(&ann, "refreshToken") }).to_string();
    let renewed = body(send(port, "POST", "/api/auth/refresh", &[], &refresh));
    let reused = send(port, "POST", "/api/auth/refresh", &[], &refresh);
    assert_eq!(reused.status, 401);
    let made = body(post("/api/users", json!({ "email": "bob@example.com" })));
    let stream = body(post("/api/streams", json!({ "title": "Secrets" })));
    let path = format!("/api/streams/{}/key", text(&stream, "id"));
    let second = body(post(&path, json!({})));
    // What is refused is written down too.
    assert_eq!(
        post("/api/users", json!({ "email": "x", "password": "refused-password-1" })).status,
        422
    );
    assert_eq!(post("/api/streams", json!("refused-secret-2")).status, 422);
    log_in(port, "admin@example.com", "wrong-password-3");
    send(
        port,
        "GET",
        "/api/auth/me?token=query-secret-4",
        &["Authorization: Bearer wrong-token-5"],
        "",
    );
    let played = server.get(&format!("/live/{}/index.m3u8", text(&second, "streamKey")));
    assert_eq!(played.status, 307);
    let (live, _publisher) = live(&server, &sources::OBS, 1);
    let _ = e2e::rtmp::Publisher::start(server.ports().rtmp, "live", "wrong-stream-key-6");
    for command in [&["reload"][..], &["stream", "rm", &live.id]] {
        let done = server.run(command);
        assert_eq!(done.code, Some(0), "{command:?}: {done:?}");
    }

    let mut secrets: Vec<String> = [
        PASSWORD,
        jwt,
        key,
        "a-password-of-this-run",
        "refused-password-1",
        "refused-secret-2",
        "wrong-password-3",
        "query-secret-4",
        "wrong-token-5",
        "wrong-stream-key-6",
    ]
    .map(str::to_owned)
    .to_vec();
    for log_in in [&admin, &ann, &renewed] {
        secrets.extend([text(log_in, "token"), text(log_in, "refreshToken")]);
    }
    secrets.extend([
        text(&made, "password"),
        text(&stream, "streamKey"),
        text(&second, "streamKey"),
    ]);
    secrets.push(live.key);
    let mut server = server;
    Process::signal(server.process(), "TERM");
    server.process().wait(Duration::from_secs(30));
    let logs = logs(&server);
    assert!(logs.contains("stream key replaced") && logs.contains("used twice"), "all is written");
    for secret in secrets {
        let line = logs.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "a log holds {secret}");
    }
}

/// All that the server wrote: its files and its terminal.
fn logs(server: &Server) -> String {
    let files = std::fs::read_dir(server.setting("LOG_DIR")).expect("the folder is there");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let logs = names.map(|name| server.log(&name)).collect::<Vec<_>>();
    logs.join("\n") + &server.output()
}
