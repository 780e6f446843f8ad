use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use monoio::time::TimeDriver;
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};

use crate::{Health, limits, sys};

/// What the operator wants the shards to run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// io_uring, else epoll.
    Auto,
    /// io_uring or fail.
    IoUring,
    /// epoll.
    Epoll,
}

/// What the shards run on, all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// io_uring.
    IoUring,
    /// epoll.
    Epoll,
}

impl Driver {
    /// The name in `/health`, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IoUring => "io_uring",
            Self::Epoll => "epoll",
        }
    }
}

/// Decides once for all shards, by building a ring as a shard would. With [`Preference::Auto`] the
/// error says why it is epoll.
pub fn choose(preference: Preference) -> Result<(Driver, Option<io::Error>), io::Error> {
    match preference {
        Preference::Epoll => Ok((Driver::Epoll, None)),
        Preference::IoUring => probe().map(|()| (Driver::IoUring, None)),
        Preference::Auto => match probe() {
            Ok(()) => Ok((Driver::IoUring, None)),
            Err(error) => Ok((Driver::Epoll, Some(error))),
        },
    }
}

fn probe() -> io::Result<()> {
    // On a thread of its own: building a runtime leaves thread-local traces.
    let probe = thread::spawn(|| {
        ring().map(drop)?;
        io_uring::IoUring::new(limits::FANOUT_BATCH).map(drop)
    });
    probe.join().unwrap_or_else(|_| Err(io::Error::other("the io_uring probe panicked")))
}

/// A ring whose completions wait for the shard's next system call (Linux 6.0, else a plain one), so that
/// events do not interrupt it.
fn ring() -> io::Result<monoio::Runtime<TimeDriver<IoUringDriver>>> {
    let mut patient = io_uring_06::IoUring::builder();
    patient.setup_coop_taskrun().setup_single_issuer();
    let build = |setup| {
        let builder = RuntimeBuilder::<IoUringDriver>::new().with_entries(limits::RING_ENTRIES);
        builder.uring_builder(setup).enable_timer().build()
    };
    build(patient).or_else(|_| build(io_uring_06::IoUring::builder()))
}

/// A running shard thread.
#[derive(Debug)]
pub struct Shard {
    /// Its number, from 0.
    pub id: usize,
    /// Its heartbeat.
    pub health: Arc<Health>,
    thread: JoinHandle<io::Result<()>>,
}

impl Shard {
    /// Whether the thread has ended.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the thread to end.
    pub fn join(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the shard panicked")))
    }
}

/// Starts shard `id` on a core of its own: `main` is made there and runs until it returns.
pub fn start<F, T>(id: usize, driver: Driver, health: Arc<Health>, main: F) -> io::Result<Shard>
where
    F: FnOnce() -> T + Send + 'static,
    T: Future<Output = ()> + 'static,
{
    start_with(true, id, driver, health, main)
}

/// As [`start`], on whatever core the scheduler likes: for programs that share their machine with a
/// server whose shards are pinned.
pub fn start_anywhere<F, T>(
    id: usize,
    driver: Driver,
    health: Arc<Health>,
    main: F,
) -> io::Result<Shard>
where
    F: FnOnce() -> T + Send + 'static,
    T: Future<Output = ()> + 'static,
{
    start_with(false, id, driver, health, main)
}

fn start_with<F, T>(
    pinned: bool,
    id: usize,
    driver: Driver,
    health: Arc<Health>,
    main: F,
) -> io::Result<Shard>
where
    F: FnOnce() -> T + Send + 'static,
    T: Future<Output = ()> + 'static,
{
    let beating = Arc::clone(&health);
    let thread = thread::Builder::new().name(format!("shard-{id}")).spawn(move || {
        sys::block_signals();
        if pinned {
            sys::pin_thread(id)?;
        }
        if !sys::raise_priority() {
            tracing::debug!(shard = id, "not allowed to raise the priority of the shard's thread");
        }
        let main = async move {
            // The handle is dropped; the task goes on until the shard ends.
            drop(monoio::spawn(beating.beat()));
            main().await;
        };
        match driver {
            Driver::IoUring => ring()?.block_on(main),
            Driver::Epoll => {
                RuntimeBuilder::<LegacyDriver>::new().enable_timer().build()?.block_on(main);
            }
        }
        Ok(())
    })?;
    Ok(Shard { id, health, thread })
}
