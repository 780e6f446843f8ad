//! `shardcast user ...` and `shardcast stream ...`: through the running server, else on the database.

use std::io::{self, Write};

use anyhow::{Result, anyhow};
use config::Config;
use control::Current;
use control::admin::{self, Admin, Request};
use store::{Location, Secrets, SecretsGiven, Store};

use crate::settings::{self, Flags};
use crate::{Misuse, in_force};

/// Runs an administration command and prints its answer.
pub(crate) fn run(flags: Flags, request: Request, json: bool) -> Result<()> {
    let (config, _) = settings::load(flags)?;
    let response = match request {
        // There is nothing to do for it without a server.
        Request::Reload => admin::call(&config.data_dir.join(admin::SOCKET_NAME), &request)?,
        _ => admin::run(&config.data_dir, request, || open(&config).map_err(Into::into))?,
    };
    if let Some(fault) = response.fault() {
        if json {
            print(&admin::render_json(&response));
        }
        return Err(Misuse(fault.detail.clone()).into());
    }
    print(&if json { admin::render_json(&response) } else { admin::render_text(&response) });
    Ok(())
}

/// Opens the database of a server that does not run.
fn open(config: &Config) -> Result<Admin> {
    let store = open_store(config)?;
    control::first_administrator(
        &store,
        config.admin_email.as_deref(),
        secret(config.admin_password.as_ref()).as_ref(),
        false,
        &config.data_dir,
    )?;
    Ok(Admin::new(store, Current::fixed(in_force::control(config.clone())), None))
}

/// Opens the database.
pub(crate) fn open_store(config: &Config) -> Result<Store> {
    let secrets = secrets(config)?;
    Store::open(&location(config), &secrets.key, options(config, &secrets))
        .map_err(|error| anyhow!(error))
}

/// How the store is to work.
pub(crate) fn options(config: &Config, secrets: &Secrets) -> store::Options {
    store::Options {
        node: node(config),
        plain_stream_keys: config.plain_stream_keys,
        roles: roles(&config.jwt_role_map),
        jwt_fingerprint: Some(secrets.jwt_fingerprint()),
    }
}

/// Where the configured database is.
pub(crate) fn location(config: &Config) -> Location {
    match config.mysql() {
        Some(mysql) => Location::Server(store::Server {
            host: mysql.host.to_string(),
            port: mysql.port,
            user: mysql.user.to_owned(),
            password: secret(mysql.password),
            database: mysql.database.to_owned(),
        }),
        None => Location::File(config.data_dir.join(Store::FILE_NAME)),
    }
}

/// The secrets of the configuration, or those kept in `DATA_DIR`.
pub(crate) fn secrets(config: &Config) -> Result<Secrets> {
    let given = SecretsGiven {
        jwt: secret(config.jwt_secret.as_ref()),
        key: secret(config.key_secret.as_ref()),
    };
    Ok(Secrets::load_or_create(&config.data_dir, &given)?)
}

/// `JWT_ROLE_MAP` as the store takes it.
fn roles(map: &config::RoleMap) -> store::RoleMap {
    let role = |role| match role {
        config::Role::Viewer => store::Role::Viewer,
        config::Role::Streamer => store::Role::Streamer,
        config::Role::Moderator => store::Role::Moderator,
        config::Role::Admin => store::Role::Admin,
    };
    store::RoleMap::new(map.iter().map(|(name, ours)| (name.to_owned(), role(ours))))
}

/// What this server is called among those that share a database: the machine and the port.
pub(crate) fn node(config: &Config) -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", machine.trim(), config.streaming_port)
}

/// A secret of the configuration as the store takes it.
pub(crate) fn secret(secret: Option<&config::Secret>) -> Option<store::Secret> {
    secret.map(|secret| store::Secret::new(secret.expose()))
}

/// Prints the answer to a command. Whoever reads it may have seen enough and gone.
pub(crate) fn print(text: &str) {
    if let Err(error) = writeln!(io::stdout(), "{}", text.trim_end())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        eprintln!("shardcast: the answer cannot be written: {error}");
    }
}
