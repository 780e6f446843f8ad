//! A site's rows as a file of JSON Lines, for a backup or a move to another engine: a head, one line for each
//! row, and an end with counts and a checksum.

mod columns;
mod export;
mod import;
mod lines;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sql::Value;
use crate::{Engine, UtcTime};

pub use export::{Export, export};
pub use import::Incoming;

/// The version of the file's format.
const FORMAT: u32 = 1;
/// The longest line, in bytes. A row holds texts of at most 64 KiB each but for JSON, and MySQL takes no
/// statement above `max_allowed_packet`, 16 or 64 MiB as it comes.
const MAX_LINE: u64 = 64 << 20;

/// A table that is moved.
struct Table {
    name: &'static str,
    /// Unique, and what its rows are paged by.
    key: &'static str,
    /// Whether the engine numbers its rows.
    counted: bool,
}

/// Those that others refer to come first.
const TABLES: [Table; 10] = [
    Table { name: "users", key: "id", counted: true },
    Table { name: "live_streams", key: "id", counted: false },
    Table { name: "stream_sessions", key: "id", counted: false },
    Table { name: "stream_moderators", key: "id", counted: true },
    Table { name: "stream_viewers", key: "id", counted: true },
    Table { name: "stream_chat", key: "id", counted: true },
    Table { name: "stream_recordings", key: "id", counted: false },
    Table { name: "stream_analytics", key: "id", counted: true },
    Table { name: "stream_reactions", key: "id", counted: true },
    Table { name: SETTINGS, key: "name", counted: false },
];
/// Its fingerprints of secrets belong to the database, not to its rows.
const SETTINGS: &str = "shardcast_settings";

/// What was exported or imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// The rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// What an operator should know of, a line each.
    pub warnings: Vec<String>,
}

/// The first line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    /// Always `export`.
    shardcast: String,
    format: u32,
    /// Of the program that wrote it.
    version: String,
    engine: Engine,
    /// The newest migration; each engine numbers its own.
    schema: i64,
    exported_at: UtcTime,
    /// The fingerprint of the secret that sealed the keys.
    key_secret: Option<String>,
    sealed_keys: u64,
    /// What the engine would have numbered the next rows, so that no number is given again.
    next_ids: BTreeMap<String, i64>,
}

/// A line after the first: a row, or the end.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<BTreeMap<String, Cell>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<End>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: BTreeMap<String, u64>,
    /// Of all bytes before this line.
    sha256: String,
}

/// A value of a column. Decimals are text, with all their digits; times are UTC to the second.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Null,
    Int(i64),
    Text(String),
    Binary { hex: String },
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(number),
            Value::Text(text) => Self::Text(text),
        }
    }
}

#[cfg(test)]
mod tests;
