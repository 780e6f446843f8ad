use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use super::columns::{Column, columns, quoted};
use super::export::next_id;
use super::lines::Reader;
use super::{Cell, End, FORMAT, Head, Line, Moved, SETTINGS, TABLES};
use crate::database::{Database, Engine, Location};
use crate::keys::KeyRing;
use crate::sql::{Sql, SqlError, Value};
use crate::{Error, Options, Result, Secret, Store, fingerprints};

/// Rows of one statement: 100 of the widest table have some 2,000 values, of which SQLite takes 32,766 and
/// MySQL 65,535.
const BATCH: usize = 100;
/// Bytes of text in one statement, unless one row has more. MySQL's `max_allowed_packet` is 16 MiB or more.
const BATCH_BYTES: usize = 1 << 20;

/// An exported file of which the head is read.
pub struct Incoming<R> {
    head: Head,
    lines: Reader<R>,
}

impl<R: BufRead> Incoming<R> {
    /// Reads the head. Fails with [`Error::NotImported`] when this is no such file, or one of a format that this
    /// version does not know.
    pub fn read(input: R) -> Result<Self> {
        let mut lines = Reader::new(input);
        let head: serde_json::Map<String, serde_json::Value> = lines.line()?.0;
        let not = |reason: String| Err(Error::NotImported(reason));
        if head.get("shardcast").is_none_or(|kind| kind != "export") {
            return not("it was not made by `shardcast export`".into());
        }
        if head.get("format").is_none_or(|format| *format != FORMAT) {
            let by = head.get("version").map(ToString::to_string).unwrap_or_default();
            return not(format!("its format is that of version {by}: import it with that version"));
        }
        match serde_json::from_value(head.into()) {
            Ok(head) => Ok(Self { head, lines }),
            Err(_) => not("its first line is damaged: export again".into()),
        }
    }

    /// Fails with [`Error::OtherKeySecretInFile`] when the file holds keys that this secret did not seal.
    pub fn require_key(&self, key_secret: &Secret) -> Result<()> {
        let ours = KeyRing::new(key_secret)?.fingerprint();
        match self.head.sealed_keys {
            0 => Ok(()),
            _ if self.head.key_secret.as_ref() == Some(&ours) => Ok(()),
            sealed => Err(Error::OtherKeySecretInFile(sealed)),
        }
    }

    /// Puts every row into a database that holds none yet, all or nothing; `progress` is told the table and how
    /// many of its rows are in, again and again. No server may run on the database meanwhile.
    ///
    /// Fails as [`Store::open`] and [`Self::require_key`] do, and with [`Error::NotImported`] when the database is
    /// not empty, or the file is cut off, altered or does not fit.
    pub fn into_database(
        mut self,
        location: &Location,
        key_secret: &Secret,
        options: Options,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<Moved> {
        self.require_key(key_secret)?;
        let store = Store::open(location, key_secret, options)?;
        let db = &store.inner.db;
        db.snapshot(require_empty)?;
        if db.engine() == Engine::MySql {
            // Such a statement ends a transaction, so it goes first: numbers above those of empty tables harm nobody.
            db.write_once(|sql| self.set_counters(sql))?;
        }
        db.write_once(|sql| {
            require_empty(sql)?;
            let mut importer = Importer::new(sql, db)?;
            let end = importer.rows(&mut self.lines, progress)?;
            if end.rows != importer.moved.rows {
                return Err(Error::NotImported("rows are missing: export again".into()));
            }
            if db.engine() == Engine::Sqlite {
                self.raise_counters(sql)?;
            }
            Ok(importer.moved)
        })
    }

    /// The counters of tables that are counted here; names are not taken from the file.
    fn counters(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let next = |name: &str| self.head.next_ids.get(name).copied().unwrap_or(1);
        TABLES.iter().filter(|table| table.counted).map(move |table| (table.name, next(table.name)))
    }

    /// MySQL's.
    fn set_counters(&self, sql: &dyn Sql) -> Result<()> {
        for (table, next) in self.counters() {
            sql.execute(&format!("ALTER TABLE {} AUTO_INCREMENT = {next}", quoted(table)), &[])?;
        }
        Ok(())
    }

    /// SQLite's, which the rows have raised already.
    fn raise_counters(&self, sql: &dyn Sql) -> Result<()> {
        for (table, next) in self.counters() {
            if next_id(sql, Engine::Sqlite, table)? < next {
                sql.execute("DELETE FROM sqlite_sequence WHERE name = ?", &[table.into()])?;
                let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)";
                sql.execute(insert, &[table.into(), (next - 1).into()])?;
            }
        }
        Ok(())
    }
}

fn require_empty(sql: &dyn Sql) -> Result<()> {
    for table in &TABLES {
        let but = if table.name == SETTINGS { "WHERE name NOT IN (?, ?)" } else { "" };
        let values = fingerprints::NAMES.map(Value::from);
        let values = if but.is_empty() { &[][..] } else { &values };
        let query =
            format!("SELECT {} FROM {} {but} LIMIT 1", quoted(table.key), quoted(table.name));
        if sql.row(&query, values)?.is_some() {
            return Err(Error::NotImported(format!(
                "the table {} of this database holds rows already, and import goes into an empty one: name a new \
                 database (DB_NAME) or a new DATA_DIR, and import before a server starts on it",
                table.name
            )));
        }
    }
    Ok(())
}

/// Rows of one table that go into the database with one statement.
#[derive(Default)]
struct Batch {
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
    first_line: u64,
}

struct Importer<'i> {
    sql: &'i dyn Sql,
    /// Of each table, by name.
    known: BTreeMap<&'static str, BTreeMap<String, Column>>,
    batch: Batch,
    warned: BTreeSet<String>,
    moved: Moved,
}

impl<'i> Importer<'i> {
    fn new(sql: &'i dyn Sql, db: &Database) -> Result<Self> {
        if db.engine() == Engine::MySql {
            // A number 0 is one of the rows' own; the site's old rows may hold the date 0000-00-00. The connection is
            // not used again.
            let mode = "STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO";
            sql.execute(&format!("SET SESSION sql_mode = '{mode}'"), &[])?;
        }
        let named = |column: Column| (column.name.clone(), column);
        let mut known = BTreeMap::new();
        let mut moved = Moved::default();
        for table in &TABLES {
            let columns = columns(sql, db.engine(), table.name)?;
            known.insert(table.name, columns.into_iter().map(named).collect());
            moved.rows.insert(table.name.to_owned(), 0);
        }
        Ok(Self { sql, known, batch: Batch::default(), warned: BTreeSet::new(), moved })
    }

    /// Everything up to the end, whose checksum is right.
    fn rows<R: BufRead>(
        &mut self,
        lines: &mut Reader<R>,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<End> {
        loop {
            let (line, before): (Line, String) = lines.line()?;
            match line {
                Line { table: Some(table), row: Some(row), end: None } => {
                    self.row(table, row, lines.number, progress)?;
                }
                Line { table: None, row: None, end: Some(end) } => {
                    self.flush(progress)?;
                    if end.sha256 != before {
                        let reason = "its checksum is wrong, so it was altered: export again";
                        return Err(Error::NotImported(reason.into()));
                    }
                    lines.end()?;
                    return Ok(end);
                }
                _ => {
                    let reason = format!("line {} is no row: export again", lines.number);
                    return Err(Error::NotImported(reason));
                }
            }
        }
    }

    fn row(
        &mut self,
        table: String,
        mut row: BTreeMap<String, Cell>,
        line: u64,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<()> {
        let Some(known) = self.known.get(table.as_str()) else {
            let reason =
                format!("line {line} is of the table {table}, which this version does not know");
            return Err(Error::NotImported(reason));
        };
        row.retain(|name, cell| {
            let is_known = known.contains_key(name);
            if !is_known && *cell != Cell::Null && self.warned.insert(format!("{table}.{name}")) {
                let warning =
                    format!("the column {table}.{name} is not in this database: left out");
                self.moved.warnings.push(warning);
            }
            is_known
        });
        let same = self.batch.table == table && self.batch.columns.iter().eq(row.keys());
        if !same || self.batch.rows.len() == BATCH || self.batch.bytes > BATCH_BYTES {
            self.flush(progress)?;
            let columns = row.keys().cloned().collect();
            self.batch = Batch { table, columns, first_line: line, ..Batch::default() };
        }
        let length = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Binary { hex: text } => text.len(),
            Cell::Null | Cell::Int(_) => 0,
        };
        self.batch.bytes += row.values().map(length).sum::<usize>();
        self.batch.rows.push(row.into_values().collect());
        Ok(())
    }

    fn flush(&mut self, progress: &mut dyn FnMut(&str, u64)) -> Result<()> {
        let Batch { table, columns, rows, first_line, .. } = std::mem::take(&mut self.batch);
        if rows.is_empty() {
            return Ok(());
        }
        let count = rows.len() as u64;
        let names: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
        let (mut tuples, mut values) = (Vec::new(), Vec::new());
        for row in rows {
            let places: Vec<_> = columns
                .iter()
                .zip(row)
                .map(|(name, cell)| self.place(&table, name, cell, &mut values))
                .collect();
            tuples.push(format!("({})", places.join(", ")));
        }
        let (names, tuples) = (names.join(", "), tuples.join(", "));
        let insert = format!("INSERT INTO {} ({names}) VALUES {tuples}", quoted(&table));
        self.sql.execute(&insert, &values).map_err(|error| {
            let why = match error {
                SqlError::Duplicate => {
                    "a value that must be unique is there twice for this database, which may not tell apart small and \
                     capital letters or accents"
                        .to_owned()
                }
                SqlError::Other(reason) => reason,
            };
            let last = first_line + count - 1;
            Error::NotImported(format!("lines {first_line} to {last}, table {table}: {why}"))
        })?;
        let all = self.moved.rows.entry(table.clone()).or_default();
        *all += count;
        progress(&table, *all);
        Ok(())
    }

    /// What stands for the cell in the statement; its value is added to the others.
    fn place(&mut self, table: &str, name: &str, cell: Cell, values: &mut Vec<Value>) -> String {
        let column = self.known.get(table).and_then(|columns| columns.get(name));
        let instead = column.and_then(|column| column.instead_of_null.clone());
        let (place, value) = match (cell, instead) {
            (Cell::Null, Some(instead)) => {
                if self.warned.insert(format!("{table}.{name} is NULL")) {
                    let warning =
                        format!("{table}.{name} takes no NULL here: it became the default");
                    self.moved.warnings.push(warning);
                }
                return instead;
            }
            (Cell::Null, None) => ("?", Value::Null),
            (Cell::Int(number), _) => ("?", Value::Int(number)),
            (Cell::Text(text), _) => ("?", Value::Text(text)),
            (Cell::Binary { hex }, _) => ("UNHEX(?)", Value::Text(hex)),
        };
        values.push(value);
        place.to_owned()
    }
}
