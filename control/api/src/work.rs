//! Work that blocks, on threads of its own and bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use store::Store;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{error, warn};

use crate::problem::{Answer, Problem};

/// Requests that are at the database at a time; more wait.
pub const MAX_READERS: usize = 8;
/// Requests that wait for a password to be hashed; more are refused.
pub const MAX_HASHING_WAITING: usize = 32;
/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The two kinds of blocking work: the database's and the hashing of passwords, which would otherwise take
/// every core from everything else.
#[derive(Clone)]
pub(crate) struct Work {
    store: Store,
    readers: Arc<Semaphore>,
    hashers: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    hashing: Arc<Hashing>,
}

impl Work {
    pub(crate) fn new(store: Store) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let hashers = (cores / 2).max(1);
        Self {
            store,
            readers: Arc::new(Semaphore::new(MAX_READERS)),
            hashers: Arc::new(Semaphore::new(hashers)),
            waiting: Arc::default(),
            hashing: Arc::new(Hashing::new(hashers)),
        }
    }

    /// Works on the database.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> Answer<T> {
        self.blocking(&self.readers, &Handle::current(), work)
            .await
            .map_err(|Away| Problem::database_away())?
    }

    /// Works on the database and hashes a password on the way.
    pub(crate) async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let waiting = Waiting::enter(&self.waiting).ok_or_else(Problem::busy)?;
        let done = self.blocking(&self.hashers, &self.hashing.threads(), work).await;
        drop(waiting);
        done.map_err(|Away| Problem::busy())?
    }

    /// Works on the database and, `with_password`, hashes one on the way.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        with_password: bool,
        work: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> Answer<T> {
        if with_password { self.hash(work).await } else { self.store(work).await }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        threads: &Handle,
        work: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> Result<Answer<T>, Away> {
        let (places, store) = (places.clone(), self.store.clone());
        let working = async move {
            // The place is held as long as the thread is at work, also when nobody waits any more.
            let place = places.acquire_owned().await.map_err(|_| Away)?;
            let done = threads.spawn_blocking(move || {
                let done = work(&store);
                drop(place);
                done
            });
            done.await.map_err(|_| Away)
        };
        match timeout(PATIENCE, working).await {
            Ok(Ok(done)) => Ok(done.map_err(Problem::from)),
            Ok(Err(Away)) => Ok(Err(Problem::internal())),
            Err(_) => {
                error!("blocking work took over {} s", PATIENCE.as_secs());
                Err(Away)
            }
        }
    }
}

/// Threads of their own for hashing, which takes some 20 MiB: the allocator keeps so much for each thread that
/// ever did it, so they are few. Not at a lower priority: they also hold the database's lock for a moment, and
/// whoever waits for that would wait for every other program of the machine.
struct Hashing(Option<Runtime>);

impl Hashing {
    fn new(threads: usize) -> Self {
        let runtime = Builder::new_current_thread()
            .thread_name("hashing")
            .max_blocking_threads(threads)
            .build();
        Self(runtime.inspect_err(|error| warn!("no threads for hashing: {error}")).ok())
    }

    fn threads(&self) -> Handle {
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed within another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Nothing came in time.
struct Away;

struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(count: &Arc<AtomicUsize>) -> Option<Self> {
        if count.fetch_add(1, Ordering::Relaxed) >= MAX_HASHING_WAITING {
            count.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(count.clone()))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
