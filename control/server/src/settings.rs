//! Gathers the sources of the configuration: flags, environment, `.env`, `shardcast.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use config::{Config, Layer, Note, Sources};

use crate::Misuse;

/// Flags as the command line gave them, under the settings' variable names.
pub(crate) type Flags = Vec<(String, String)>;

/// Reads all sources and builds the configuration; every problem is one line of the error.
pub(crate) fn load(flags: Flags) -> Result<(Config, Vec<Note>)> {
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let environment = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
    let mut sources = Sources {
        flags: Layer::from_pairs(flags),
        environment: Layer::from_pairs(environment),
        dotenv: config::parse_env(&read(Path::new(".env"))?),
        toml: config::parse_toml(&read(Path::new("shardcast.toml"))?),
        files: BTreeMap::new(),
    };
    for path in config::secret_files(&sources) {
        let content = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        sources.files.insert(path, content);
    }
    Config::build(&sources).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Misuse(lines.join("\nshardcast: ")).into()
    })
}

/// A file's text, empty when there is no such file.
fn read(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// What the shards are to run on.
pub(crate) fn preference(runtime: config::Runtime) -> shard::Preference {
    match runtime {
        config::Runtime::Auto => shard::Preference::Auto,
        config::Runtime::IoUring => shard::Preference::IoUring,
        config::Runtime::Epoll => shard::Preference::Epoll,
    }
}
