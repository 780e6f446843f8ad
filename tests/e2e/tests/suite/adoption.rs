//! A database of the site is adopted, and nodes that share one. Run by `tests/mariadb.sh`.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::mariadb::Database;
use e2e::publish::Publisher;
use e2e::server::Site;
use e2e::sources;
use e2e::wait::eventually;

use crate::common::until_segments;

const TABLES: [&str; 9] = [
    "users",
    "live_streams",
    "stream_sessions",
    "stream_viewers",
    "stream_chat",
    "stream_recordings",
    "stream_analytics",
    "stream_moderators",
    "stream_reactions",
];
/// How long a commit may take to be seen.
const SOON: Duration = Duration::from_secs(10);

/// What the site's version names its roles.
pub(crate) struct Version {
    collation: &'static str,
    role_type: &'static str,
    /// The name of a streamer.
    pub(crate) streamer: &'static str,
}

pub(crate) const WITH_ENUM: Version = Version {
    collation: "utf8mb4_general_ci",
    role_type: "ENUM('admin', 'creator', 'business', 'user')",
    streamer: "creator",
};
pub(crate) const WITH_TEXT: Version =
    Version { collation: "utf8mb4_unicode_ci", role_type: "VARCHAR(50)", streamer: "interviewer" };

impl Version {
    /// A database as this version of the site leaves it.
    pub(crate) fn database(&self) -> Option<Database> {
        let database = Database::new(self.collation)?;
        let tables = include_str!("../../site/tables.sql").replace("ROLE_TYPE", self.role_type);
        let rows = include_str!("../../site/rows.sql").replace("STREAMER", self.streamer);
        database.run(&(tables + &rows));
        Some(database)
    }
}

/// The site's own columns of every table.
fn columns(database: &Database) -> BTreeMap<&'static str, String> {
    let of = |table: &&'static str| {
        let query = format!(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}'"
        );
        (*table, database.rows(&query).join(", "))
    };
    TABLES.iter().map(of).collect()
}

fn contents(
    database: &Database,
    columns: &BTreeMap<&'static str, String>,
) -> BTreeMap<&'static str, Vec<String>> {
    let of = |(table, names): (&&'static str, &String)| {
        (*table, database.rows(&format!("SELECT {names} FROM {table} ORDER BY id")))
    };
    columns.iter().map(of).collect()
}

fn keys(database: &Database) -> Vec<String> {
    database.rows("SELECT id, stream_key, key_sealed IS NOT NULL FROM live_streams ORDER BY id")
}

#[track_caller]
fn adopted(version: &Version, plain_keys: bool) {
    let Some(database) = version.database() else { return };
    let columns = columns(&database);
    let before = contents(&database, &columns);
    assert!(before.values().all(|rows| !rows.is_empty()), "{before:?}");
    let site = database.of(Site::new()).with("PLAIN_STREAM_KEYS", &plain_keys.to_string());
    let server = site.start();
    assert_eq!(contents(&database, &columns), before);

    let live = "0b9d5e8a-4f0c-4f43-9d2e-1b1f6a7c3d21";
    let active =
        database.rows("SELECT id, streamer_name, current_viewers FROM active_streams_view");
    assert_eq!(active, [format!("{live}\tRoot\t1")]);
    let stats = "SELECT unique_viewers, total_views, peak_viewers, chat_messages, avg_watch_time + 0 \
                 FROM stream_stats_view WHERE id = 'stream-002'";
    assert_eq!(database.rows(stats), ["1\t1\t5\t1\t120.0000"]);

    let publisher = Publisher::to(&server.rtmp_url("old-plain-key-001"), &sources::OBS);
    until_segments(&server, "stream-001", 1);
    let query = "SELECT id FROM active_streams_view WHERE streamer_name LIKE 'C%'";
    eventually(SOON, "the view shows it", || {
        (database.rows(query) == ["stream-001"]).then_some(())
    });
    publisher.kill();
    let kept = keys(&database);
    assert!(kept.contains(&"stream-002\tOld.Plain/Key=002\t0".to_owned()), "{kept:?}");
    assert_eq!(kept.contains(&"stream-001\told-plain-key-001\t0".to_owned()), plain_keys);
    let sealed = "SELECT CHAR_LENGTH(stream_key), key_sealed IS NOT NULL FROM live_streams \
                  WHERE id = 'stream-001'";
    assert_eq!(database.rows(sealed) == ["64\t1"], !plain_keys);
    assert_eq!(server.json(&["stream", "key", "stream-001"])["streamKey"], "old-plain-key-001");

    // What publishing changes is told in docs/migrating.md.
    let mut after = contents(&database, &columns);
    assert_eq!(after["stream_sessions"].len(), before["stream_sessions"].len() + 1);
    after.remove("stream_sessions");
    let streams = after.remove("live_streams").expect("there are streams");
    assert_eq!(streams.len(), before["live_streams"].len());
    for (table, rows) in after {
        assert_eq!(rows, before[table], "{table}");
    }
    // A second start adopts nothing again.
    let server = server.restart();
    assert_eq!(server.json(&["user", "list"]).as_array().map(Vec::len), Some(4));
    leaves_for_the_embedded_database(&server, before.values().map(Vec::len).sum());
}

/// Exports all of the site's rows and the session of its publisher, and imports them.
#[track_caller]
fn leaves_for_the_embedded_database(server: &Site, rows: usize) {
    let file = server.path("site.jsonl").to_string_lossy().into_owned();
    let exported = server.run(&["export", &file]);
    assert!(exported.stderr.contains(&format!("{} rows", rows + 1)), "{exported:?}");
    let target = Site::new().with("KEY_SECRET", server.setting("KEY_SECRET"));
    let imported = target.json(&["import", &file]);
    assert_eq!(imported["rows"]["users"], 4);
    let notes = imported["warnings"].to_string();
    assert!(notes.contains("users.role") && notes.contains("live_streams.max_viewers"), "{notes}");
    let key = target.json(&["stream", "key", "stream-001"])["streamKey"].clone();
    assert_eq!(key, "old-plain-key-001");
}

#[test]
fn a_site_with_an_enum_of_roles_is_adopted_and_its_keys_are_sealed_when_used() {
    adopted(&WITH_ENUM, false);
}

#[test]
fn a_site_with_roles_as_text_is_adopted_and_its_keys_stay_plain_when_asked_for() {
    adopted(&WITH_TEXT, true);
}

#[test]
fn two_servers_that_start_at_once_on_an_empty_database_both_come_up() {
    let Some(database) = Database::new("utf8mb4_unicode_ci") else { return };
    let [one, two] = std::thread::scope(|scope| {
        [(); 2]
            .map(|()| scope.spawn(|| database.of(Site::new()).start()))
            .map(|starting| starting.join().expect("the server comes up"))
    });
    let stream = one.add_stream("Made on one");
    let shown = two.json(&["stream", "key", &stream.id]);
    assert_eq!(shown["streamKey"], stream.key.as_str(), "both know the keys");
    assert_eq!(two.json(&["user", "list"]).as_array().map(Vec::len), Some(1), "one administrator");
    let history = "SELECT COUNT(*) = COUNT(DISTINCT version) FROM refinery_schema_history";
    assert_eq!(database.rows(history), ["1"]);
}

#[test]
fn a_node_whose_secrets_differ_does_not_start_until_they_are_accepted() {
    let Some(database) = Database::new("utf8mb4_unicode_ci") else { return };
    let first = database.of(Site::new()).start();
    for (name, other) in [
        ("JWT_SECRET", "a new one, which logs everybody out, 32 b."),
        ("KEY_SECRET", "a new one, and no key is sealed yet, 32 b."),
    ] {
        let refused = database.of(Site::new()).with(name, other).run(&["serve"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(
            refused.stderr.contains(name) && refused.stderr.contains("accept-secrets"),
            "{refused:?}"
        );
        assert!(!refused.stderr.contains(other), "{refused:?}");
    }
    drop(first);
    let with_new = |site: Site| {
        site.with("JWT_SECRET", "a new one, which logs everybody out, 32 b.")
            .with("KEY_SECRET", "a new one, and no key is sealed yet, 32 b.")
    };
    let site = with_new(database.of(Site::new()));
    let accepted = site.run(&["migrate", "accept-secrets"]);
    assert!(accepted.stdout.contains("KEY_SECRET and JWT_SECRET accepted"), "{accepted:?}");
    let server = site.start();
    server.add_stream("sealed");
    let refused = database.of(Site::new()).run(&["migrate", "accept-secrets"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("sealed"), "{refused:?}");
}

#[test]
fn a_site_moves_from_the_embedded_database_to_a_server_and_back() {
    let Some(database) = Database::new("utf8mb4_unicode_ci") else { return };
    let server =
        Site::new().with("KEY_SECRET", "another one, that all nodes have, 32 bytes").start();
    let stream = server.add_stream("Moves");
    let file = server.path("site.jsonl");
    let name = file.to_string_lossy().into_owned();
    let exported = server.run(&["export", &name]);
    assert_eq!(exported.code, Some(0), "while it runs: {exported:?}");
    let refused = server.run(&["import", &name]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("in use by another server"),
        "{refused:?}"
    );

    let site = database.of(Site::new());
    let missing = site.run(&["migrate", "status"]);
    assert!(missing.code == Some(1) && missing.stdout.contains("MISSING  V1"), "{missing:?}");
    assert_eq!(site.json(&["migrate", "up"])["applied"][0]["version"], 1);
    assert_eq!(site.run(&["migrate", "status"]).code, Some(0));
    let rows = &site.json(&["import", &name])["rows"];
    assert_eq!((&rows["users"], &rows["live_streams"]), (&1.into(), &1.into()));
    let moved = site.start();
    let status = moved.run(&["migrate", "up"]);
    assert!(status.stdout.contains("nothing was missing"), "while it runs: {status:?}");
    let _publisher = Publisher::start(&moved, &stream, &sources::OBS);
    until_segments(&moved, &stream.id, 1);

    let back = moved.path("back.jsonl");
    let name = back.to_string_lossy().into_owned();
    assert_eq!(moved.run(&["export", &name]).code, Some(0));
    let site = Site::new().with("KEY_SECRET", "another one, that all nodes have, 32 bytes");
    assert_eq!(site.json(&["import", &name])["rows"]["stream_sessions"], 1);
    assert_eq!(site.json(&["stream", "key", &stream.id])["streamKey"], stream.key.as_str());
}
