//! The schema, from the migrations that are compiled in.

use rusqlite::Connection;

use crate::{Error, Result};

#[allow(missing_docs, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("../../migrations/sqlite");
}

/// Applies what is missing. A database of a newer version, or one whose applied migrations differ from
/// ours, is refused and left alone.
pub(crate) fn migrate(connection: &mut Connection) -> Result<()> {
    embedded::migrations::runner()
        .set_abort_divergent(true)
        .set_abort_missing(true)
        .run(connection)
        .map(|_| ())
        .map_err(|error| Error::Schema(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    fn names(connection: &Connection, query: &str) -> BTreeSet<String> {
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(|name| name.unwrap()).collect()
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = migrated();
        migrate(&mut connection).unwrap();
    }

    #[test]
    fn the_tables_and_views_of_the_site_exist() {
        let connection = migrated();
        let tables =
            names(&connection, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')");
        for name in [
            "users",
            "live_streams",
            "stream_sessions",
            "stream_viewers",
            "stream_chat",
            "stream_recordings",
            "stream_analytics",
            "stream_moderators",
            "stream_reactions",
            "active_streams_view",
            "stream_stats_view",
            "settings",
        ] {
            assert!(tables.contains(name), "{name}");
        }
        let views = "SELECT name FROM pragma_table_info('active_streams_view')";
        assert_eq!(names(&connection, views).len(), 9);
        let views = "SELECT name FROM pragma_table_info('stream_stats_view')";
        assert_eq!(names(&connection, views).len(), 8);
    }

    #[test]
    fn the_views_count_each_row_once() {
        let connection = migrated();
        connection
            .execute_batch(
                "INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a@b', 'x', 'Ann');
                 INSERT INTO live_streams (id, user_id, title, stream_key, status)
                     VALUES ('stream-001', 1, 'T', 'k', 'live');
                 INSERT INTO stream_viewers (stream_id, user_id, session_id, left_at, duration_seconds)
                     VALUES ('stream-001', 1, 'a', '2025-01-01 00:00:00', 10),
                            ('stream-001', 1, 'b', NULL, 0), ('stream-001', NULL, 'c', NULL, 0);
                 INSERT INTO stream_chat (stream_id, message) VALUES ('stream-001', 'x'), ('stream-001', 'y');",
            )
            .unwrap();
        let active = "SELECT streamer_name || ' ' || current_viewers FROM active_streams_view";
        assert_eq!(names(&connection, active), ["Ann 2".to_owned()].into());
        let stats = "SELECT unique_viewers || ' ' || total_views || ' ' || chat_messages || ' ' ||
                     CAST(avg_watch_time AS INTEGER) FROM stream_stats_view";
        assert_eq!(names(&connection, stats), ["2 3 2 10".to_owned()].into());
    }

    #[test]
    fn a_changed_row_gets_the_time_of_its_change() {
        let connection = migrated();
        connection
            .execute_batch(
                "INSERT INTO users (email, password_hash, name, updated_at)
                     VALUES ('a@b', 'x', 'Ann', '2001-01-01 00:00:00');
                 UPDATE users SET name = 'Bea';",
            )
            .unwrap();
        let updated = names(&connection, "SELECT substr(updated_at, 1, 4) FROM users");
        assert!(!updated.contains("2001"));
    }
}
