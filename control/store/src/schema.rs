//! The schema, from the migrations that are compiled in.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use refinery::{Migration, Runner};
use rusqlite::Connection;

use crate::database::Engine;
use crate::mysql::MySql;
use crate::sql::Sql;
use crate::{Error, Result, UtcTime};

#[allow(missing_docs, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("../../migrations/sqlite");
}

#[allow(missing_docs, unreachable_pub)]
mod embedded_mysql {
    refinery::embed_migrations!("../../migrations/mysql");
}

/// The table of the migrations' own tool.
const HISTORY: &str = "refinery_schema_history";
/// Nodes that start at the same time migrate one after the other, each waiting so many seconds. The
/// lock's name is of the whole server and at most 64 characters long.
const LOCK: &str = "SELECT GET_LOCK(LEFT(CONCAT('shardcast ', DATABASE()), 64), 60)";
/// What new tables have, and what the site's has if it is there.
const OURS: &str = "CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci";
const COLLATION: &str = "SELECT CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE \
                         TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'live_streams' AND COLUMN_NAME = 'id'";
const UNLOCK: &str = "SELECT RELEASE_LOCK(LEFT(CONCAT('shardcast ', DATABASE()), 64))";

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaStep {
    /// Its number: they are applied in this order. Each engine has its own.
    pub version: i64,
    /// What it is about.
    pub name: String,
    /// When it was applied; `None` when it is missing, or was applied just now.
    pub applied_at: Option<UtcTime>,
}

/// Every migration that this version knows, in order, none of them applied.
pub(crate) fn known(engine: Engine) -> Vec<SchemaStep> {
    let runner = match engine {
        Engine::Sqlite => embedded::migrations::runner(),
        Engine::MySql => embedded_mysql::migrations::runner(),
    };
    let mut steps: Vec<_> = runner.get_migrations().iter().map(step).collect();
    steps.sort_by_key(|step| step.version);
    steps
}

/// Every migration that the database has, in order.
pub(crate) fn applied(sql: &dyn Sql, engine: Engine) -> Result<Vec<SchemaStep>> {
    let query = match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE name = ?",
        Engine::MySql => {
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_NAME = ?"
        }
    };
    if sql.row(query, &[HISTORY.into()])?.map_or(Ok(0), |row| row.int(0))? == 0 {
        return Ok(Vec::new());
    }
    let query = format!("SELECT version, name, applied_on FROM {HISTORY} ORDER BY version");
    let rows = sql.rows(&query, &[])?;
    rows.iter()
        .map(|row| {
            let name = row.text(1)?.replace('_', " ");
            Ok(SchemaStep { version: row.int(0)?, name, applied_at: row.time(2)? })
        })
        .collect()
}

/// Fails when a newer version of this program made the database.
pub(crate) fn refuse_newer(engine: Engine, applied: &[SchemaStep]) -> Result<()> {
    let newest = |steps: &[SchemaStep]| steps.last().map_or(0, |step| step.version);
    let (database, known) = (newest(applied), newest(&known(engine)));
    if database > known { Err(Error::NewerSchema { database, known }) } else { Ok(()) }
}

/// Applies what is missing. A database of a newer version, or one whose applied migrations differ from
/// ours, is refused and left alone.
pub(crate) fn migrate(connection: &mut Connection) -> Result<Vec<SchemaStep>> {
    embedded::migrations::runner()
        .set_abort_divergent(true)
        .set_abort_missing(true)
        .run(connection)
        .map(|report| report.applied_migrations().iter().map(step).collect())
        .map_err(|error| Error::Schema(error.to_string()))
}

/// As [`migrate`]. `conn` holds the lock meanwhile, which the migrations' own tool does not know.
pub(crate) fn migrate_mysql(engine: &MySql, mut conn: Conn) -> Result<Vec<SchemaStep>> {
    let (runtime, pool) = engine.parts();
    let failed = |error: &dyn std::fmt::Display| Error::Schema(error.to_string());
    runtime.handle().block_on(async {
        let locked: Option<Option<i64>> =
            conn.query_first(LOCK).await.map_err(|error| failed(&error))?;
        // NULL and 0 are no lock.
        if locked.flatten() != Some(1) {
            return Err(Error::Schema("another node is migrating it and does not end".into()));
        }
        let like: Option<(String, String)> =
            conn.query_first(COLLATION).await.map_err(|error| failed(&error))?;
        let migrated = match migrations(like) {
            Ok(migrations) => Runner::new(&migrations)
                .set_abort_divergent(false)
                .set_abort_missing(true)
                .run_async(&mut pool.clone())
                .await
                .map(|report| report.applied_migrations().iter().map(step).collect()),
            Err(error) => Err(error),
        };
        conn.query_drop(UNLOCK).await.map_err(|error| failed(&error))?;
        migrated.map_err(|error| failed(&error))
    })
}

fn step(migration: &Migration) -> SchemaStep {
    let (version, name) = (i64::from(migration.version()), migration.name().replace('_', " "));
    SchemaStep { version, name, applied_at: None }
}

/// The migrations for MySQL. Tables that refer to the site's must have the character set of the site's.
fn migrations(like: Option<(String, String)>) -> Result<Vec<Migration>, refinery::Error> {
    let theirs = like.map(|(set, collation)| format!("CHARSET = {set} COLLATE = {collation}"));
    let adapted = |migration: &Migration| {
        let sql = migration.sql().unwrap_or_default();
        let sql = theirs.as_ref().map_or_else(|| sql.to_owned(), |it| sql.replace(OURS, it));
        Migration::unapplied(&format!("V{}__{}", migration.version(), migration.name()), &sql)
    };
    embedded_mysql::migrations::runner().get_migrations().iter().map(adapted).collect()
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
            "shardcast_settings",
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
