use std::cell::{Cell, RefCell};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params};

use super::{MySql, STATEMENT};
use crate::Result;
use crate::sql::{Row, Sql, SqlError, Value};

/// `ER_DUP_ENTRY`.
const DUPLICATE: u16 = 1062;
/// `ER_LOCK_DEADLOCK`: the server has undone the transaction. MariaDB says `ER_CHECKREAD` where another
/// one changed a row that this one has read, and both say `ER_TABLE_DEF_CHANGED` where another node migrates.
const UNDONE: [u16; 3] = [1213, 1020, 1412];

/// An open transaction. `conn` is `None` once it has ended, and when a statement was given up in the
/// middle.
pub(super) struct InTransaction<'e> {
    engine: &'e MySql,
    conn: RefCell<Option<Conn>>,
    undone: Cell<bool>,
}

impl<'e> InTransaction<'e> {
    pub(super) fn begin(engine: &'e MySql, conn: Conn, statement: &str) -> Result<Self> {
        let conn = RefCell::new(Some(conn));
        let transaction = Self { engine, conn, undone: Cell::new(false) };
        transaction.plain(statement)?;
        Ok(transaction)
    }

    pub(super) fn commit(&self) -> Result<()> {
        self.plain("COMMIT")?;
        self.hand_back();
        Ok(())
    }

    /// Whether the server undid it for another transaction's sake.
    pub(super) fn was_undone(&self) -> bool {
        self.undone.get()
    }

    /// Undoes it.
    pub(super) fn give_up(self) {
        if self.plain("ROLLBACK").is_ok() {
            self.hand_back();
        }
    }

    /// The connection is good for the next transaction.
    fn hand_back(&self) {
        self.conn.take().into_iter().for_each(|conn| self.engine.hand_back(conn));
    }

    fn plain(&self, statement: &str) -> Result<(), SqlError> {
        self.with(async |conn| conn.query_drop(statement).await)
    }

    /// Does something with the connection. After a time-out it is given up, for an answer may still come.
    fn with<T>(
        &self,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, mysql_async::Error>,
    ) -> Result<T, SqlError> {
        let mut slot = self.conn.borrow_mut();
        let conn = slot.as_mut().ok_or_else(|| SqlError::Other("the connection is lost".into()))?;
        match self.engine.wait(STATEMENT, work(conn)) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(error) => {
                slot.take().into_iter().for_each(|conn| self.engine.drop_conn(conn));
                Err(SqlError::Other(super::reason(&error)))
            }
        }
    }

    fn failed(&self, error: &mysql_async::Error) -> SqlError {
        if let mysql_async::Error::Server(server) = error {
            if server.code == DUPLICATE {
                return SqlError::Duplicate;
            }
            if UNDONE.contains(&server.code) {
                self.undone.set(true);
            }
        }
        SqlError::Other(error.to_string())
    }
}

impl Drop for InTransaction<'_> {
    /// Work that panicked, or an end that failed: the connection, with its open transaction, must not be
    /// used again.
    fn drop(&mut self) {
        self.conn.take().into_iter().for_each(|conn| self.engine.drop_conn(conn));
    }
}

impl Sql for InTransaction<'_> {
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<usize, SqlError> {
        self.with(async |conn| {
            conn.exec_drop(statement, params(parameters)).await?;
            Ok(conn.affected_rows() as usize)
        })
    }

    fn rows(&self, query: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.with(async |conn| {
            let rows: Vec<mysql_async::Row> = conn.exec(query, params(parameters)).await?;
            Ok(rows.into_iter().map(row).collect())
        })
    }

    fn for_update(&self) -> &'static str {
        " FOR UPDATE"
    }
}

fn params(values: &[Value]) -> Params {
    Params::Positional(values.iter().map(Into::into).collect())
}

fn row(row: mysql_async::Row) -> Row {
    Row::new(row.unwrap().into_iter().map(value).collect())
}

impl From<&Value> for mysql_async::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Int(number) => Self::Int(*number),
            Value::Text(text) => Self::Bytes(text.clone().into_bytes()),
        }
    }
}

/// Fractions and binary columns appear as text, times as the text that the store writes.
fn value(value: mysql_async::Value) -> Value {
    use mysql_async::Value as Sql;
    match value {
        Sql::NULL => Value::Null,
        Sql::Int(number) => Value::Int(number),
        Sql::UInt(number) => {
            i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
        }
        Sql::Float(number) => Value::Text(number.to_string()),
        Sql::Double(number) => Value::Text(number.to_string()),
        Sql::Bytes(bytes) => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Sql::Date(year, month, day, hour, minute, second, _) => {
            Value::Text(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
        }
        Sql::Time(negative, days, hours, minutes, seconds, _) => Value::Text(format!(
            "{}{}:{minutes:02}:{seconds:02}",
            if negative { "-" } else { "" },
            days * 24 + u32::from(hours)
        )),
    }
}
