//! Log lines from every thread to the console and to three files, without ever making a thread wait.
//!
//! A line is formatted where it arises and handed to a writer thread by a bounded queue; when that is
//! full the line is dropped and counted. The console and the files have a writer each, so that a
//! stopped terminal does not stop the files.
//!
//! | file | holds |
//! | --- | --- |
//! | `combined.log` | everything, JSON |
//! | `error.log` | errors, JSON |
//! | `nms.log` | what the media plane says ([`MEDIA_TARGETS`]), JSON |

mod file;
mod level;
mod queue;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use file::LogFile;
pub use level::Level;
use queue::{Output, Queue, Writer};

/// The targets whose lines go to `nms.log`: the crates of the media plane, and `session` for what the
/// wiring says about one connection.
pub const MEDIA_TARGETS: &[&str] = &[
    "codecs", "delivery", "hls", "http1", "ingest", "media", "rtmp", "session", "shard", "stream",
];
/// How long the last lines may take to be written at exit.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the lines for people go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// Standard output.
    Stdout,
    /// Standard error, for commands whose output is data.
    Stderr,
    /// Nowhere.
    Off,
}

/// What the configuration says about logs.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `LOG_DIR`; made when it is missing. `None`: no files.
    pub dir: Option<PathBuf>,
    /// `LOG_LEVEL`: `error`, `warn`, `info`, `debug`, `trace` or `off`, or a list such as
    /// `info,rtmp=debug`.
    pub level: String,
    /// Where the lines for people go.
    pub console: Console,
}

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The level is none.
    #[error(
        "LOG_LEVEL: {0:?} is none of error, warn, info, debug, trace, off, nor a list like info,rtmp=debug"
    )]
    Level(String),
    /// The directory or a file in it cannot be made.
    #[error("LOG_DIR: {} cannot be written: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// No thread could be started.
    #[error("no thread for the logs: {0}")]
    Thread(io::Error),
    /// Somebody has set up logging before.
    #[error("logging is set up already")]
    Twice,
}

/// Keeps the writers at work. Dropped at the end of the program, it waits a moment for the last lines.
#[derive(Debug)]
#[must_use = "the last lines are lost unless this lives until the end of the program"]
pub struct LogGuard {
    writers: Vec<Writer>,
    level: Level,
    dropped: Arc<AtomicU64>,
}

impl LogGuard {
    /// How much is logged, to be changed while the program runs.
    pub fn level(&self) -> Level {
        self.level.clone()
    }

    /// Counts the lines that were dropped because a queue was full or could not be written.
    pub fn dropped(&self) -> Arc<AtomicU64> {
        self.dropped.clone()
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        for writer in &self.writers {
            writer.close(FLUSH_TIMEOUT);
        }
    }
}

/// Sets up logging for the whole program, once.
pub fn init(settings: &LogSettings) -> Result<LogGuard, LogError> {
    let (subscriber, guard) = build(settings)?;
    subscriber.try_init().map_err(|_| LogError::Twice)?;
    Ok(guard)
}

fn build(settings: &LogSettings) -> Result<(impl Subscriber + Send + Sync, LogGuard), LogError> {
    let level = Level::new(&settings.level)?;
    let dropped = Arc::new(AtomicU64::new(0));
    let mut writers = Vec::new();
    let mut start = |name: &str, outputs: Vec<Box<dyn io::Write + Send>>| {
        let writer = Writer::start(name, outputs, dropped.clone()).map_err(LogError::Thread)?;
        let queue = writer.queue();
        writers.push(writer);
        Ok(queue)
    };
    let console = match console_output(settings.console) {
        Some((output, colours)) => {
            let queue = start("log-console", vec![output])?;
            Some(human(queue.output(0), colours).with_filter(level.clone()))
        }
        None => None,
    };
    let files = match &settings.dir {
        Some(dir) => {
            let queue = start("log-files", open_files(dir)?)?;
            Some(files(&queue, &level))
        }
        None => None,
    };
    let subscriber = tracing_subscriber::registry().with(console).with(files);
    Ok((subscriber, LogGuard { writers, level, dropped }))
}

fn human<S>(output: Output, colours: bool) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(output)
}

fn json<S>(output: Output) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(output)
}

fn files<S>(queue: &Queue, level: &Level) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let of_media = filter_fn(|metadata: &Metadata<'_>| is_media(metadata.target()));
    let combined = json(queue.output(0)).with_filter(level.clone());
    let errors = json(queue.output(1)).with_filter(level.clone().and(LevelFilter::ERROR));
    let media = json(queue.output(2)).with_filter(level.clone().and(of_media));
    combined.and_then(errors).and_then(media)
}

/// In the order of their numbers in [`files`].
fn open_files(dir: &Path) -> Result<Vec<Box<dyn io::Write + Send>>, LogError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LogError::File { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    let open = |name: &str| -> Result<Box<dyn io::Write + Send>, LogError> {
        let path = dir.join(name);
        Ok(Box::new(LogFile::open(&path).map_err(failed(&path))?))
    };
    ["combined.log", "error.log", "nms.log"].into_iter().map(open).collect()
}

/// The console and whether it shows colours: on a terminal, unless `NO_COLOR` is set.
fn console_output(console: Console) -> Option<(Box<dyn io::Write + Send>, bool)> {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match console {
        Console::Stdout => Some((Box::new(io::stdout()), wanted && io::stdout().is_terminal())),
        Console::Stderr => Some((Box::new(io::stderr()), wanted && io::stderr().is_terminal())),
        Console::Off => None,
    }
}

fn is_media(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or_default();
    MEDIA_TARGETS.contains(&name)
}

#[cfg(test)]
mod tests;
