//! `shardcast migrate ...`, `shardcast export` and `shardcast import`: the schema, and a site's data from one
//! database to another.

mod data;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{ArgMatches, Command as Clap};
use config::Config;
use control::DataDirLock;
use store::{SchemaStatus, SchemaStep};

use crate::settings::{self, Flags};
use crate::{Misuse, admin, cli};

/// What was asked for.
pub(crate) enum Task {
    Status {
        json: bool,
    },
    Up {
        json: bool,
    },
    AcceptSecrets,
    /// To standard output without a file.
    Export {
        file: Option<PathBuf>,
        plain_keys: bool,
    },
    /// From standard input without a file.
    Import {
        file: Option<PathBuf>,
        json: bool,
    },
}

/// The commands as the command line knows them.
pub(crate) fn commands() -> [Clap; 3] {
    [migrations(), data::export_command(), data::import_command()]
}

/// The task of one of [`commands`], and the flags that it was given.
pub(crate) fn task(name: &str, matches: &ArgMatches) -> (Flags, Task) {
    let (name, matches) = matches.subcommand().unwrap_or((name, matches));
    let json = || matches.get_flag("json");
    let file = || matches.get_one::<PathBuf>("file").filter(|file| *file != "-").cloned();
    let task = match name {
        "export" => Task::Export { file: file(), plain_keys: matches.get_flag("plain-keys") },
        "import" => Task::Import { file: file(), json: json() },
        "up" => Task::Up { json: json() },
        "accept-secrets" => Task::AcceptSecrets,
        _ => Task::Status { json: json() },
    };
    (cli::flags(matches), task)
}

/// Does it and prints its answer.
pub(crate) fn run(flags: Flags, task: Task) -> Result<()> {
    let (config, _) = settings::load(flags)?;
    match task {
        Task::Status { json } => status(&config, json),
        Task::Up { json } => up(&config, json),
        Task::AcceptSecrets => accept_secrets(&config),
        Task::Export { file, plain_keys } => data::export(&config, file.as_deref(), plain_keys),
        Task::Import { file, json } => data::import(&config, file.as_deref(), json),
    }
}

fn migrations() -> Clap {
    let about = "Shows and brings up to date the schema of the database";
    let text = "The schema is brought up to date at every start of a server: these commands are for those who want to \
                see first, or to change the schema in a step of its own, with a database user that may. Nodes that run \
                are not disturbed: migrations only add.";
    let accept = "Every node of a database server must have the same JWT_SECRET and KEY_SECRET: the first start keeps \
                  their fingerprints in the database, and a node whose secrets differ does not start. To change one on \
                  purpose: stop every node, set the new one, run this, start the nodes.\n\nA new JWT_SECRET logs \
                  everybody out. KEY_SECRET can change only while no stream key is sealed with it: start one node with \
                  the old one and PLAIN_STREAM_KEYS=true, which unseals them, and stop it again.";
    Clap::new("migrate")
        .about(about)
        .long_about(format!("{about}.\n\n{text}"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args([cli::data_dir(), cli::json()])
        .subcommand(
            Clap::new("status")
                .about("Lists the migrations; exit code 1 when some are missing. Changes nothing"),
        )
        .subcommand(Clap::new("up").about("Applies the migrations that are missing"))
        .subcommand(
            Clap::new("accept-secrets")
                .about("Makes the configured JWT_SECRET and KEY_SECRET those of the database")
                .long_about(accept),
        )
}

fn status(config: &Config, json: bool) -> Result<()> {
    let status = SchemaStatus::read(&admin::location(config))?;
    let missing = status.missing();
    if json {
        let migrations = &status.migrations;
        print_json(
            &serde_json::json!({"engine": status.engine, "missing": missing, "migrations": migrations}),
        );
    } else {
        admin::print(&format!("{}:", database(config)));
        for step in &status.migrations {
            admin::print(&match step.applied_at {
                Some(at) => format!("  applied  V{}  {}  ({at})", step.version, step.name),
                None => format!("  MISSING  V{}  {}", step.version, step.name),
            });
        }
    }
    if missing > 0 {
        bail!(
            "{missing} migrations are missing: `shardcast migrate up` applies them, and so does a start"
        );
    }
    Ok(())
}

fn up(config: &Config, json: bool) -> Result<()> {
    let location = admin::location(config);
    // A server's database has a lock of its own; the embedded one is the running server's, which has migrated it.
    let _lock = match config.mysql() {
        None if SchemaStatus::read(&location)?.missing() > 0 => {
            Some(DataDirLock::acquire(&config.data_dir)?)
        }
        _ => None,
    };
    let applied = store::migrate(&location)?;
    if json {
        print_json(&serde_json::json!({"applied": applied}));
        return Ok(());
    }
    for SchemaStep { version, name, .. } in &applied {
        admin::print(&format!("  applied  V{version}  {name}"));
    }
    admin::print(&match applied.len() {
        0 => format!("{}: nothing was missing", database(config)),
        count => format!("{}: {count} migrations applied", database(config)),
    });
    Ok(())
}

fn accept_secrets(config: &Config) -> Result<()> {
    if config.mysql().is_none() {
        let why = "the embedded database is one server's alone: it takes a new JWT_SECRET at any time, and a new \
                   KEY_SECRET while no stream key is sealed";
        return Err(Misuse(why.to_owned()).into());
    }
    let changed = store::accept_secrets(&admin::location(config), &admin::secrets(config)?)?;
    admin::print(&match changed.join(" and ") {
        names if names.is_empty() => format!("{}: has these secrets already", database(config)),
        names => format!("{}: {names} accepted", database(config)),
    });
    Ok(())
}

fn print_json(value: &serde_json::Value) {
    admin::print(&format!("{value:#}"));
}

/// The database in words.
fn database(config: &Config) -> String {
    match config.mysql() {
        Some(server) => format!("{} at {}:{}", server.database, server.host, server.port),
        None => config.data_dir.join(store::Store::FILE_NAME).display().to_string(),
    }
}
