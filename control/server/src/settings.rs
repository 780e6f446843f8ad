//! Gathers the sources of the configuration: flags, environment, `.env`, `shardcast.toml`, and the files
//! that hold secrets.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use config::{Config, Layer, Note, Sources};

use crate::Misuse;

/// Flags as the command line gave them, under the settings' variable names.
pub(crate) type Flags = Vec<(String, String)>;

/// A valid configuration with what is to be told about it, or every problem, a line each.
pub(crate) type Reading = std::result::Result<(Config, Vec<Note>), Vec<String>>;

const DOTENV: &str = ".env";
const TOML: &str = "shardcast.toml";

/// Reads all sources once.
pub(crate) fn load(flags: Flags) -> Result<(Config, Vec<Note>)> {
    Inputs::of_process(flags).load()
}

/// The sources of the configuration: flags and environment as they were at the start, and files, which
/// may change.
pub(crate) struct Inputs {
    flags: Layer,
    environment: Layer,
    /// What was read of files that give their content only once, such as pipes.
    pipes: BTreeMap<String, String>,
    seen: Files,
}

/// The files that were read, and what they looked like right before.
pub(crate) type Files = BTreeMap<PathBuf, Option<Look>>;

/// What changes with a file's content, also when another file takes its place: device, inode, length,
/// and the times of the last change of content and inode in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look(u64, u64, u64, [i64; 2], [i64; 2]);

impl Inputs {
    pub(crate) fn of_process(flags: Flags) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
        Self {
            flags: Layer::from_pairs(flags),
            environment: Layer::from_pairs(environment),
            pipes: BTreeMap::new(),
            seen: Files::new(),
        }
    }

    /// Reads everything for a program that cannot go on without.
    pub(crate) fn load(&mut self) -> Result<(Config, Vec<Note>)> {
        self.read().map_err(|problems| Misuse(problems.join("\nshardcast: ")).into())
    }

    /// Reads everything and builds the configuration.
    pub(crate) fn read(&mut self) -> Reading {
        let paths = [DOTENV, TOML].map(PathBuf::from);
        // Looked at before they are read: a change in between is seen as one, not missed.
        self.seen = paths.into_iter().map(|path| (path.clone(), look(&path))).collect();
        let mut problems = Vec::new();
        let mut text = |name| {
            let text = text_of(Path::new(name));
            text.unwrap_or_else(|error| {
                problems.push(format!("{name} cannot be read: {error}"));
                String::new()
            })
        };
        let (dotenv, toml) = (text(DOTENV), text(TOML));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut sources = Sources {
            flags: self.flags.clone(),
            environment: self.environment.clone(),
            dotenv: config::parse_env(&dotenv),
            toml: config::parse_toml(&toml),
            files: BTreeMap::new(),
        };
        for path in config::secret_files(&sources) {
            let content = self.secret(&path);
            sources.files.insert(path, content);
        }
        Config::build(&sources)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    /// What the files looked like when they were read.
    pub(crate) fn seen(&self) -> &Files {
        &self.seen
    }

    /// What the same files look like now.
    pub(crate) fn look(&self) -> Files {
        self.seen.keys().map(|path| (path.clone(), look(path))).collect()
    }

    fn secret(&mut self, path: &str) -> std::result::Result<String, String> {
        if let Some(content) = self.pipes.get(path) {
            return Ok(content.clone());
        }
        self.seen.insert(path.into(), look(Path::new(path)));
        let content = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            self.seen.remove(Path::new(path));
            self.pipes.insert(path.to_owned(), content.clone());
        }
        Ok(content)
    }
}

fn look(path: &Path) -> Option<Look> {
    let found = std::fs::metadata(path).ok()?;
    let changed = [found.ctime(), found.ctime_nsec()];
    Some(Look(found.dev(), found.ino(), found.len(), [found.mtime(), found.mtime_nsec()], changed))
}

/// A file's text, empty when there is no such file.
fn text_of(path: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
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
