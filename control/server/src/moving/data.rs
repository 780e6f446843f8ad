//! `shardcast export` and `shardcast import`.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, Command as Clap, value_parser};
use config::Config;
use control::DataDirLock;
use store::{Export, Incoming, Moved};

use super::{database, print_json};
use crate::{Misuse, admin, cli};

/// How often the progress is shown.
const EVERY: Duration = Duration::from_millis(200);

pub(super) fn export_command() -> Clap {
    let about =
        "Writes all users, streams and what belongs to them to a file, for a backup or a move";
    let text = "The file is JSON Lines: a head, one line for each row, and a last line with counts and a checksum, without \
                which it is not imported. It is of one moment, while servers run or not. Log-ins are left out.\n\nIt holds \
                password hashes, and is made with mode 0600: keep it like the database. Stream keys stay sealed, so \
                whoever imports it needs the same KEY_SECRET: keep that too, in another place.";
    let examples = "Examples:\n  \
        shardcast export backup.jsonl                  a backup\n  \
        shardcast export | gzip > backup.jsonl.gz      the same, smaller (umask 077 first: it holds password hashes)\n  \
        DATA_DIR=./data shardcast export site.jsonl    then, with DB_HOST and its like and the same KEY_SECRET:\n  \
        shardcast import site.jsonl                    from the embedded database to MySQL";
    let plain = "Writes stream keys in plain text, for a target with another KEY_SECRET: whoever reads the file can publish";
    Clap::new("export")
        .about(about)
        .long_about(format!("{about}.\n\n{text}"))
        .after_help(examples)
        .arg(cli::data_dir())
        .arg(file().help("A new file; without it, or with `-`, it is written to standard output"))
        .arg(Arg::new("plain-keys").long("plain-keys").action(ArgAction::SetTrue).help(plain))
}

pub(super) fn import_command() -> Clap {
    let about = "Puts what `shardcast export` wrote into an empty database";
    let text = "All or nothing: a file that is cut off, altered or does not fit leaves the database as it was. Ids, times, \
                passwords and keys stay what they are. The database must hold no rows: import before a server starts on \
                it for the first time. KEY_SECRET must be the one of the server that exported, for with the embedded \
                database it is made and kept in DATA_DIR/secrets.json: copy that file, or set KEY_SECRET.";
    let examples = "Examples:\n  \
        DB_HOST=db DB_NAME=live shardcast import site.jsonl     into MySQL (DB_USER and its like are in .env)\n  \
        zcat backup.jsonl.gz | shardcast import - --data-dir new     a backup into a new DATA_DIR";
    Clap::new("import")
        .about(about)
        .long_about(format!("{about}.\n\n{text}"))
        .after_help(examples)
        .args([cli::data_dir(), cli::json()])
        .arg(file().required(true).help("The file, or `-` for standard input"))
}

fn file() -> Arg {
    Arg::new("file").value_name("FILE").value_parser(value_parser!(PathBuf))
}

pub(super) fn export(config: &Config, file: Option<&Path>, plain_keys: bool) -> Result<()> {
    let plain_keys = plain_keys.then(|| admin::secrets(config)).transpose()?;
    if plain_keys.is_some() {
        eprintln!(
            "shardcast: the export holds stream keys in plain text: whoever reads it can publish"
        );
    }
    let options = Export { plain_keys: plain_keys.map(|it| it.key), now: control::now() };
    let location = admin::location(config);
    let write = |out: &mut dyn Write| {
        let mut progress = Progress::new();
        Ok(store::export(&location, &options, out, &mut |table, rows| progress.show(table, rows))?)
    };
    let moved = match file {
        Some(file) => to_file(file, write)?,
        None => write(&mut BufWriter::new(io::stdout().lock()))?,
    };
    let place = file.map_or("standard output".to_owned(), |file| file.display().to_string());
    eprintln!("shardcast: {} from {} to {place}", total(&moved), database(config));
    Ok(())
}

/// The file appears under its name when it is complete.
fn to_file(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<Moved>) -> Result<Moved> {
    if file.exists() {
        let why = format!("{} exists already: name a new file", file.display());
        return Err(Misuse(why).into());
    }
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let attempt = || {
        let out =
            private(&partial).with_context(|| format!("{} cannot be made", partial.display()))?;
        let mut out = BufWriter::new(out);
        let moved = write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&partial, file)?;
        Ok(moved)
    };
    attempt().inspect_err(|_| {
        // There may be none; the reason why there is no export is told in any case.
        let _ = std::fs::remove_file(&partial);
    })
}

fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // What an interrupted export left could have another mode.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

pub(super) fn import(config: &Config, file: Option<&Path>, json: bool) -> Result<()> {
    let input: Box<dyn BufRead> = match file {
        Some(file) => {
            let opened = File::open(file);
            let opened = opened.with_context(|| format!("{} cannot be read", file.display()))?;
            Box::new(BufReader::new(opened))
        }
        None => Box::new(io::stdin().lock()),
    };
    let incoming = Incoming::read(input)?;
    // A server that runs here would not know of the rows, and has made an administrator already.
    let _lock =
        DataDirLock::acquire(&config.data_dir).context("import needs the server stopped")?;
    let secrets = admin::secrets(config)?;
    let options = admin::options(config, &secrets);
    let mut progress = Progress::new();
    let moved = incoming.into_database(
        &admin::location(config),
        &secrets.key,
        options,
        &mut |table, rows| {
            progress.show(table, rows);
        },
    )?;
    drop(progress);
    if json {
        print_json(&serde_json::json!(moved));
        return Ok(());
    }
    for (table, rows) in &moved.rows {
        admin::print(&format!("  {table:<20}{rows:>12}"));
    }
    for warning in &moved.warnings {
        admin::print(&format!("  note: {warning}"));
    }
    admin::print(&format!("{} into {}", total(&moved), database(config)));
    Ok(())
}

fn total(moved: &Moved) -> String {
    format!("{} rows", moved.rows.values().sum::<u64>())
}

/// One line on a terminal that changes, and is gone at the end.
struct Progress {
    on_terminal: bool,
    shown: Option<Instant>,
}

impl Progress {
    fn new() -> Self {
        Self { on_terminal: io::stderr().is_terminal(), shown: None }
    }

    fn show(&mut self, table: &str, rows: u64) {
        let due = self.shown.is_none_or(|shown| shown.elapsed() >= EVERY);
        if self.on_terminal && due {
            eprint!("\r\x1b[K{table}: {rows} rows");
            self.shown = Some(Instant::now());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
