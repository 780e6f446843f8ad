//! The administrator's commands, with and without a running server.

use std::io::Write as _;
use std::process::Stdio;

use e2e::rtmp;
use e2e::server::{Server, Site};
use serde_json::Value;

fn find<'v>(list: &'v Value, field: &str, value: &str) -> Option<&'v Value> {
    list.as_array().expect("a list").iter().find(|entry| entry[field] == value)
}

/// Goes through every command on this site.
fn administers(site: &Site) {
    let added =
        site.json(&["user", "add", "ann@example.com", "--name", "Ann", "--role", "streamer"]);
    assert_eq!((&added["email"], &added["role"]), (&"ann@example.com".into(), &"streamer".into()));
    assert!(added["password"].as_str().is_some_and(|text| text.len() >= 12), "a made password");
    let users = site.json(&["user", "list"]);
    let ann = find(&users, "email", "ann@example.com").expect("it is listed");
    assert!(ann.get("password").is_none_or(Value::is_null), "{ann}");
    assert!(find(&users, "role", "admin").is_some(), "the first administrator: {users}");
    let changed = site.json(&["user", "passwd", "ann@example.com"]);
    assert_ne!(changed["password"], added["password"]);

    let stream = site.json(&["stream", "add", "Ann's show", "--owner", "ann@example.com"]);
    let (id, key) =
        (stream["id"].as_str().unwrap_or(""), stream["streamKey"].as_str().unwrap_or(""));
    assert_eq!(stream["owner"], "ann@example.com");
    let ports = site.ports();
    assert_eq!(stream["rtmpUrl"], format!("rtmp://127.0.0.1:{}/live/{key}", ports.rtmp));
    assert_eq!(stream["hlsUrl"], format!("http://127.0.0.1:{}/live/{id}/index.m3u8", ports.http));
    assert_eq!(stream["flvUrl"], format!("http://127.0.0.1:{}/live/{id}.flv", ports.http));
    assert_eq!(stream["watchUrl"], format!("http://127.0.0.1:{}/watch/{id}", ports.http));
    let listed = site.json(&["stream", "list"]);
    let entry = find(&listed, "id", id).expect("it is listed");
    assert_eq!((&entry["title"], &entry["disabled"]), (&"Ann's show".into(), &false.into()));
    assert!(!listed.to_string().contains(key), "no key in a list");

    assert_eq!(site.json(&["stream", "key", id])["streamKey"], key);
    let renewed = site.json(&["stream", "key", id, "--new"]);
    assert_ne!(renewed["streamKey"], key);
    assert_eq!(site.json(&["stream", "key", id])["streamKey"], renewed["streamKey"]);
    assert_eq!(site.json(&["stream", "disable", id])["disabled"], true);
    assert_eq!(site.json(&["stream", "enable", id])["disabled"], false);
    assert_eq!(site.json(&["stream", "rm", id])["removed"], id);
    assert!(find(&site.json(&["stream", "list"]), "id", id).is_none());

    let kept = site.json(&["stream", "add", "Kept", "--owner", "ann@example.com"]);
    let removed = site.json(&["user", "rm", "ann@example.com"]);
    assert_eq!(removed["streams"], serde_json::json!([kept["id"]]), "{removed}");
    assert!(
        find(&site.json(&["stream", "list"]), "id", kept["id"].as_str().unwrap_or("")).is_none()
    );
    misuse_is_told(site);
}

fn misuse_is_told(site: &Site) {
    for (arguments, words) in [
        (&["stream", "key", "nothing"][..], "nothing"),
        (&["user", "add", "no-address"], "email"),
        (&["stream", "add", "x", "--owner", "nobody@example.com"], "nobody@example.com"),
        (&["stream", "fly"], "fly"),
        (&["user", "rm", "admin@example.com"], "admin"),
    ] {
        let done = site.run(arguments);
        assert!(matches!(done.code, Some(1 | 2)), "{arguments:?}: {done:?}");
        assert!(done.stderr.contains(words), "{arguments:?}: {done:?}");
    }
}

#[test]
fn users_and_streams_are_administered_without_a_server() {
    administers(&Site::new());
}

#[test]
fn users_and_streams_are_administered_through_a_running_server() {
    administers(&Server::start());
}

#[test]
fn what_was_made_without_a_server_works_with_it() {
    let site = Site::new();
    let stream = site.add_stream("made before");
    let server = site.start();
    rtmp::Publisher::start(server.ports().rtmp, "live", &stream.key).expect("the key works");
    assert!(find(&server.json(&["stream", "list"]), "id", &stream.id).is_some());
}

#[test]
fn a_password_can_be_given_on_standard_input_and_answers_are_readable_too() {
    let site = Site::new();
    let mut command = site.command(&[]);
    command.args(["user", "add", "bob@example.com", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a password of bob's\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("bob@example.com"), "{text}");
    assert!(!text.contains("a password of"), "{text}");
    let listed = site.run(&["user", "list"]);
    assert!(listed.code == Some(0) && listed.stdout.contains("bob@example.com"), "{listed:?}");
    let stream = site.run(&["stream", "add", "readable"]);
    assert!(stream.code == Some(0) && stream.stdout.contains("rtmp://"), "{stream:?}");
}
