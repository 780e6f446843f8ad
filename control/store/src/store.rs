use std::sync::Arc;

use crate::database::{Database, Location};
use crate::keys::KeyRing;
use crate::site_roles::{RoleMap, SiteRoles};
use crate::sql::Sql;
use crate::{Result, Secret, fingerprints};

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
    /// [`Secrets::jwt_fingerprint`](crate::Secrets::jwt_fingerprint): on a database server every node must
    /// have the same.
    pub jwt_fingerprint: Option<String>,
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
    /// directory, mode 0700). Fails with [`Error::OtherKeySecret`](crate::Error::OtherKeySecret) when keys in it were sealed with another
    /// secret, for they would all stop working without a word, and with [`Error::OtherSecret`](crate::Error::OtherSecret) when it is a
    /// server's database whose nodes have other secrets.
    pub fn open(location: &Location, key_secret: &Secret, options: Options) -> Result<Self> {
        location.prepare()?;
        let db = Database::open(location)?;
        let site_roles = db.site_roles()?;
        let inner = Inner { db, keys: KeyRing::new(key_secret)?, site_roles, options };
        let jwt = inner.options.jwt_fingerprint.as_deref();
        fingerprints::check(&inner.db, &inner.keys.fingerprint(), jwt)?;
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Error;

    /// A store of its own, with one administrator: a file, or with `TEST_DATABASE=HOST:PORT` a new
    /// database on that server.
    pub(crate) struct Fixture {
        pub(crate) store: Store,
        pub(crate) location: Location,
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

        pub(crate) fn open(&self, secret: &Secret, options: Options) -> Result<Store> {
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
        let before = fixture.open(&other, Options::default());
        if let Location::File(_) = fixture.location {
            before.unwrap();
        } else {
            let error = before.unwrap_err();
            assert!(matches!(error, Error::OtherSecret { name: "KEY_SECRET" }), "{error}");
        }
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
