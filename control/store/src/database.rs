use std::path::PathBuf;

use crate::Result;
use crate::mysql::{MySql, Server};
use crate::site_roles::SiteRoles;
use crate::sql::Sql;
use crate::sqlite::Sqlite;

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// The embedded one, in this file.
    File(PathBuf),
    /// A server's.
    Server(Server),
}

/// One of the engines.
pub(crate) enum Database {
    Sqlite(Sqlite),
    MySql(MySql),
}

impl Database {
    /// Opens it and brings its schema up to date.
    pub(crate) fn open(location: &Location) -> Result<Self> {
        match location {
            Location::File(path) => Sqlite::open(path).map(Self::Sqlite),
            Location::Server(server) => MySql::open(server).map(Self::MySql),
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
}
