//! Waiting for something to come true.

use std::time::{Duration, Instant};

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` again and again until it gives a value. Panics with `what` when `limit` has passed.
#[track_caller]
pub fn eventually<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Asks `probe` for the whole of `time` and panics with `what` as soon as it says no.
#[track_caller]
pub fn always(time: Duration, what: &str, mut probe: impl FnMut() -> bool) {
    let start = Instant::now();
    while start.elapsed() < time {
        assert!(probe(), "no longer true after {:?}: {what}", start.elapsed());
        std::thread::sleep(PAUSE);
    }
}
