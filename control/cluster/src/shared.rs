use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::cluster::Node;
use crate::event::Event;
use crate::expiring::Expiring;
use crate::limit::Allowances;
use crate::metrics::Counts;
use crate::registry::Holdings;
use crate::remote::Remote;
use crate::values::MAX_VALUES;

/// Events that wait for a subscriber in this process before it misses some.
const MAX_EVENTS: usize = 1024;

/// What all clones of a cluster and its tasks have in common. No lock is held across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) node: Node,
    /// This process, for telling its own events on the channel from others'.
    pub(crate) process: String,
    pub(crate) counts: Counts,
    pub(crate) events: broadcast::Sender<Event>,
    /// `None` where there is no Redis.
    pub(crate) remote: Option<Remote>,
    began: Instant,
    holdings: Mutex<Holdings>,
    limits: Mutex<Allowances>,
    values: Mutex<Expiring<String>>,
}

impl Shared {
    pub(crate) fn new(node: Node, remote: Option<Remote>) -> Self {
        Self {
            node,
            process: uuid::Uuid::now_v7().to_string(),
            counts: Counts::default(),
            events: broadcast::Sender::new(MAX_EVENTS),
            remote,
            began: Instant::now(),
            holdings: Mutex::default(),
            limits: Mutex::new(Allowances::new()),
            values: Mutex::new(Expiring::new(MAX_VALUES)),
        }
    }

    /// Microseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// Tells the subscribers in this process.
    pub(crate) fn tell_here(&self, event: Event) {
        // Nobody may be subscribed.
        let _ = self.events.send(event);
    }

    pub(crate) fn holdings(&self) -> MutexGuard<'_, Holdings> {
        lock(&self.holdings)
    }

    pub(crate) fn limits(&self) -> MutexGuard<'_, Allowances> {
        lock(&self.limits)
    }

    pub(crate) fn values(&self) -> MutexGuard<'_, Expiring<String>> {
        lock(&self.values)
    }
}

/// Each change under these locks is whole, so what a panicking task left behind is too.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
