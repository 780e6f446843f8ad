use super::Cell;
use crate::sql::{Sql, Value};
use crate::{Engine, Result, UtcTime};

/// A column of a table as the database has it, ours or the site's.
pub(super) struct Column {
    pub(super) name: String,
    kind: Kind,
    /// What stands for a NULL where the column takes none: SQL that the engine understands in `VALUES`.
    pub(super) instead_of_null: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// A point in time.
    Time,
    /// With so many digits after the point.
    Decimal(usize),
    /// Bytes that are no text.
    Binary,
    Bits,
    /// What MySQL shows as text best itself.
    Shown,
}

/// The columns that can be written: no generated ones.
pub(super) fn columns(sql: &dyn Sql, engine: Engine, table: &str) -> Result<Vec<Column>> {
    let query = match engine {
        Engine::Sqlite => r#"SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?)"#,
        Engine::MySql => {
            "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE = 'NO', COLUMN_DEFAULT \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? \
             AND COALESCE(EXTRA, '') NOT LIKE '% GENERATED%' \
             ORDER BY ORDINAL_POSITION"
        }
    };
    let rows = sql.rows(query, &[table.into()])?;
    rows.iter()
        .map(|row| {
            let takes_null = !row.flag(2)?;
            let default = row.opt_text(3)?.filter(|_| !takes_null);
            Ok(Column {
                name: row.text(0)?,
                kind: Kind::of(&row.text(1)?.to_ascii_lowercase()),
                instead_of_null: match engine {
                    Engine::Sqlite => default,
                    Engine::MySql => default.map(|_| "DEFAULT".to_owned()),
                },
            })
        })
        .collect()
}

/// A name in a statement of either engine.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Kind {
    /// From the type as it was declared, in lower case.
    fn of(declared: &str) -> Self {
        let (word, rest) = declared.split_once('(').unwrap_or((declared, ""));
        match word.trim() {
            "timestamp" | "datetime" => Self::Time,
            "decimal" | "numeric" => {
                let scale = rest.split_once(',').map(|(_, scale)| scale);
                let digits = scale.and_then(|text| text.split(')').next()?.trim().parse().ok());
                Self::Decimal(digits.unwrap_or(0))
            }
            "bit" => Self::Bits,
            "date" | "time" | "year" => Self::Shown,
            word if word.ends_with("blob") || word.ends_with("binary") => Self::Binary,
            _ => Self::Plain,
        }
    }
}

impl Column {
    /// What a query selects to read it.
    pub(super) fn selected(&self, engine: Engine) -> String {
        let name = quoted(&self.name);
        match (self.kind, engine) {
            (Kind::Binary, _) => format!("HEX({name})"),
            (Kind::Bits, Engine::MySql) => format!("{name} + 0"),
            (Kind::Shown, Engine::MySql) => format!("CAST({name} AS CHAR)"),
            _ => name,
        }
    }

    /// The value in the form that does not depend on the engine.
    pub(super) fn cell(&self, value: Value) -> Cell {
        match (self.kind, value) {
            (Kind::Binary, Value::Text(hex)) => Cell::Binary { hex },
            (Kind::Time, Value::Text(text)) => {
                // What is no time stays what it is, such as MySQL's 0000-00-00.
                let time = UtcTime::from_sql(&text).map(UtcTime::to_sql);
                Cell::Text(time.unwrap_or(text))
            }
            (Kind::Decimal(digits), Value::Int(number)) => {
                Cell::Text(format!("{:.digits$}", number as f64))
            }
            (Kind::Decimal(digits), Value::Text(text)) => Cell::Text(decimal(text, digits)),
            (_, value) => value.into(),
        }
    }
}

/// With all its digits: SQLite keeps decimals as floating point numbers, and drops zeros.
fn decimal(text: String, digits: usize) -> String {
    let has = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    match text.parse::<f64>() {
        Ok(number) if has != digits => format!("{number:.digits$}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(declared: &str, value: Value) -> Cell {
        Column { name: String::new(), kind: Kind::of(declared), instead_of_null: None }.cell(value)
    }

    #[test]
    fn decimals_have_all_their_digits_whichever_way_they_were_kept() {
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(cell("decimal(5, 2)", Value::Int(30)), text("30.00"));
        assert_eq!(cell("decimal(5,2)", "29.9".into()), text("29.90"));
        assert_eq!(cell("decimal(10,2)", "12345678.91".into()), text("12345678.91"));
        assert_eq!(cell("decimal(5,2)", Value::Null), Cell::Null);
    }

    #[test]
    fn times_are_to_the_second_and_what_is_none_stays() {
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(
            cell("datetime(6)", "2025-01-02T03:04:05.5Z".into()),
            text("2025-01-02 03:04:05")
        );
        let zero = "0000-00-00 00:00:00";
        assert_eq!(cell("timestamp", zero.into()), text(zero));
    }
}
