//! What a database engine must do for the store: statements with `?` parameters, rows of plain
//! values. Queries stay within SQL that SQLite, MySQL and MariaDB share.

use crate::{Error, Result, UtcTime};

/// A value of a parameter or a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
}

/// One row of an answer, columns by position.
#[derive(Debug)]
pub(crate) struct Row(Vec<Value>);

/// An open transaction.
pub(crate) trait Sql {
    /// Runs a statement; how many rows it changed.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<usize, SqlError>;

    /// Runs a query; every row of the answer. The query itself bounds their number.
    fn rows(&self, query: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// What a query that reads before it writes ends with, so that no other node changes the row between.
    fn for_update(&self) -> &'static str;

    /// The first row of the answer, if any.
    fn row(&self, query: &str, parameters: &[Value]) -> Result<Option<Row>, SqlError> {
        Ok(self.rows(query, parameters)?.into_iter().next())
    }
}

/// A statement failed.
#[derive(Debug)]
pub(crate) enum SqlError {
    /// A unique column holds the value already.
    Duplicate,
    /// Anything else, in the engine's words.
    Other(String),
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Duplicate => Self::Database("a value that must be unique is not".into()),
            SqlError::Other(reason) => Self::Database(reason),
        }
    }
}

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    pub(crate) fn into_values(self) -> Vec<Value> {
        self.0
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.opt_int(column)?.ok_or(Error::Corrupt("NULL instead of a number"))
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(Some(*value)),
            Some(Value::Null) => Ok(None),
            _ => Err(Error::Corrupt("text instead of a number")),
        }
    }

    /// A boolean; NULL is false.
    pub(crate) fn flag(&self, column: usize) -> Result<bool> {
        Ok(self.opt_int(column)?.unwrap_or(0) != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String> {
        self.opt_text(column)?.ok_or(Error::Corrupt("NULL instead of text"))
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<String>> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(Value::Null) => Ok(None),
            _ => Err(Error::Corrupt("a number instead of text")),
        }
    }

    /// A time; NULL and text that is no time are none.
    pub(crate) fn time(&self, column: usize) -> Result<Option<UtcTime>> {
        Ok(self.opt_text(column)?.as_deref().and_then(UtcTime::from_sql))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}

impl From<UtcTime> for Value {
    fn from(time: UtcTime) -> Self {
        Self::Text(time.to_sql())
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        text.clone().map_or(Self::Null, Self::Text)
    }
}
