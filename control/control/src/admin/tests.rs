use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use cluster::{Cluster, Node};
use serde_json::{Value, json};
use store::{Options, Role, Secret, Store};
use stream::control::{Answer, Command, Notice, Question, StopReason, StreamId, StreamKey};

use super::*;
use crate::current::tests::in_force;
use crate::{Authority, AuthoritySettings, Current, DataDirLock};

fn store(dir: &Path) -> Store {
    let secret = Secret::new("k".repeat(32));
    Store::open(&store::Location::File(dir.join("s.db")), &secret, Options::default()).unwrap()
}

fn current() -> Current {
    Current::fixed(in_force(&[]))
}

fn offline(dir: &Path) -> Admin {
    let admin = Admin::new(store(dir), current(), None);
    admin.execute(add_user("admin@example.org", Role::Admin));
    admin
}

fn add_user(email: &str, role: Role) -> Request {
    let password = Some(Secret::new("long enough"));
    Request::UserAdd { email: email.into(), name: None, role, password }
}

fn json_of(response: &Response) -> Value {
    serde_json::from_str(&render_json(response)).unwrap()
}

#[test]
fn adding_a_stream_answers_with_the_key_and_the_urls_that_exist() {
    let dir = tempfile::tempdir().unwrap();
    let admin = offline(dir.path());
    let added =
        admin.execute(Request::StreamAdd { title: "Show".into(), owner: None, max_viewers: None });
    let value = json_of(&added);
    let (id, key) = (value["id"].as_str().unwrap(), value["streamKey"].as_str().unwrap());
    assert_eq!(value["rtmpUrl"], format!("rtmp://host:1935/live/{key}"));
    assert_eq!(value["hlsUrl"], format!("http://host:8080/live/{id}/index.m3u8"));
    assert_eq!(value["watchUrl"], format!("http://host:8080/watch/{id}"));
    assert_eq!((&value["whipUrl"], &value["dashUrl"]), (&Value::Null, &Value::Null));
    assert_eq!((&value["status"], &value["isPrivate"]), (&json!("scheduled"), &json!(false)));
    let text = render_text(&added);
    assert!(text.contains(key) && text.contains("rtmp://host:1935/live"), "{text}");
    assert!(!format!("{added:?}").contains(key));
}

#[test]
fn what_only_a_running_server_knows_is_not_asked_of_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let admin = offline(dir.path());
    let max_viewers = Some(5);
    let add = Request::StreamAdd { title: "A".into(), owner: None, max_viewers };
    let added = json_of(&admin.execute(add));
    assert_eq!(added["maxViewers"], 5);
    let id = added["id"].as_str().unwrap().to_owned();
    let limited = admin.execute(Request::StreamLimit { id: id.clone(), max_viewers: 0 });
    assert_eq!(json_of(&limited)["maxViewers"], 0);
    let fault = |request| json_of(&admin.execute(request))["status"].clone();
    assert_eq!(fault(Request::StreamStats { id: id.clone() }), 409);
    assert_eq!(fault(Request::StreamCut { id: id.clone(), session: "c0-1".into() }), 409);
    assert_eq!(fault(Request::StreamSessions { id: "unknown".into() }), 404);
    assert_eq!(fault(Request::StreamLimit { id, max_viewers: u32::MAX }), 400);
}

#[test]
fn sessions_are_shown_as_a_table_that_cannot_drive_the_terminal() {
    let view = SessionView {
        id: "c0-1".into(),
        kind: "viewer".into(),
        protocol: "flv".into(),
        address: [192, 0, 2, 1].into(),
        since: store::UtcTime::from_unix(0),
        user_agent: Some("a\u{1b}[31m".into()),
        bytes: None,
        skips: 2,
    };
    let text = render_text(&Response::Sessions(vec![view]));
    let row = "c0-1     viewer  flv       192.0.2.1  1970-01-01T00:00:00Z  -      2      a?[31m";
    assert_eq!(text.lines().last(), Some(row), "{text}");
}

#[test]
fn lists_are_arrays_and_never_hold_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let admin = offline(dir.path());
    let added = json_of(&admin.execute(Request::StreamAdd {
        title: "A".into(),
        owner: None,
        max_viewers: None,
    }));
    let list = admin.execute(Request::StreamList);
    let text = format!("{}{}", render_json(&list), render_text(&list));
    assert!(!text.contains(added["streamKey"].as_str().unwrap()));
    assert_eq!(json_of(&list)[0]["id"], added["id"]);
    assert_eq!(json_of(&list)[0]["rtmpUrl"], Value::Null);
    let users = json_of(&admin.execute(Request::UserList));
    assert_eq!(users[0]["email"], "admin@example.org");
    assert!(users[0].get("password").is_none());
}

#[test]
fn keys_are_shown_and_replaced_and_streams_disabled_enabled_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let admin = offline(dir.path());
    let added = json_of(&admin.execute(Request::StreamAdd {
        title: "A".into(),
        owner: None,
        max_viewers: None,
    }));
    let id = || added["id"].as_str().unwrap().to_owned();
    let key =
        |new| json_of(&admin.execute(Request::StreamKey { id: id(), new }))["streamKey"].clone();
    assert_eq!(key(false), added["streamKey"]);
    let new = key(true);
    assert_ne!(new, added["streamKey"]);
    assert_eq!(key(false), new);
    assert_eq!(json_of(&admin.execute(Request::StreamDisable { id: id() }))["disabled"], true);
    assert!(render_text(&admin.execute(Request::StreamList)).contains("scheduled, disabled"));
    assert_eq!(json_of(&admin.execute(Request::StreamEnable { id: id() }))["disabled"], false);
    let removed = admin.execute(Request::StreamRm { id: id() });
    assert_eq!(json_of(&removed), json!({ "removed": id() }));
    let fault = admin.execute(Request::StreamRm { id: id() });
    assert_eq!(fault.fault().unwrap().status, 404);
}

#[test]
fn a_made_password_is_in_its_own_answer_and_the_last_administrator_stays() {
    let dir = tempfile::tempdir().unwrap();
    let admin = offline(dir.path());
    let (email, role) = ("ann@example.org".to_owned(), Role::Streamer);
    let request = Request::UserAdd { email, name: Some("Ann".into()), role, password: None };
    let added = json_of(&admin.execute(request.clone()));
    assert!(added["password"].as_str().unwrap().len() >= 16);
    let taken = admin.execute(request);
    assert_eq!(taken.fault().unwrap().kind, "urn:shardcast:problem:email-taken");
    let passwd = Request::UserPasswd { email: "ann@example.org".into(), password: None };
    assert_ne!(json_of(&admin.execute(passwd))["password"], added["password"]);
    let refused = admin.execute(Request::UserRm { email: "admin@example.org".into() });
    assert_eq!(refused.fault().unwrap().status, 409);
    assert!(render_text(&refused).contains("last administrator"));
}

#[test]
fn the_database_cannot_drive_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let admin = offline(dir.path());
    let Response::Stream(mut view) =
        admin.execute(Request::StreamAdd { title: "A".into(), owner: None, max_viewers: None })
    else {
        panic!("no stream")
    };
    view.title = "\u{1b}[2Jgone\n".into();
    let text = render_text(&Response::Streams(vec![*view]));
    assert!(text.contains("?[2Jgone?") && text.lines().count() == 2, "{text}");
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn a_running_server_takes_commands_on_its_private_socket_and_cuts_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let _lock = DataDirLock::acquire(&path).unwrap();
    drop(offline(&path));
    let store = store(&path);
    let settings = AuthoritySettings { shards: 2, current: current() };
    let node = Node { name: "a".into(), media_url: String::new(), api_url: String::new() };
    let cluster = Cluster::start(node, None).unwrap();
    let (authority, mut commands) = Authority::new(store.clone(), settings, cluster);
    let socket = AdminSocket::bind(&path).unwrap();
    let mode = path.join(SOCKET_NAME).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let admin = Arc::new(Admin::new(store, current(), Some(authority.clone())));
    let server = tokio::spawn(socket.serve(admin));

    let send = async |request: Request| {
        let path = path.clone();
        on_thread(move || run(&path, request, || panic!("a server runs"))).await.unwrap()
    };
    let added = json_of(
        &send(Request::StreamAdd { title: "A".into(), owner: None, max_viewers: None }).await,
    );
    let id = added["id"].as_str().unwrap();
    let key = StreamKey(added["streamKey"].as_str().unwrap().into());
    let question = Question::Publish { key, peer: [127, 0, 0, 1].into() };
    let Answer::Publish(Ok(grant)) = authority.answer(question).await else { panic!("denied") };
    let started = Notice::Started { stream: grant.stream, session: grant.session };
    authority.notice(grant.home, started).await;
    send(Request::StreamKey { id: id.into(), new: true }).await;
    let stop = commands.recv().await.unwrap();
    let (stream, reason) = (StreamId::parse(id).unwrap(), StopReason::KeyReplaced);
    assert_eq!((stop.shard, stop.command), (grant.home, Command::Stop { stream, reason }));

    server.abort();
    let _ = server.await;
    assert!(!path.join(SOCKET_NAME).exists());
}

#[tokio::test]
async fn nonsense_and_endless_lines_are_answered_without_quoting_them() {
    let dir = tempfile::tempdir().unwrap();
    let admin = Arc::new(offline(dir.path()));
    let server = tokio::spawn(AdminSocket::bind(dir.path()).unwrap().serve(admin));
    let path = dir.path().join(SOCKET_NAME);
    on_thread(move || {
        let mut stream = UnixStream::connect(path).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
        writeln!(stream, r#"{{"command":"userPasswd","password":"visible"}}"#).unwrap();
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.contains("bad-request") && !answer.contains("visible"), "{answer}");
        writeln!(stream, r#"{{"command":"userList"}}"#).unwrap();
        assert!(answers.next().unwrap().unwrap().contains("admin@example.org"));
        let _ = stream.write_all(&vec![b'x'; MAX_REQUEST]);
        assert!(answers.next().unwrap().unwrap().contains("at most"));
        assert!(answers.next().is_none());
    })
    .await;
    server.abort();
}

#[test]
fn without_a_server_the_command_is_executed_on_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let response = run(dir.path(), Request::UserList, || Ok(offline(dir.path()))).unwrap();
    assert_eq!(json_of(&response)[0]["role"], "admin");
    assert!(matches!(
        call(&dir.path().join(SOCKET_NAME), &Request::UserList),
        Err(CallError::NoServer)
    ));
    let failed = run(dir.path(), Request::UserList, || Err("broken".into()));
    assert_eq!(failed.unwrap_err().to_string(), "broken");
}

#[test]
fn a_reload_is_passed_on_and_answered_with_what_changed_or_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (orders, mut received) = tokio::sync::mpsc::channel::<ReloadOrder>(1);
    let admin = offline(dir.path());
    assert_eq!(admin.execute(Request::Reload).fault().unwrap().status, 409);
    let admin = admin.with_reload(orders);
    let change = SettingChange {
        name: "HLS_WINDOW".into(),
        from: "10".into(),
        to: "5".into(),
        takes_effect: "next session".into(),
    };
    let answers =
        [Ok(Reloaded { changes: vec![change] }), Err(vec!["A: bad".into(), "B: bad".into()])];
    let server = std::thread::spawn(move || {
        for answer in answers {
            received.blocking_recv().unwrap().send(answer).unwrap();
        }
    });
    let reloaded = admin.execute(Request::Reload);
    assert_eq!(json_of(&reloaded)["changes"][0]["takesEffect"], "next session");
    assert!(render_text(&reloaded).contains("HLS_WINDOW  10    5   next session"));
    assert_eq!(admin.execute(Request::Reload).fault().unwrap().detail, "A: bad; B: bad");
    server.join().unwrap();
    assert_eq!(admin.execute(Request::Reload).fault().unwrap().status, 409);
}
