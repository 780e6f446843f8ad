//! The run's clock, and its window: what is measured lies between its opening and its closing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// When the window opens and closes, known to all threads from the start. Times are microseconds
/// since the run began.
#[derive(Debug)]
pub(crate) struct Schedule {
    origin: Instant,
    opens: AtomicU64,
    closes: AtomicU64,
}

impl Schedule {
    /// A run that begins now.
    pub(crate) fn new(before: Duration, window: Duration) -> Self {
        let opens = before.as_micros() as u64;
        Self {
            origin: Instant::now(),
            opens: AtomicU64::new(opens),
            closes: AtomicU64::new(opens + window.as_micros() as u64),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.origin.elapsed().as_micros() as u64
    }

    pub(crate) fn opens(&self) -> u64 {
        self.opens.load(Relaxed)
    }

    pub(crate) fn closes(&self) -> u64 {
        self.closes.load(Relaxed)
    }

    /// Ends the run before its time.
    pub(crate) fn close_now(&self) {
        let now = self.now();
        self.opens.fetch_min(now, Relaxed);
        self.closes.fetch_min(now, Relaxed);
    }
}

/// Microseconds since 1970-01-01 UTC.
pub(crate) fn unix_micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_micros() as u64)
}
