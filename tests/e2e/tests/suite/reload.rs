//! Settings that change while the server runs: each takes effect as its class in the table says.

mod api;
mod settings;

use std::time::Duration;

use e2e::checker;
use e2e::publish::Publisher;
use e2e::server::{Server, Site};
use e2e::wait::{always, eventually};
use e2e::{http, sources, tools};
use serde_json::Value;

use crate::common::live;
use settings::{CHECKS, RESTART};

/// How long a reading may take; of a changed file, two looks at it come before.
const READ: Duration = Duration::from_secs(5);
/// A secret that passes, and another one.
const SECRETS: [&str; 2] = ["6f2d8c5b9f4e4b0c8a7d1e3f5a6b7c8d", "0c3e9a71b5d24f68a90bc1d2e3f4a5b6"];

/// The value of a metric, of one line.
fn metric(server: &Server, name: &str) -> u64 {
    let metrics = server.api("/metrics").text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = line.and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

fn taken(server: &Server) -> u64 {
    metric(server, "shardcast_config_reloads_total{result=\"taken\"}")
}

fn refused(server: &Server) -> u64 {
    metric(server, "shardcast_config_reloads_total{result=\"refused\"}")
}

/// Does something that makes the server read its settings, and waits until they are in force.
#[track_caller]
fn until_taken(server: &mut Server, work: impl FnOnce(&mut Server)) {
    let before = taken(server);
    work(server);
    eventually(READ, "the settings are in force", || (taken(server) > before).then_some(()));
}

/// Puts the site's settings with these changes in force.
#[track_caller]
fn change(server: &mut Server, changes: &[(&str, &str)]) {
    until_taken(server, |server| {
        server.write_dotenv(changes);
        server.process().signal("HUP");
    });
}

/// The lines of `combined.log`.
fn log(server: &Server) -> Vec<Value> {
    server.log("combined.log").lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn says(line: &Value, words: &str) -> bool {
    line["message"].as_str().is_some_and(|message| message.contains(words))
}

/// A stream that goes on whatever is changed.
struct Witness {
    id: String,
    publisher: Publisher,
}

impl Witness {
    fn start(server: &Server) -> Self {
        let (stream, publisher) = live(server, &sources::OBS, 1);
        Self { id: stream.id, publisher }
    }

    #[track_caller]
    fn goes_on_undisturbed(&mut self, server: &Server) {
        assert!(self.publisher.is_running());
        let playlist = || checker::playlist_now(server, &self.id, "v0.m3u8");
        let before = playlist();
        assert_eq!(before.discontinuity_sequence, 0);
        assert!(before.segments.iter().all(|segment| !segment.discontinuity));
        let grows = || (playlist().next_part() > before.next_part()).then_some(());
        eventually(READ, "the witness's playlist grows", grows);
    }
}

/// Those of the API first: the last one of the rest ends the server.
fn checks() -> impl Iterator<Item = &'static (&'static str, settings::Check)> {
    api::CHECKS.iter().chain(CHECKS)
}

#[test]
fn every_setting_that_can_change_does_and_what_needs_a_restart_waits() {
    for setting in config::SETTINGS.iter().filter(|setting| setting.implemented) {
        let checked = checks().filter(|(name, _)| *name == setting.name).count();
        let waits = RESTART.iter().filter(|(name, _)| *name == setting.name).count();
        let expected = if setting.reload == config::Reload::Restart { (0, 1) } else { (1, 0) };
        assert_eq!((checked, waits), expected, "{}: say how its change shows", setting.name);
    }
    let mut server = settings::site().start();
    let mut witness = Witness::start(&server);
    for (name, check) in checks() {
        let known = config::SETTINGS.iter().any(|s| s.name == *name && s.implemented);
        assert!(known, "{name} is checked and has no effect");
        eprintln!("--- {name}");
        check(&mut server);
        if *name != "SHUTDOWN_TIMEOUT" {
            witness.goes_on_undisturbed(&server);
        }
    }
}

#[test]
fn a_change_of_what_needs_a_restart_is_told_and_does_not_take_effect() {
    let mut server = settings::site().start();
    let mut witness = Witness::start(&server);
    let other = Site::new();
    let [api, rtmp, http] =
        [other.ports().api, other.ports().rtmp, other.ports().http].map(|port| port.to_string());
    let runtime = server.api("/health").json()["runtime"].clone();
    let changes: Vec<_> = RESTART
        .iter()
        .map(|(name, value)| match *name {
            "STREAMING_PORT" => (*name, api.as_str()),
            "RTMP_PORT" => (*name, rtmp.as_str()),
            "HTTP_PORT" => (*name, http.as_str()),
            "RUNTIME" if runtime == "epoll" => (*name, "io_uring"),
            _ => (*name, *value),
        })
        .collect();
    change(&mut server, &changes);

    let lines = log(&server);
    for (name, _) in RESTART {
        let told = lines.iter().filter(|line| {
            line["setting"] == *name && line["level"] == "WARN" && says(line, "waits for a restart")
        });
        assert_eq!(told.count(), 1, "{name}");
    }
    assert_eq!(metric(&server, "shardcast_config_waiting_settings"), RESTART.len() as u64);
    let health = server.api("/health").json();
    assert_eq!((&health["runtime"], &health["shards"]), (&runtime, &2.into()));
    assert_eq!(
        (&health["services"]["database"], &health["status"]),
        (&"up".into(), &"healthy".into())
    );
    for port in [other.ports().api, other.ports().rtmp, other.ports().http] {
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "{port} is open");
    }
    for (name, path) in RESTART.iter().filter(|(_, value)| value.starts_with("./other")) {
        assert!(!server.path(path).exists(), "{name} is in use");
    }
    witness.goes_on_undisturbed(&server);

    change(&mut server, &[]);
    assert_eq!(metric(&server, "shardcast_config_waiting_settings"), 0);
    assert!(server.json(&["stream", "list"]).to_string().contains(&witness.id));
    let said = server.log("combined.log") + &server.output();
    assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "a secret in the logs");
}

#[test]
fn a_bad_file_keeps_the_old_settings_and_the_line_is_told_until_it_is_mended() {
    let mut server = settings::site().start();
    let mut witness = Witness::start(&server);
    let line = server.write_dotenv(&[("PUBLIC_HOST", "new.example"), ("HLS_WINDOW", "many")]);
    server.process().signal("HUP");
    eventually(READ, "the file is refused", || (refused(&server) == 1).then_some(()));
    let problem = format!("HLS_WINDOW (.env line {line})");
    let told = |file: &str, words: &str| {
        let what = format!("{file} has {words}");
        eventually(READ, &what, || server.log(file).contains(words).then_some(()));
    };
    told("error.log", &problem);
    assert_eq!(metric(&server, "shardcast_config_reload_failed"), 1);
    assert_eq!(server.api("/health").json()["configuration"], "refused");
    let asked = server.run(&["reload"]);
    assert!(asked.code == Some(2) && asked.stderr.contains(&problem), "{asked:?}");
    // What is wrong is told once, not at every look.
    always(Duration::from_secs(2), "one refusal", || refused(&server) == 1);
    witness.goes_on_undisturbed(&server);

    until_taken(&mut server, |server| {
        server.write_dotenv(&[("PUBLIC_HOST", "new.example")]);
    });
    assert_eq!(server.api("/health").json()["configuration"], "current");
    assert_eq!(metric(&server, "shardcast_config_reload_failed"), 0);
    let streams = server.json(&["stream", "list"]);
    assert!(streams[0]["rtmpServer"].to_string().contains("//new.example:"), "{streams}");

    std::fs::write(server.path("shardcast.toml"), "# ours\nhls_windows = 3\n").unwrap();
    eventually(READ, "the file is refused", || (refused(&server) == 2).then_some(()));
    eventually(READ, "its line is told", || {
        server.log("error.log").contains("hls_windows (shardcast.toml line 2)").then_some(())
    });
    witness.goes_on_undisturbed(&server);
}

#[test]
fn a_secrets_file_is_watched_and_its_content_never_told() {
    let site = Site::new();
    let path = site.path("key");
    std::fs::write(&path, SECRETS[0]).unwrap();
    let mut server = site.with("KEY_SECRET_FILE", &path.to_string_lossy()).in_dotenv().start();
    let stream = server.add_stream("sealed");
    until_taken(&mut server, |server| {
        let new = server.path("key.new");
        std::fs::write(&new, SECRETS[1]).unwrap();
        std::fs::rename(new, &path).unwrap();
    });
    assert_eq!(metric(&server, "shardcast_config_waiting_settings"), 1);
    assert_eq!(server.json(&["stream", "key", &stream.id])["streamKey"], stream.key.as_str());
    let told = log(&server).into_iter().find(|line| line["setting"] == "KEY_SECRET");
    let told = told.expect("the change is told");
    assert_eq!((&told["from"], &told["to"]), (&"[secret]".into(), &"[secret]".into()));
    let said = server.log("combined.log") + &server.output();
    assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "a secret in the logs");
}

#[test]
fn the_command_tells_what_changed_and_needs_a_server() {
    let site = settings::site();
    let alone = site.run(&["reload"]);
    assert!(alone.code == Some(1) && alone.stderr.contains("no server"), "{alone:?}");
    let server = site.start();
    assert_eq!(server.json(&["reload"]), serde_json::json!({ "changes": [] }));
    server.write_dotenv(&[("GATHER_MS", "7"), ("HLS_WINDOW", "5"), ("SHARDS", "1")]);
    let told = server.json(&["reload"]);
    let told: Vec<_> = told["changes"].as_array().unwrap().iter().collect();
    let expected = [
        ("HLS_WINDOW", "10", "5", "next session"),
        ("GATHER_MS", "60", "7", "now"),
        ("SHARDS", "2", "1", "restart"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (change, (name, from, to, takes_effect)) in told.into_iter().zip(expected) {
        let expected = serde_json::json!(
            { "name": name, "from": from, "to": to, "takesEffect": takes_effect }
        );
        assert_eq!(*change, expected);
    }
}

#[test]
fn sighup_reloads_on_a_terminal_and_ends_the_server_when_the_terminal_is_gone() {
    let launcher = tools::own_file("launch/terminal.py").into_os_string();
    let mut server = settings::site().start_by(&["python3".into(), launcher], &[]);
    change(&mut server, &[]);
    let port = server.ports().api;
    server.process().signal("USR1");
    let status = server.process().wait(Duration::from_secs(12));
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(http::try_get(port, "/ready").is_err());
}
