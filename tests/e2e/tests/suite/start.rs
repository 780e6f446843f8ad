//! How the server starts, refuses to start, and stops.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::process::Finished;
use e2e::rtmp::Player;
use e2e::server::{Ports, Server, Site};
use e2e::wait::eventually;
use e2e::{http, sources, tools};

use crate::common::live;

const REFUSAL: Duration = Duration::from_secs(15);

/// Runs a server that must not start.
#[track_caller]
fn refused(site: &Site) -> Finished {
    let done = e2e::process::run(site.command(&[]).arg("serve"), REFUSAL);
    assert!(matches!(done.code, Some(1 | 2)), "{done:?}");
    done
}

/// The one line that a person reads.
#[track_caller]
fn one_line(done: &Finished) -> &str {
    let lines: Vec<&str> =
        done.stderr.lines().filter(|line| line.starts_with("shardcast:")).collect();
    assert_eq!(lines.len(), 1, "{done:?}");
    lines[0]
}

#[test]
fn a_second_server_on_the_same_ports_fails_with_one_line_that_names_the_port() {
    let first = Server::start();
    let taken = first.ports();
    let spare = Site::new().ports();
    for ports in [
        Ports { api: taken.api, ..spare },
        Ports { rtmp: taken.rtmp, ..spare },
        Ports { http: taken.http, ..spare },
    ] {
        let mut second = Site::new().with("LOG_LEVEL", "info");
        second.use_ports(ports);
        let done = refused(&second);
        let port = [taken.api, taken.rtmp, taken.http]
            .into_iter()
            .find(|port| [ports.api, ports.rtmp, ports.http].contains(port))
            .unwrap();
        assert!(one_line(&done).contains(&port.to_string()), "{done:?}");
    }
    assert_eq!(first.api("/ready").status, 200, "the first one is unharmed");
}

#[test]
fn a_second_server_on_the_same_data_fails_with_one_line_that_names_the_directory() {
    let first = Server::start();
    let data = first.setting("DATA_DIR").to_owned();
    let second = Site::new().with("LOG_LEVEL", "info").with("DATA_DIR", &data);
    let done = refused(&second);
    assert!(one_line(&done).contains(&data), "{done:?}");
    assert_eq!(first.api("/ready").status, 200, "the first one is unharmed");
}

#[test]
fn bad_values_fail_with_exit_code_2_and_a_line_that_names_them() {
    for (name, value) in [("RTMP_PORT", "70000"), ("HLS_WINDOW", "many"), ("RUNTIME", "windows")] {
        let site = Site::new().with("LOG_LEVEL", "info").with(name, value);
        let done = refused(&site);
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains(name) && done.stderr.contains(value), "{done:?}");
    }
}

#[test]
fn an_unknown_key_in_the_configuration_file_stops_the_start_and_is_named() {
    let site = Site::new().with("LOG_LEVEL", "info");
    std::fs::write(site.path("shardcast.toml"), "hls_windows = 12\n").unwrap();
    let done = refused(&site);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("hls_windows"), "{done:?}");
}

#[test]
fn the_example_configuration_starts_as_it_is() {
    let site = Site::new();
    let example = tools::own_file("../../.env.example");
    std::fs::copy(example, site.path(".env")).unwrap();
    let server = site.start();
    assert_eq!(server.api("/health").json()["status"], "healthy");
}

#[test]
fn without_an_address_the_server_listens_on_all() {
    let server = Site::new().with("BIND", "").start();
    let ports = server.ports();
    for port in [ports.api, ports.rtmp, ports.http] {
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        if std::fs::metadata("/proc/net/if_inet6").is_ok_and(|file| file.is_file()) {
            TcpStream::connect(("::1", port)).unwrap();
        }
    }
}

#[test]
fn check_tells_what_the_server_would_run_on() {
    let done = Site::new().with("LOG_LEVEL", "info").run(&["check"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let said = done.stdout + &done.stderr;
    for word in ["io_uring", "epoll"] {
        if std::env::var("RUNTIME").is_ok_and(|runtime| runtime == word) {
            assert!(said.contains(word), "{said}");
        }
    }
    assert!(said.to_lowercase().contains("openh264"), "{said}");
    let bad = Site::new().with("RTMP_PORT", "nothing").run(&["check"]);
    assert!(bad.code == Some(2) && bad.stderr.contains("RTMP_PORT"), "{bad:?}");
}

#[test]
fn where_io_uring_is_refused_the_server_runs_on_epoll_and_says_so() {
    let filter = tools::own_file("launch/no_io_uring.py");
    let launcher = ["python3".into(), filter.into_os_string()];
    let server = Site::new().with("RUNTIME", "auto").start_by(&launcher, &[]);
    assert_eq!(server.api("/health").json()["runtime"], "epoll");
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let mut player = Player::start(server.ports().rtmp, &stream.id).unwrap();
    assert!(player.record(Duration::from_secs(1)).unwrap().len() > 30);
}

#[test]
fn health_names_the_runtime_that_was_asked_for_and_the_shards() {
    let server = Server::start();
    let health = server.api("/health").json();
    let asked = std::env::var("RUNTIME").unwrap_or_else(|_| "auto".into());
    if asked != "auto" {
        assert_eq!(health["runtime"], asked.as_str(), "{health}");
    }
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["shards"], 2, "{health}");
    assert_eq!(health["services"]["database"], "up", "{health}");
    let metrics = server.api("/metrics").text();
    assert!(metrics.contains("shardcast_shard_load{shard=\"1\"}"), "{metrics}");
}

#[test]
fn sigterm_turns_ready_off_at_once_and_ends_with_code_0_in_time() {
    let limit = Duration::from_secs(4);
    let mut server = Site::new().with("SHUTDOWN_TIMEOUT", "4s").start();
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let mut player = Player::start(server.ports().rtmp, &stream.id).unwrap();
    player.record(Duration::from_millis(500)).unwrap();
    let mut idle = http::Client::connect(server.ports().http).unwrap();
    assert_eq!(idle.get("/").unwrap().status, 200);
    let port = server.ports().api;

    let start = Instant::now();
    server.process().signal("TERM");
    eventually(Duration::from_secs(1), "/ready is 503, or the server is gone already", || {
        http::try_get(port, "/ready").map_or(true, |response| response.status == 503).then_some(())
    });
    let status = server.process().wait(limit + Duration::from_secs(3));
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(start.elapsed() < limit + Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_second_sigterm_ends_at_once() {
    let mut server = Site::new().with("SHUTDOWN_TIMEOUT", "30s").start();
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let _player = Player::start(server.ports().rtmp, &stream.id).unwrap();
    server.process().signal("TERM");
    std::thread::sleep(Duration::from_millis(200));
    if server.process().ended().is_none() {
        server.process().signal("TERM");
    }
    server.process().wait(Duration::from_secs(3));
}
