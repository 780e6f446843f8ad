use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::database::{Database, Location};
use crate::keys::KeyRing;
use crate::secret::create_private_dir;
use crate::site_roles::{RoleMap, SiteRoles};
use crate::sql::{Sql, SqlError, Value};
use crate::{Error, Result, Secret};

const KEY_FINGERPRINT: &str = "key_secret_fingerprint";

/// Choices of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What this server is called among those that share the database.
    pub node: String,
    /// `PLAIN_STREAM_KEYS`: keep stream keys in plain text in `live_streams.stream_key`, for programs
    /// that read the table. Keys that are sealed are unsealed when the database is opened.
    pub plain_stream_keys: bool,
    /// `JWT_ROLE_MAP`.
    pub roles: RoleMap,
}

/// A handle of the database: cheap to clone, usable from every thread. Every method blocks.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Database,
    pub(crate) keys: KeyRing,
    pub(crate) site_roles: SiteRoles,
    pub(crate) options: Options,
}

impl Store {
    /// The name of the database file in the data directory.
    pub const FILE_NAME: &str = "shardcast.db";

    /// Opens the database and brings its schema up to date; a file that is not there is made (and its
    /// directory, mode 0700). Fails with [`Error::OtherKeySecret`] when keys in it were sealed with another
    /// secret: they would all stop working without a word.
    pub fn open(location: &Location, key_secret: &Secret, options: Options) -> Result<Self> {
        if let Location::File(path) = location {
            create_private(path)
                .map_err(|error| Error::Open { path: path.clone(), reason: error.to_string() })?;
        }
        let db = Database::open(location)?;
        let site_roles = db.site_roles()?;
        let inner = Inner { db, keys: KeyRing::new(key_secret)?, site_roles, options };
        let fingerprint = inner.keys.fingerprint();
        let check = || inner.db.transaction(|sql| check_key_secret(sql, &fingerprint));
        if !check()? {
            // Another node that starts now was the first to write its own, which has to be ours.
            check()?;
        }
        let store = Self { inner: Arc::new(inner) };
        if store.inner.options.plain_stream_keys {
            store.unseal_all_keys()?;
        }
        Ok(store)
    }

    /// Fails when the database does not answer.
    pub fn ping(&self) -> Result<()> {
        self.transaction(|sql| {
            sql.row("SELECT COUNT(*) FROM shardcast_settings", &[])?;
            Ok(())
        })
    }

    pub(crate) fn transaction<T>(&self, work: impl Fn(&dyn Sql) -> Result<T>) -> Result<T> {
        self.inner.db.transaction(work)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

/// Makes the file if there is none. It holds password hashes, so only its owner may read it, and the
/// engine gives its side files the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        create_private_dir(dir)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(|_| ())
}

/// A secret may change while nothing is sealed with it. False when another node wrote its own meanwhile.
fn check_key_secret(sql: &dyn Sql, fingerprint: &str) -> Result<bool> {
    let name = Value::from(KEY_FINGERPRINT);
    let query = "SELECT value FROM shardcast_settings WHERE name = ?";
    let known = sql.row(query, std::slice::from_ref(&name))?.map(|row| row.text(0)).transpose()?;
    match known {
        Some(known) if known == fingerprint => Ok(true),
        Some(_) => {
            let query = "SELECT COUNT(*) FROM live_streams WHERE key_sealed IS NOT NULL";
            let sealed = sql.row(query, &[])?.map_or(Ok(0), |row| row.int(0))?;
            if sealed > 0 {
                return Err(Error::OtherKeySecret);
            }
            let update = "UPDATE shardcast_settings SET value = ? WHERE name = ?";
            sql.execute(update, &[fingerprint.into(), name])?;
            Ok(true)
        }
        None => {
            let insert = "INSERT INTO shardcast_settings (name, value) VALUES (?, ?)";
            match sql.execute(insert, &[name, fingerprint.into()]) {
                Err(SqlError::Duplicate) => Ok(false),
                done => Ok(done.map(|_| true)?),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A store of its own, with one administrator: a file, or with `TEST_DATABASE=HOST:PORT` a new
    /// database on that server.
    pub(crate) struct Fixture {
        pub(crate) store: Store,
        location: Location,
        _dir: tempfile::TempDir,
    }

    pub(crate) fn secret() -> Secret {
        Secret::new("k".repeat(32))
    }

    impl Fixture {
        pub(crate) fn new() -> Self {
            Self::with(Options::default())
        }

        pub(crate) fn with(options: Options) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let location = match std::env::var("TEST_DATABASE") {
                Ok(place) => Location::Server(crate::mysql::tests::new_database(&place)),
                Err(_) => Location::File(dir.path().join("s.db")),
            };
            let store = Store::open(&location, &secret(), options).unwrap();
            let admin = crate::NewUser {
                email: "admin@example.org".into(),
                name: None,
                role: crate::Role::Admin,
            };
            store.add_user(&admin, Some(&Secret::new("long enough"))).unwrap();
            Self { store, location, _dir: dir }
        }

        pub(crate) fn reopen(&self, options: Options) -> Store {
            self.open(&secret(), options).unwrap()
        }

        fn open(&self, secret: &Secret, options: Options) -> Result<Store> {
            Store::open(&self.location, secret, options)
        }

        /// Runs a statement as a program of the site would.
        pub(crate) fn raw(&self, statement: &str) {
            self.store
                .transaction(|sql| {
                    sql.execute(statement, &[])?;
                    Ok(())
                })
                .unwrap();
        }
    }

    #[test]
    fn another_secret_is_refused_once_a_key_is_sealed() {
        let fixture = Fixture::new();
        let other = Secret::new("o".repeat(32));
        fixture.open(&other, Options::default()).unwrap();
        fixture.reopen(Options::default()).add_stream("T", None).unwrap();
        let error = fixture.open(&other, Options::default()).unwrap_err();
        assert!(matches!(error, Error::OtherKeySecret));
    }

    #[test]
    fn the_database_answers_a_ping() {
        Fixture::new().store.ping().unwrap();
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.db");
        std::fs::write(&path, "not a database, but long enough to look at".repeat(100)).unwrap();
        let location = Location::File(path);
        let error = Store::open(&location, &secret(), Options::default()).unwrap_err();
        assert!(error.to_string().contains("s.db"), "{error}");
    }
}
