//! The load runner on streams that it makes for itself.

use std::process::Command;
use std::time::Duration;

use e2e::process::{Finished, Process, run};
use e2e::server::{Server, Site};
use e2e::wait::eventually;

/// How long streams may take to be made, live or removed on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A run that does not end by itself within a test.
const ENDLESS: &str = "600";

fn server() -> Server {
    Site::new().with("RATE_LIMIT_MAX_REQUESTS", "0").start()
}

/// `shardcast load` with the server's API and the administrator's log-in.
fn load(server: &Server, arguments: &[&str]) -> Command {
    let api = format!("http://127.0.0.1:{}", server.ports().api);
    let mut command = server.command(&[]);
    command.arg("load").args(arguments).args(["--api", &api, "--warmup", "0"]);
    command.env("SHARDCAST_PASSWORD", server.setting("ADMIN_PASSWORD"));
    command
}

fn publish(server: &Server, streams: &str) -> Process {
    let arguments = ["publish", "--login", "admin@example.com", "--streams", streams];
    let mut command = load(server, &arguments);
    command.args(["--duration", ENDLESS, "--size", "320x180", "--json"]);
    Process::start(&mut command, &server.path("publish.out"))
}

fn play(server: &Server, url: &[&str]) -> Finished {
    let arguments = ["play", "--players", "6", "--duration", "1", "--json"];
    run(load(server, &arguments).args(url), PATIENCE)
}

fn streams(server: &Server) -> usize {
    server.json(&["stream", "list"]).as_array().map_or(0, Vec::len)
}

fn until_live(server: &Server, count: usize) {
    eventually(PATIENCE, "the streams are live", || {
        let page = server.api("/api/streams/live").json();
        (page["items"].as_array().map_or(0, Vec::len) == count).then_some(())
    });
}

#[test]
fn a_run_plays_what_another_publishes_and_an_interrupted_one_leaves_no_stream_behind() {
    let server = server();
    let nothing = play(&server, &[]);
    assert!(
        nothing.code == Some(1) && nothing.stderr.contains("nothing that is live"),
        "{nothing:?}"
    );

    let mut publisher = publish(&server, "3");
    until_live(&server, 3);
    for url in [vec![server.rtmp_url("{id}")], vec![server.flv_url("{id}")], vec![]] {
        let url: Vec<&str> = url.iter().map(String::as_str).collect();
        let played = play(&server, &url);
        let summary: serde_json::Value = serde_json::from_str(&played.stdout).expect("a summary");
        assert_eq!(summary["connections"]["connected"], 6, "{played:?}");
    }
    publisher.signal("INT");
    let status = publisher.wait(PATIENCE);
    assert!(status.success(), "{status}: {}", publisher.output());
    assert!(publisher.output().contains(r#""publishing":3"#), "{}", publisher.output());
    assert_eq!(streams(&server), 0);
}

#[test]
fn a_run_that_is_ended_while_its_streams_are_made_removes_them() {
    let server = server();
    let mut publisher = publish(&server, "100000");
    eventually(PATIENCE, "streams are made", || (streams(&server) > 3).then_some(()));
    publisher.signal("TERM");
    let status = publisher.wait(PATIENCE);
    assert_eq!(status.code(), Some(1));
    assert!(publisher.output().contains("interrupted while its streams"), "{}", publisher.output());
    assert_eq!(streams(&server), 0);
}

#[test]
fn what_could_not_be_removed_is_named() {
    let mut server = server();
    let mut publisher = publish(&server, "2");
    until_live(&server, 2);
    let list = server.json(&["stream", "list"]);
    server.process().kill();
    publisher.signal("INT");
    let status = publisher.wait(Duration::from_mins(1));
    assert_eq!(status.code(), Some(1));
    let said = publisher.output();
    assert!(said.contains("2 of its streams could not be removed"), "{said}");
    for stream in list.as_array().expect("a list") {
        assert!(said.contains(stream["id"].as_str().expect("an id")), "{said}");
    }
}

#[test]
fn a_refused_token_is_told_with_what_to_do() {
    let server = server();
    let mut command = load(&server, &["publish"]);
    let refused = run(command.env("SHARDCAST_TOKEN", "abc"), PATIENCE);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("HTTP 401") && refused.stderr.contains("--login"),
        "{refused:?}"
    );
    assert_eq!(streams(&server), 0);
}

#[test]
fn requests_are_answered_and_their_users_and_streams_are_gone_afterwards() {
    let server = server();
    let api = format!("http://127.0.0.1:{}", server.ports().api);
    let load = |duration: &str| {
        let mut command = server.command(&[]);
        command.args(["load", "api", &api, "--login", "admin@example.com", "--users", "3"]);
        // Often enough that some of them add and remove streams.
        command.args(["--per-second", "200", "--logins", "2", "--warmup", "0", "--json"]);
        command.args(["--duration", duration, "--expect", "refused=0", "--expect", "failed=0"]);
        command.env("SHARDCAST_PASSWORD", server.setting("ADMIN_PASSWORD"));
        command
    };
    let assert_clean = || {
        let users = server.json(&["user", "list"]);
        assert_eq!(users.as_array().map_or(0, Vec::len), 1, "{users}");
        assert_eq!(streams(&server), 0);
    };
    let done = run(&mut load("2"), PATIENCE);
    assert_eq!(done.code, Some(0), "{done:?}");
    let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("a summary");
    assert_eq!((&summary["api"]["requests"], &summary["api"]["logins"]), (&400.into(), &4.into()));
    assert_clean();

    let mut endless = Process::start(&mut load(ENDLESS), &server.path("api.out"));
    eventually(PATIENCE, "its users' streams are there", || (streams(&server) >= 3).then_some(()));
    endless.signal("INT");
    endless.wait(PATIENCE);
    assert_clean();
}
