use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::sys;

/// Milliseconds of the monotonic clock since the process asked first; the same on all threads.
pub fn millis() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_millis() as u64
}

/// CPU time of the calling shard since its start: unlike a clock's, differences leave out what other
/// programs took meanwhile.
pub fn busy() -> Duration {
    Duration::from_micros(sys::thread_cpu_micros())
}

/// Milliseconds of Unix time, for dates that people and players see.
pub fn unix_millis() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}
