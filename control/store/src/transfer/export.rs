use std::collections::BTreeMap;
use std::io::Write;

use super::columns::{Column, columns, quoted};
use super::lines::Writer;
use super::{Cell, End, FORMAT, Head, Line, Moved, SETTINGS, TABLES, Table};
use crate::database::{Database, Engine, Location};
use crate::keys::KeyRing;
use crate::sql::{Row, Sql, Value};
use crate::{Error, Result, SchemaStatus, Secret, UtcTime, fingerprints, schema};

/// Rows that are read at a time.
const PAGE: usize = 200;
const KEY: &str = "stream_key";
const SEALED: &str = "key_sealed";

/// How to export.
#[derive(Clone, Debug)]
pub struct Export {
    /// The `KEY_SECRET`, to write stream keys in plain text; without it they stay sealed.
    pub plain_keys: Option<Secret>,
    /// The time that the file is to tell.
    pub now: UtcTime,
}

/// Writes every row to `out`, as they were at one moment; others may write to the database meanwhile, and the
/// database is not changed. Log-ins and idempotency keys are left out. `progress` is told the table and how many
/// of its rows are written, again and again. Memory is bounded by a few hundred rows.
///
/// Fails with [`Error::OlderSchema`] when migrations are missing, with [`Error::OtherKeySecret`] when keys are
/// sealed with another secret than [`Export::plain_keys`], and with [`Error::NotExported`] when `out` fails.
pub fn export(
    location: &Location,
    options: &Export,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<Moved> {
    if let Location::File(path) = location
        && !path.exists()
    {
        let reason = "there is none".to_owned();
        return Err(Error::Open { path: path.clone(), reason });
    }
    let db = Database::connect(location)?;
    SchemaStatus::of(&db)?.require_complete()?;
    let ring = options.plain_keys.as_ref().map(KeyRing::new).transpose()?;
    db.snapshot(|sql| {
        let mut writer = Writer::new(out);
        let mut head = head(sql, db.engine(), options.now)?;
        let exporter = Exporter { sql, engine: db.engine(), ring: ring.as_ref() };
        if let Some(ring) = &ring {
            if head.sealed_keys > 0 && head.key_secret.as_ref() != Some(&ring.fingerprint()) {
                return Err(Error::OtherKeySecret);
            }
            head.sealed_keys = 0;
        }
        writer.line(&head)?;
        let mut moved = Moved::default();
        for table in &TABLES {
            let rows =
                exporter.table(table, &mut writer, &mut |rows| progress(table.name, rows))?;
            moved.rows.insert(table.name.to_owned(), rows);
        }
        let end = Some(End { rows: moved.rows.clone(), sha256: writer.sha256() });
        writer.line(&Line { end, ..Line::default() })?;
        writer.finish()?;
        Ok(moved)
    })
}

fn head(sql: &dyn Sql, engine: Engine, now: UtcTime) -> Result<Head> {
    let next = |table: &Table| Ok((table.name.to_owned(), next_id(sql, engine, table.name)?));
    Ok(Head {
        shardcast: "export".to_owned(),
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine,
        schema: schema::known(engine).last().map_or(0, |step| step.version),
        exported_at: now,
        key_secret: fingerprints::of_key_secret(sql)?,
        sealed_keys: fingerprints::sealed(sql)? as u64,
        next_ids: TABLES.iter().filter(|table| table.counted).map(next).collect::<Result<_>>()?,
    })
}

/// The number that the table's next row would get.
pub(super) fn next_id(sql: &dyn Sql, engine: Engine, table: &str) -> Result<i64> {
    match engine {
        Engine::Sqlite => {
            let query = "SELECT seq FROM sqlite_sequence WHERE name = ?";
            Ok(sql.row(query, &[table.into()])?.map_or(Ok(0), |row| row.int(0))? + 1)
        }
        // information_schema's own column may be a day old on MySQL.
        Engine::MySql => {
            let shown = sql.row(&format!("SHOW CREATE TABLE {}", quoted(table)), &[])?;
            let shown = shown.map(|row| row.text(1)).transpose()?.unwrap_or_default();
            let options = shown.rsplit_once('\n').map_or("", |(_, options)| options);
            let next = options.split_once("AUTO_INCREMENT=").map(|(_, rest)| rest);
            Ok(next.and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(1))
        }
    }
}

struct Exporter<'e> {
    sql: &'e dyn Sql,
    engine: Engine,
    ring: Option<&'e KeyRing>,
}

impl Exporter<'_> {
    /// How many rows that were.
    fn table(
        &self,
        table: &Table,
        writer: &mut Writer<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64> {
        let columns = columns(self.sql, self.engine, table.name)?;
        let key = columns.iter().position(|column| column.name == table.key);
        let key = key.ok_or(Error::Corrupt("a table without its key"))?;
        let (mut written, mut last): (u64, Option<Value>) = (0, None);
        loop {
            let page = self.page(table, &columns, last.as_ref())?;
            let full = page.len() == PAGE;
            for row in page {
                let values = row.into_values();
                last = values.get(key).cloned();
                if let Some(row) = self.row(table, &columns, values)? {
                    let table = Some(table.name.to_owned());
                    writer.line(&Line { table, row: Some(row), end: None })?;
                    written += 1;
                }
            }
            progress(written);
            if !full {
                return Ok(written);
            }
        }
    }

    fn page(&self, table: &Table, columns: &[Column], after: Option<&Value>) -> Result<Vec<Row>> {
        let selected: Vec<_> = columns.iter().map(|column| column.selected(self.engine)).collect();
        let (selected, name, key) = (selected.join(", "), quoted(table.name), quoted(table.key));
        let from = if after.is_some() { format!("WHERE {key} > ?") } else { String::new() };
        let query = format!("SELECT {selected} FROM {name} {from} ORDER BY {key} LIMIT {PAGE}");
        Ok(self.sql.rows(&query, after.map(std::slice::from_ref).unwrap_or_default())?)
    }

    /// `None` when it is not for export.
    fn row(
        &self,
        table: &Table,
        columns: &[Column],
        values: Vec<Value>,
    ) -> Result<Option<BTreeMap<String, Cell>>> {
        let cells = columns.iter().zip(values);
        let mut row: BTreeMap<String, Cell> =
            cells.map(|(column, value)| (column.name.clone(), column.cell(value))).collect();
        if table.name == SETTINGS {
            let name = row.get("name");
            let is_fingerprint =
                fingerprints::NAMES.iter().any(|it| name == Some(&Cell::Text((*it).to_owned())));
            return Ok((!is_fingerprint).then_some(row));
        }
        if let (Some(ring), Some(Cell::Text(sealed))) = (self.ring, row.get(SEALED)) {
            let Some(Cell::Text(id)) = row.get("id") else {
                return Err(Error::Corrupt("a stream's id"));
            };
            let key = ring.open(id, sealed)?.expose().to_owned();
            row.insert(KEY.to_owned(), Cell::Text(key));
            row.insert(SEALED.to_owned(), Cell::Null);
        }
        Ok(Some(row))
    }
}
