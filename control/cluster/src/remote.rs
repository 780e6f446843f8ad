use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};

use crate::metrics::Counts;
use crate::worker::{Job, Task};

/// How long Redis may take to answer before this node goes on by itself.
pub const ANSWER: Duration = Duration::from_millis(500);
/// Events, releases and the like that wait for Redis.
const MAX_JOBS: usize = 1024;

/// The state of the way to Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There is no Redis: this node is alone.
    Off,
    /// Redis answers.
    Up,
    /// Redis is away: this node goes on by itself.
    Down,
}

/// The way to Redis. There is one connection for commands, pipelined, and for the subscription; so an
/// answer to a command proves that events come through too. It is taken away from everybody as soon as
/// one command gets no answer, and given back by the keeper when a probe does: with a Redis that hangs,
/// only the calls of the first moment wait.
pub(crate) struct Remote {
    connection: watch::Sender<Option<MultiplexedConnection>>,
    jobs: mpsc::Sender<Job>,
    /// Wakes the keeper early.
    pub(crate) suspicion: Notify,
    /// Whether other nodes are to be told that events of this one were lost.
    pub(crate) owes_missed: AtomicBool,
    said_away: AtomicBool,
}

/// Tells of changes between up, with a connection, and down.
pub(crate) type Changes = watch::Receiver<Option<MultiplexedConnection>>;

impl Remote {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (jobs, receiver) = mpsc::channel(MAX_JOBS);
        let remote = Self {
            connection: watch::Sender::new(None),
            jobs,
            suspicion: Notify::new(),
            owes_missed: AtomicBool::new(false),
            said_away: AtomicBool::new(false),
        };
        (remote, receiver)
    }

    pub(crate) fn link(&self) -> Link {
        if self.connection.borrow().is_some() { Link::Up } else { Link::Down }
    }

    pub(crate) fn changes(&self) -> Changes {
        self.connection.subscribe()
    }

    /// Asks Redis. `None` when it is away, does not answer in time or refuses; at once while it is known
    /// to be away.
    pub(crate) async fn ask<T>(
        &self,
        counts: &Counts,
        question: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let mut connection = self.connection.borrow().clone()?;
        match answer(counts, question(&mut connection)).await {
            Ok(value) => Some(value),
            Err(Failure::Refused(reason)) => {
                // One command's matter: the probe finds out what concerns all.
                debug!("Redis refused a command: {reason}");
                None
            }
            Err(failure) => {
                self.down(&failure);
                self.suspicion.notify_one();
                None
            }
        }
    }

    /// Has something done in the background, in order, as soon as Redis is there.
    pub(crate) fn post(&self, counts: &Counts, task: Task) {
        let is_event = matches!(task, Task::Tell(_));
        let posted = self.jobs.try_send(Job { task, posted: Instant::now() });
        if posted.is_err() && is_event {
            self.lose_event(counts);
        }
    }

    pub(crate) fn lose_event(&self, counts: &Counts) {
        counts.events_lost.add();
        self.owes_missed.store(true, Ordering::Relaxed);
    }

    /// Gives everybody a connection that has just answered. Whether nobody had one.
    pub(crate) fn up(&self, connection: &MultiplexedConnection) -> bool {
        let came = self.connection.send_if_modified(|current| {
            let came = current.is_none();
            current.get_or_insert_with(|| connection.clone());
            came
        });
        if came && self.said_away.swap(false, Ordering::Relaxed) {
            info!("Redis is back");
        }
        came
    }

    /// Takes the connection away from everybody.
    pub(crate) fn down(&self, failure: &Failure) {
        self.connection.send_if_modified(|current| current.take().is_some());
        if !self.said_away.swap(true, Ordering::Relaxed) {
            warn!("Redis is away, so this node goes on by itself: {failure}");
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("link", &self.link()).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no answer within {} ms", ANSWER.as_millis())]
    Silent,
    #[error("{0}")]
    Broken(String),
    /// The server's own words.
    #[error("it says: {0}")]
    Refused(String),
}

impl From<redis::RedisError> for Failure {
    fn from(error: redis::RedisError) -> Self {
        // The server answered, and the connection is as good as before.
        if error.code().is_some() && !error.is_unrecoverable_error() {
            Self::Refused(error.to_string())
        } else {
            Self::Broken(error.to_string())
        }
    }
}

/// Waits for an answer no longer than [`ANSWER`].
pub(crate) async fn answer<T>(
    counts: &Counts,
    question: impl Future<Output = RedisResult<T>>,
) -> Result<T, Failure> {
    counts.commands.add();
    let result = match timeout(ANSWER, question).await {
        Ok(answered) => answered.map_err(Failure::from),
        Err(_) => Err(Failure::Silent),
    };
    if result.is_err() {
        counts.commands_failed.add();
    }
    result
}
