use crate::kernel::with;

/// Milliseconds of the virtual monotonic clock.
pub fn millis() -> u64 {
    with(|kernel| kernel.now)
}

/// Unix milliseconds of the virtual wall clock.
pub fn unix_millis() -> i64 {
    with(|kernel| kernel.wall + kernel.now as i64)
}

/// Nothing costs anything here.
pub fn busy() -> std::time::Duration {
    std::time::Duration::ZERO
}
