//! The embedded engine: one connection behind a mutex, so that writers queue here instead of meeting
//! "database is locked".

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, ffi, params_from_iter};

use crate::schema::{self, SchemaStep};
use crate::sql::{Row, Sql, SqlError, Value};
use crate::{Error, Result};

/// How long a statement waits for another process that holds the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that are kept.
const STATEMENTS: usize = 64;

pub(crate) struct Sqlite(Mutex<Connection>);

impl Sqlite {
    /// Opens or makes the file.
    pub(crate) fn connect(path: &Path) -> Result<Self> {
        let connection = connect(path)
            .map_err(|error| Error::Open { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Brings the schema up to date; what that took.
    pub(crate) fn migrate(&self) -> Result<Vec<SchemaStep>> {
        schema::migrate(&mut self.lock())
    }

    /// Does all of `work` or, when it fails, nothing of it.
    pub(crate) fn transaction<T>(&self, work: impl Fn(&dyn Sql) -> Result<T>) -> Result<T> {
        self.once(TransactionBehavior::Immediate, work)
    }

    /// As [`Self::transaction`], with one attempt.
    pub(crate) fn write_once<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        self.once(TransactionBehavior::Immediate, work)
    }

    /// Reads what was there at one moment; others may write meanwhile.
    pub(crate) fn snapshot<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        self.once(TransactionBehavior::Deferred, work)
    }

    fn once<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&dyn Sql) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.lock();
        let transaction = Transaction::new(&mut connection, behavior)?;
        let result = work(&InTransaction(&transaction))?;
        transaction.commit()?;
        Ok(result)
    }

    /// A panic in the middle of a transaction has rolled it back: the connection is still good.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

struct InTransaction<'a>(&'a Transaction<'a>);

impl Sql for InTransaction<'_> {
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<usize, SqlError> {
        let mut statement = self.0.prepare_cached(statement)?;
        Ok(statement.execute(params_from_iter(parameters))?)
    }

    fn rows(&self, query: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        let mut statement = self.0.prepare_cached(query)?;
        let columns = statement.column_count();
        let rows = statement.query_map(params_from_iter(parameters), |row| {
            (0..columns).map(|column| row.get_ref(column).map(value)).collect::<Result<_, _>>()
        })?;
        rows.map(|row| Ok(Row::new(row?))).collect()
    }

    /// A transaction here excludes all others.
    fn for_update(&self) -> &'static str {
        ""
    }
}

/// Fractions and blobs appear as text: no column that the store reads holds either.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => rusqlite::types::Null.into(),
            Self::Int(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        })
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _)
                if failure.code == ErrorCode::ConstraintViolation
                    && matches!(
                        failure.extended_code,
                        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                    ) =>
            {
                Self::Duplicate
            }
            _ => Self::Other(error.to_string()),
        }
    }
}
