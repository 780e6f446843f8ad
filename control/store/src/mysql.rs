//! MySQL and MariaDB: a small pool of connections, driven by a thread of its own, so that the store
//! blocks its callers here as it does on the embedded engine.

mod sql;

use std::future::Future;
use std::time::Duration;

use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};
use tokio::runtime::{Builder, Runtime};

use crate::schema::{self, SchemaStep};
use crate::sql::Sql;
use crate::{Error, Result, Secret};
use sql::InTransaction;

/// Connections at a time; more transactions wait for one.
const CONNECTIONS: usize = 16;
/// How long a connection, or a place for one, may take to get.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a statement may take, beginning and ending a transaction too.
const STATEMENT: Duration = Duration::from_secs(10);
/// How long an unused connection stays open.
const IDLE: Duration = Duration::from_mins(1);
/// Prepared statements that each connection keeps.
const STATEMENTS: usize = 128;
/// How often a transaction is begun that others' locks undid.
const ATTEMPTS: u32 = 5;
/// What the store relies on, whatever the server's settings are.
const SESSION: [&str; 3] = [
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET time_zone = '+00:00'",
    "SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
];

/// Where a MySQL or MariaDB database is (`DB_HOST` and its like).
#[derive(Clone, Debug)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// With what.
    pub password: Option<Secret>,
    /// The database's name.
    pub database: String,
}

pub(crate) struct MySql {
    runtime: Driver,
    pool: Pool,
}

/// Runs the connections. It may end inside another runtime's task, where waiting for its thread is not allowed.
struct Driver(Option<Runtime>);

impl std::ops::Deref for Driver {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is taken out when it is dropped only")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl MySql {
    /// Connects, and makes sure that the server answers.
    pub(crate) fn connect(server: &Server) -> Result<Self> {
        let failed = |reason: String| Error::Connect {
            place: format!("{}@{}:{}/{}", server.user, server.host, server.port, server.database),
            reason,
        };
        let runtime = runtime().map_err(|error| failed(error.to_string()))?;
        let engine = Self { runtime, pool: Pool::new(options(server)) };
        let conn = engine.conn().map_err(|error| failed(reason(&error)))?;
        engine.hand_back(conn);
        Ok(engine)
    }

    /// Brings the schema up to date; what that took.
    pub(crate) fn migrate(&self) -> Result<Vec<SchemaStep>> {
        schema::migrate_mysql(self, self.conn()?)
    }

    /// Does all of `work` or, when it fails, nothing of it. A transaction that the server undid for the
    /// sake of another one is done again from its beginning.
    pub(crate) fn transaction<T>(&self, work: impl Fn(&dyn Sql) -> Result<T>) -> Result<T> {
        let mut attempt = 1;
        loop {
            let transaction = InTransaction::begin(self, self.conn()?, "START TRANSACTION")?;
            let result = work(&transaction).and_then(|value| {
                transaction.commit()?;
                Ok(value)
            });
            if result.is_ok() {
                return result;
            }
            let again = transaction.was_undone() && attempt < ATTEMPTS;
            transaction.give_up();
            if !again {
                return result;
            }
            attempt += 1;
        }
    }

    /// As [`Self::transaction`], with one attempt.
    pub(crate) fn write_once<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        self.once("START TRANSACTION", work)
    }

    /// Reads what was there at one moment; others may write meanwhile.
    pub(crate) fn snapshot<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        self.once("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", work)
    }

    fn once<T>(&self, begin: &str, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        let transaction = InTransaction::begin(self, self.conn()?, begin)?;
        let result = work(&transaction);
        match result {
            Ok(_) => transaction.commit()?,
            Err(_) => transaction.give_up(),
        }
        result
    }

    /// The pool and the runtime that drives it, for the migrations.
    pub(crate) fn parts(&self) -> (&Runtime, &Pool) {
        (&self.runtime, &self.pool)
    }

    fn conn(&self) -> Result<Conn> {
        let conn = self.wait(CONNECT, self.pool.get_conn())?;
        conn.map_err(|error| Error::Database(error.to_string()))
    }

    /// Blocks until `work` is done.
    fn wait<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output> {
        let done =
            self.runtime.handle().block_on(async { tokio::time::timeout(limit, work).await });
        done.map_err(|_| Error::Database(format!("no answer within {} s", limit.as_secs())))
    }

    fn hand_back(&self, conn: Conn) {
        // The pool takes it back in a task.
        let _context = self.runtime.enter();
        drop(conn);
    }

    /// Closes a connection of which nobody knows what it is in the middle of.
    fn drop_conn(&self, conn: Conn) {
        self.runtime.spawn(async move {
            // It is closed in any case.
            let _ = tokio::time::timeout(CONNECT, conn.disconnect()).await;
        });
    }
}

fn runtime() -> std::io::Result<Driver> {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).thread_name("database").enable_all().build()?;
    Ok(Driver(Some(runtime)))
}

fn options(server: &Server) -> Opts {
    let limits = PoolConstraints::new(0, CONNECTIONS).unwrap_or_default();
    let pool = PoolOpts::default()
        .with_constraints(limits)
        // It would cost a round trip and the prepared statements: transactions leave nothing behind.
        .with_reset_connection(false)
        .with_inactive_connection_ttl(IDLE);
    OptsBuilder::default()
        .ip_or_hostname(&server.host)
        .tcp_port(server.port)
        .user(Some(&server.user))
        .pass(server.password.as_ref().map(Secret::expose))
        .db_name(Some(&server.database))
        .prefer_socket(false)
        // A row that an update finds counts, as on SQLite, whether it changes or not.
        .client_found_rows(true)
        .stmt_cache_size(STATEMENTS)
        .setup(SESSION.to_vec())
        .pool_opts(pool)
        .into()
}

/// The server's own words, without our "the database failed".
fn reason(error: &Error) -> String {
    match error {
        Error::Database(reason) => reason.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use mysql_async::prelude::Queryable;

    use super::*;
    use crate::store::tests::secret;
    use crate::{Location, Options, Store};

    /// A new database on the test server at `HOST:PORT`, where root needs no password.
    pub(crate) fn new_database(place: &str) -> Server {
        let (host, port) = place.rsplit_once(':').unwrap();
        let server = Server {
            host: host.to_owned(),
            port: port.parse().unwrap(),
            user: "root".to_owned(),
            password: None,
            database: format!("t_{}", uuid::Uuid::now_v7().simple()),
        };
        let create = format!("CREATE DATABASE {}", server.database);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options: Opts = OptsBuilder::default()
            .ip_or_hostname(host)
            .tcp_port(server.port)
            .user(Some("root"))
            .prefer_socket(false)
            .into();
        runtime.block_on(async {
            let mut conn = Conn::new(options).await.unwrap();
            conn.query_drop(create).await.unwrap();
            conn.disconnect().await.unwrap();
        });
        server
    }

    fn on_a_server(test: impl FnOnce(Server)) {
        if let Ok(place) = std::env::var("TEST_DATABASE") {
            test(new_database(&place));
        }
    }

    #[test]
    fn nodes_that_start_at_once_migrate_one_after_the_other() {
        on_a_server(|server| {
            let location = Location::Server(server);
            let open = || Store::open(&location, &secret(), Options::default()).unwrap();
            std::thread::scope(|scope| {
                let nodes: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
                for node in nodes {
                    node.join().unwrap().ping().unwrap();
                }
            });
        });
    }

    #[test]
    fn transactions_that_undo_each_other_are_done_again() {
        on_a_server(|server| {
            let engine = MySql::connect(&server).unwrap();
            engine.migrate().unwrap();
            engine
                .transaction(|sql| {
                    sql.execute("INSERT INTO shardcast_settings (name, value) VALUES ('a', '0'), ('b', '0')", &[])?;
                    Ok(())
                })
                .unwrap();
            let both = std::sync::Barrier::new(2);
            let first = std::sync::atomic::AtomicUsize::new(0);
            let add = |names: [&str; 2]| {
                engine.transaction(|sql| {
                    let update = "UPDATE shardcast_settings SET value = value + 1 WHERE name = ?";
                    sql.execute(update, &[names[0].into()])?;
                    // Each holds what the other wants next, the first time.
                    if first.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
                        both.wait();
                    }
                    sql.execute(update, &[names[1].into()])?;
                    Ok(())
                })
            };
            std::thread::scope(|scope| {
                let other = scope.spawn(|| add(["b", "a"]));
                add(["a", "b"]).unwrap();
                other.join().unwrap().unwrap();
            });
            let sum = engine
                .transaction(|sql| {
                    let query = "SELECT CAST(SUM(value) AS SIGNED) FROM shardcast_settings";
                    sql.row(query, &[])?.unwrap().int(0)
                })
                .unwrap();
            assert_eq!((sum, first.into_inner()), (4, 3));
        });
    }

    /// As the site's migrations leave it, with rows.
    const SITE: [&str; 4] = [
        "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE NOT NULL, \
         password_hash VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL, \
         role ENUM('admin','creator','business','user') DEFAULT 'user', \
         is_active BOOLEAN DEFAULT TRUE, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, \
         updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, \
         last_login TIMESTAMP NULL)",
        "CREATE TABLE live_streams (id VARCHAR(36) PRIMARY KEY, user_id INT NOT NULL, \
         title VARCHAR(255) NOT NULL, description TEXT, stream_key VARCHAR(64) UNIQUE NOT NULL, \
         category VARCHAR(50) DEFAULT 'interview', quality ENUM('360p','480p','720p','1080p') DEFAULT '720p', \
         max_viewers INT DEFAULT 1000, recording_enabled BOOLEAN DEFAULT TRUE, \
         chat_enabled BOOLEAN DEFAULT TRUE, moderation_enabled BOOLEAN DEFAULT TRUE, \
         status ENUM('scheduled','live','ended','cancelled') DEFAULT 'scheduled', \
         scheduled_start DATETIME, started_at DATETIME, ended_at DATETIME, thumbnail_url VARCHAR(500), \
         tags JSON, is_featured BOOLEAN DEFAULT FALSE, is_private BOOLEAN DEFAULT FALSE, \
         created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, \
         updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, \
         FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE)",
        "INSERT INTO users (id, email, password_hash, name, role) VALUES \
         (7, 'c@site', 'x', 'Cara', 'creator'), (8, 'root@site', 'x', 'Root', 'admin')",
        "INSERT INTO live_streams (id, user_id, title, stream_key) VALUES ('stream-001', 7, 'Talk', 'plainkey')",
    ];

    #[test]
    fn a_database_of_the_site_is_adopted_with_its_rows() {
        on_a_server(|server| {
            let engine = MySql { runtime: runtime().unwrap(), pool: Pool::new(options(&server)) };
            engine
                .transaction(|sql| {
                    SITE.iter()
                        .try_for_each(|statement| Ok(sql.execute(statement, &[]).map(drop)?))
                })
                .unwrap();
            drop(engine);
            let location = Location::Server(server);
            let store = Store::open(&location, &secret(), Options::default()).unwrap();
            let stream = store.stream("stream-001").unwrap();
            assert_eq!((stream.owner.as_str(), stream.title.as_str()), ("c@site", "Talk"));
            let authorized = store.authorize("plainkey").unwrap().unwrap();
            assert_eq!((authorized.stream.as_str(), authorized.owner_id), ("stream-001", 7));
            let kept = store
                .transaction(|sql| {
                    sql.row("SELECT stream_key FROM live_streams", &[])?.unwrap().text(0)
                })
                .unwrap();
            assert_ne!(kept, "plainkey", "it is sealed");
            assert_eq!(store.reveal_key("stream-001").unwrap().key.expose(), "plainkey");
            // Our roles fit into its ENUM.
            for role in [crate::Role::Streamer, crate::Role::Moderator, crate::Role::Viewer] {
                let new = crate::NewUser { email: format!("{role}@b"), name: None, role };
                assert_eq!(store.add_user(&new, None).unwrap().0.role, role);
            }
            assert_eq!(store.user("c@site").unwrap().role, crate::Role::Streamer);
        });
    }

    #[test]
    fn a_server_that_is_not_there_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = Server {
            host: "127.0.0.1".into(),
            port,
            user: "u".into(),
            password: Some(Secret::new("hidden")),
            database: "d".into(),
        };
        let Err(error) = MySql::connect(&server) else { panic!("it is there") };
        let text = error.to_string();
        assert!(
            text.contains(&format!("u@127.0.0.1:{port}/d")) && !text.contains("hidden"),
            "{text}"
        );
    }
}
