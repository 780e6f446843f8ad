//! The database as the authority uses it: never waited for longer than a publisher waits, and not asked
//! at all while it is known to be away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::Store;
use tokio::time::timeout;
use tracing::{error, info};

/// How long an answer may take before the database counts as away. A publisher needs two of them within
/// the time that a shard waits.
const ANSWER: Duration = Duration::from_secs(2);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database is away: nothing is known, and whether a change was made neither.
    Away,
    /// It answered with something else than what was asked for.
    Other(store::Error),
}

pub(super) struct Database {
    store: Store,
    away: AtomicBool,
}

impl Database {
    pub(super) fn new(store: Store) -> Self {
        Self { store, away: AtomicBool::new(false) }
    }

    /// For calls that may block and take as long as they take.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Asks, unless it is known to be away. A question that got no answer in time may still have its
    /// effect later.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.is_away() { Err(Failure::Away) } else { self.try_ask(question).await }
    }

    /// Finds out whether it is there, also while it is known to be away.
    pub(super) async fn probe(&self) -> bool {
        let there = self.try_ask(Store::ping).await.is_ok();
        if there && self.away.swap(false, Ordering::Relaxed) {
            info!("the database is back");
        }
        there
    }

    async fn try_ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let store = self.store.clone();
        let asking = tokio::task::spawn_blocking(move || question(&store));
        match timeout(ANSWER, asking).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) if error.is_outage() => {
                self.lost(&error.to_string());
                Err(Failure::Away)
            }
            Ok(Ok(Err(error))) => Err(Failure::Other(error)),
            // A panic is told by the hook, and concerns this question only.
            Ok(Err(_)) => Err(Failure::Away),
            Err(_) => {
                self.lost(&format!("no answer within {} s", ANSWER.as_secs()));
                Err(Failure::Away)
            }
        }
    }

    fn lost(&self, reason: &str) {
        if !self.away.swap(true, Ordering::Relaxed) {
            error!("the database is away, so known keys go on and others are refused: {reason}");
        }
    }
}
