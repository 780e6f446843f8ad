use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::mysql::{MySql, Server};
use crate::schema::{self, SchemaStep};
use crate::secret::create_private_dir;
use crate::site_roles::SiteRoles;
use crate::sql::Sql;
use crate::sqlite::Sqlite;
use crate::{Error, Result};

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// The embedded one, in this file.
    File(PathBuf),
    /// A server's.
    Server(Server),
}

impl Location {
    /// Makes the file if there is none.
    pub(crate) fn prepare(&self) -> Result<()> {
        let Self::File(path) = self else { return Ok(()) };
        create_private(path)
            .map_err(|error| Error::Open { path: path.clone(), reason: error.to_string() })
    }
}

/// What a database is run by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The embedded SQLite.
    Sqlite,
    /// MySQL or MariaDB.
    MySql,
}

/// One of the engines, opened.
pub(crate) enum Database {
    Sqlite(Sqlite),
    MySql(MySql),
}

impl Database {
    /// Opens it and brings its schema up to date.
    pub(crate) fn open(location: &Location) -> Result<Self> {
        let db = Self::connect(location)?;
        db.migrate()?;
        Ok(db)
    }

    /// Opens it as it is. A file that is not there is made, without tables.
    pub(crate) fn connect(location: &Location) -> Result<Self> {
        match location {
            Location::File(path) => Sqlite::connect(path).map(Self::Sqlite),
            Location::Server(server) => MySql::connect(server).map(Self::MySql),
        }
    }

    /// Brings the schema up to date; what that took. A database of a newer version is refused.
    pub(crate) fn migrate(&self) -> Result<Vec<SchemaStep>> {
        self.transaction(|sql| {
            schema::refuse_newer(self.engine(), &schema::applied(sql, self.engine())?)
        })?;
        match self {
            Self::Sqlite(engine) => engine.migrate(),
            Self::MySql(engine) => engine.migrate(),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::MySql(_) => Engine::MySql,
        }
    }

    /// What the site's column of roles takes.
    pub(crate) fn site_roles(&self) -> Result<SiteRoles> {
        match self {
            Self::Sqlite(_) => Ok(SiteRoles::default()),
            Self::MySql(engine) => engine.transaction(SiteRoles::read),
        }
    }

    /// Does all of `work` or, when it fails, nothing of it; more than once if another transaction was in
    /// the way.
    pub(crate) fn transaction<T>(&self, work: impl Fn(&dyn Sql) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(engine) => engine.transaction(work),
            Self::MySql(engine) => engine.transaction(work),
        }
    }

    /// As [`Self::transaction`], with one attempt only, for work that cannot be done twice.
    pub(crate) fn write_once<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(engine) => engine.write_once(work),
            Self::MySql(engine) => engine.write_once(work),
        }
    }

    /// Reads what was there at one moment, for as long as it takes; others may write meanwhile.
    pub(crate) fn snapshot<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(engine) => engine.snapshot(work),
            Self::MySql(engine) => engine.snapshot(work),
        }
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
