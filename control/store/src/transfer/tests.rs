use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::database::Database;
use crate::store::tests::{Fixture, secret};
use crate::{Error, Location, Options, Result, Secret, Store};

const ODD: &str = "O'Hara \"said\" \\n 50% `x`; -- 日本語 🎬\r\n\tend ";

/// Rows in every table, with what is hard to carry.
fn fill(store: &Store) {
    let long = "ü🎬x".repeat(8_000);
    let rows: &[(&str, &[&str])] = &[
        (
            "INSERT INTO users (id, email, password_hash, name, role, bio, created_at, updated_at, last_login, \
             own_role) VALUES (70, 'ann@b', '$2b$10$abcdefghijklmnopqrstuv', ?, 'viewer', ?, \
             '2019-03-31 02:30:00', '2020-02-29 23:59:59', NULL, 'streamer')",
            &[ODD, &long],
        ),
        ("INSERT INTO users (id, email, password_hash, name) VALUES (90, 'gone@b', 'x', '')", &[]),
        (
            "INSERT INTO live_streams (id, user_id, title, stream_key, tags, scheduled_start, max_viewers, key_disabled) \
             VALUES ('stream-001', 70, ?, 'plainkey', ?, '2030-12-31 00:00:00', 2147483647, 1)",
            &[ODD, r#"["a", "ü\u00e9", {"b":1.50}]"#],
        ),
        (
            "INSERT INTO stream_sessions (id, stream_id, session_id, status, avg_fps, started_at) VALUES \
             ('s1', 'stream-001', '1', 'failed', 29.97, '2021-01-01 00:00:00'), \
             ('s2', 'stream-001', '2', 'completed', 30, '2021-01-02 00:00:00')",
            &[],
        ),
        (
            "INSERT INTO stream_moderators (stream_id, user_id, can_ban_users) VALUES ('stream-001', 70, 1)",
            &[],
        ),
        (
            "INSERT INTO stream_viewers (id, stream_id, user_id, user_agent) VALUES \
             (5000000000, 'stream-001', NULL, ?)",
            &[ODD],
        ),
        (
            "INSERT INTO stream_chat (stream_id, user_id, message, message_type) VALUES \
             ('stream-001', 70, ?, 'emoji'), ('stream-001', NULL, '', 'system')",
            &[ODD],
        ),
        (
            "INSERT INTO stream_recordings (id, stream_id, filename, file_path, file_size, fps) VALUES \
             ('r-1', 'stream-001', 'f', '/p', 9007199254740993, 25.5)",
            &[],
        ),
        (
            "INSERT INTO stream_analytics (stream_id, avg_watch_time, top_countries) VALUES \
             ('stream-001', 12345678.90, '{}'), ('stream-001', 0.05, NULL)",
            &[],
        ),
        (
            "INSERT INTO stream_reactions (stream_id, reaction_type, emoji) VALUES ('stream-001', 'x', '👍🏽')",
            &[],
        ),
        ("INSERT INTO shardcast_settings (name, value) VALUES ('theme', ?)", &[ODD]),
        ("DELETE FROM users WHERE id = 90", &[]),
    ];
    for (statement, values) in rows {
        let values: Vec<_> = values.iter().map(|text| Value::from(*text)).collect();
        store.transaction(|sql| Ok(sql.execute(statement, &values).map(drop)?)).unwrap();
    }
    store.add_stream("sealed", Some("ann@b")).unwrap();
    // More than a page.
    for _ in 0..450 {
        let insert = "INSERT INTO stream_chat (stream_id, message) VALUES ('stream-001', 'hello')";
        store.transaction(|sql| Ok(sql.execute(insert, &[]).map(drop)?)).unwrap();
    }
}

fn exported(location: &Location, plain_keys: Option<Secret>) -> String {
    let mut file = Vec::new();
    let options = Export { plain_keys, now: UtcTime::from_unix(1_800_000_000) };
    export(location, &options, &mut file, &mut |_, _| {}).unwrap();
    String::from_utf8(file).unwrap()
}

fn import_with(file: &str, location: &Location, key: &Secret) -> Result<Moved> {
    let incoming = Incoming::read(file.as_bytes())?;
    incoming.into_database(location, key, Options::default(), &mut |_, _| {})
}

fn import(file: &str, location: &Location) -> Result<Moved> {
    import_with(file, location, &secret())
}

/// An empty database of the engine under test.
fn empty(dir: &Path) -> Location {
    match std::env::var("TEST_DATABASE") {
        Ok(place) => Location::Server(crate::mysql::tests::new_database(&place)),
        Err(_) => Location::File(dir.join("empty.db")),
    }
}

/// The rows, and the numbers of the next ones.
fn content(file: &str) -> (Vec<&str>, BTreeMap<String, i64>) {
    let mut lines: Vec<_> = file.lines().collect();
    let head: Head = serde_json::from_str(lines.remove(0)).unwrap();
    lines.pop();
    (lines, head.next_ids)
}

#[test]
fn a_round_trip_through_the_engine_under_test_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let [first, last] = ["first.db", "last.db"].map(|name| Location::File(dir.path().join(name)));
    let store = Store::open(&first, &secret(), Options::default()).unwrap();
    let admin = crate::NewUser { email: "root@b".into(), name: None, role: crate::Role::Admin };
    store.add_user(&admin, None).unwrap();
    fill(&store);
    let before = exported(&first, None);
    let middle = empty(dir.path());
    let moved = import(&before, &middle).unwrap();
    assert!(moved.warnings.is_empty() && moved.rows.values().all(|rows| *rows > 0), "{moved:?}");
    import(&exported(&middle, None), &last).unwrap();
    let after = exported(&last, None);
    assert_eq!(content(&before), content(&after));
    assert_eq!(content(&before).1["users"], 91, "the number of a removed user is not given again");
    let store = Store::open(&last, &secret(), Options::default()).unwrap();
    assert_eq!(store.stream("stream-001").unwrap().title, ODD);
    assert!(store.authorize("plainkey").unwrap().is_err(), "it is disabled");
}

#[test]
fn every_table_of_the_schema_is_moved_or_left_out_knowingly() {
    let left_out = ["login_sessions", "idempotency_keys", "refinery_schema_history"];
    let db = Database::open(&Fixture::new().location).unwrap();
    let query = match db.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        Engine::MySql => {
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_TYPE = 'BASE TABLE'"
        }
    };
    let rows = db.snapshot(|sql| Ok(sql.rows(query, &[])?)).unwrap();
    for name in rows.iter().map(|row| row.text(0).unwrap()) {
        let moved = TABLES.iter().any(|table| table.name == name);
        assert!(moved || left_out.contains(&name.as_str()), "{name}: add it to TABLES");
    }
}

#[test]
fn a_file_that_was_cut_off_or_altered_is_refused_and_leaves_nothing() {
    let fixture = Fixture::new();
    fill(&fixture.store);
    let file = exported(&fixture.location, None);
    let dir = tempfile::tempdir().unwrap();
    let target = empty(dir.path());
    let lines: Vec<_> = file.split_inclusive('\n').collect();
    let cut_after = |count: usize| lines[..count].concat();
    let without_one = [&lines[..9], &lines[10..]].concat().concat();
    for (damaged, words) in [
        (String::new(), "cut off at line 1"),
        (cut_after(1), "cut off at line 2"),
        (cut_after(lines.len() - 1), "cut off"),
        (file[..file.len() - 1].to_owned(), "cut off"),
        (file.replacen("hello", "hallo", 1), "altered"),
        (file.replacen("exportedAt\":\"2027", "exportedAt\":\"2028", 1), "altered"),
        (without_one, "altered"),
        (format!("{file}{{}}\n"), "something follows"),
        (file.replacen("\"table\"", "\"tabel\"", 1), "line 2 is damaged"),
        ("{\"some\":\"file\"}\n".to_owned(), "not made by"),
        (file.replacen("\"format\":1", "\"format\":2", 1), "format"),
    ] {
        let text = import(&damaged, &target).unwrap_err().to_string();
        assert!(text.contains(words), "{words}: {text}");
    }
    import(&file, &target).expect("nothing of the damaged files is there");
    let text = import(&file, &target).unwrap_err().to_string();
    assert!(text.contains("users") && text.contains("empty"), "{text}");
    let text = import(&file, &fixture.location).unwrap_err().to_string();
    assert!(text.contains("users"), "{text}");
}

#[test]
fn sealed_keys_need_their_secret_and_plain_ones_none() {
    let fixture = Fixture::new();
    let key = fixture.store.add_stream("T", None).unwrap().key;
    let other = Secret::new("o".repeat(32));
    let dir = tempfile::tempdir().unwrap();
    let target = empty(dir.path());
    let sealed = exported(&fixture.location, None);
    assert!(!sealed.contains(key.expose()));
    let error = import_with(&sealed, &target, &other).unwrap_err();
    assert!(matches!(error, Error::OtherKeySecretInFile(1)), "{error}");
    let options = Export { plain_keys: Some(other.clone()), now: UtcTime::from_unix(0) };
    let error = export(&fixture.location, &options, &mut Vec::new(), &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, Error::OtherKeySecret), "{error}");
    let plain = exported(&fixture.location, Some(secret()));
    assert!(plain.contains(key.expose()));
    import_with(&plain, &target, &other).unwrap();
    let store = Store::open(&target, &other, Options::default()).unwrap();
    store.authorize(key.expose()).unwrap().expect("the key publishes");
    fixture.store.authorize(key.expose()).unwrap().expect("and on the source as well");
}

#[test]
fn columns_that_only_one_side_has_are_carried_or_named() {
    let fixture = Fixture::new();
    for column in ["points INT", "photo BLOB", "birthday DATE", "ratio DOUBLE"] {
        fixture.raw(&format!("ALTER TABLE users ADD COLUMN {column}"));
    }
    fixture
        .raw("UPDATE users SET points = 7, photo = x'00ff', birthday = '2001-02-03', ratio = 0.1");
    let file = exported(&fixture.location, None);
    let row = r#""birthday":"2001-02-03""#;
    assert!(file.contains(row) && file.contains(r#"{"hex":"00FF"}"#), "{file}");
    let dir = tempfile::tempdir().unwrap();
    let [target, other] = ["a", "b"].map(|name| {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        empty(&dir.path().join(name))
    });
    let store = Store::open(&target, &secret(), Options::default()).unwrap();
    store
        .transaction(|sql| {
            sql.execute("ALTER TABLE users ADD COLUMN points INT", &[])?;
            Ok(sql.execute("ALTER TABLE users ADD COLUMN photo BLOB", &[]).map(drop)?)
        })
        .unwrap();
    let warnings = import(&file, &target).unwrap().warnings.join("\n");
    assert!(warnings.contains("users.birthday") && warnings.contains("users.ratio"), "{warnings}");
    assert!(!warnings.contains("points") && !warnings.contains("photo"), "{warnings}");
    let again = exported(&target, None);
    assert!(again.contains(r#""points":7"#) && again.contains(r#"{"hex":"00FF"}"#), "{again}");
    assert_eq!(import(&file, &other).unwrap().warnings.len(), 4);
}

#[test]
fn a_null_where_the_embedded_database_takes_none_becomes_the_default() {
    let fixture = Fixture::new();
    if let Location::File(_) = fixture.location {
        return; // It takes none.
    }
    fill(&fixture.store);
    fixture
        .raw("UPDATE live_streams SET max_viewers = NULL, category = NULL WHERE id = 'stream-001'");
    let dir = tempfile::tempdir().unwrap();
    let target = Location::File(dir.path().join("s.db"));
    let warnings = import(&exported(&fixture.location, None), &target).unwrap().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let stream = Store::open(&target, &secret(), Options::default()).unwrap();
    let stream = stream.stream("stream-001").unwrap();
    assert_eq!((stream.max_viewers, stream.category.as_str()), (1000, "interview"));
}

#[test]
fn an_export_does_not_stand_in_the_way_of_a_running_server() {
    let fixture = Fixture::new();
    fill(&fixture.store);
    let mut told = Vec::new();
    let options = Export { plain_keys: None, now: UtcTime::from_unix(0) };
    let mut file = Vec::new();
    let done = export(&fixture.location, &options, &mut file, &mut |table, rows| {
        // As a server would, in the middle.
        fixture.raw("INSERT INTO stream_chat (stream_id, message) VALUES ('stream-001', 'later')");
        told.push((table.to_owned(), rows));
    });
    assert_eq!(done.unwrap().rows["stream_chat"], 452);
    assert!(!String::from_utf8(file).unwrap().contains("later"), "it is of one moment");
    assert!(told.contains(&("stream_chat".to_owned(), 200)));
}

#[test]
fn what_cannot_be_told_apart_in_the_new_database_is_told() {
    let fixture = Fixture::new();
    fill(&fixture.store);
    let file = exported(&fixture.location, None);
    let mut lines: Vec<_> = file.lines().map(str::to_owned).collect();
    let user = lines[1].clone();
    lines.insert(2, user);
    let dir = tempfile::tempdir().unwrap();
    let text = import(&(lines.join("\n") + "\n"), &empty(dir.path())).unwrap_err().to_string();
    assert!(text.contains("lines 2 to 4, table users") && text.contains("unique"), "{text}");
}

#[test]
fn a_missing_schema_is_not_made_by_an_export() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.db");
    let options = Export { plain_keys: None, now: UtcTime::from_unix(0) };
    let none = Location::File(path.clone());
    assert!(export(&none, &options, &mut Vec::new(), &mut |_, _| {}).is_err() && !path.exists());
    std::fs::write(&path, "").unwrap();
    let error = export(&none, &options, &mut Vec::new(), &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, Error::OlderSchema(_)), "{error}");
}

#[test]
fn no_altered_byte_is_imported() {
    let fixture = Fixture::new();
    fixture.store.add_stream("T", None).unwrap();
    let file = exported(&fixture.location, None).into_bytes();
    let dir = tempfile::tempdir().unwrap();
    let target = empty(dir.path());
    proptest!(ProptestConfig::with_cases(24), |(at in 0..file.len(), with in any::<u8>())| {
        let mut altered = file.clone();
        prop_assume!(altered[at] != with);
        altered[at] = with;
        let imported = Incoming::read(altered.as_slice()).and_then(|incoming| {
            incoming.into_database(&target, &secret(), Options::default(), &mut |_, _| {})
        });
        prop_assert!(imported.is_err());
    });
    import(std::str::from_utf8(&file).unwrap(), &target).expect("nothing was left behind");
}

proptest! {
    #[test]
    fn reading_what_is_no_export_never_panics(lines in prop::collection::vec("\\PC*", 0..4)) {
        prop_assert!(Incoming::read(lines.join("\n").as_bytes()).is_err());
    }
}
