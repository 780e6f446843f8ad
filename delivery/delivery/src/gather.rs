//! How long frames are gathered before one write to the viewers of a stream.

use std::time::Duration;

/// Writing to the viewers of a stream may take this share of a core.
const SHARE: f32 = 0.12;
/// Up to this load of the shard only the cost of a write counts.
const QUIET: f32 = 0.15;
/// From this load on the longest window is used.
const BUSY: f32 = 0.60;
/// With so few viewers gathering saves nothing.
const FEW: usize = 20;

/// The window before the next write to `viewers` on this shard, when one write to them and to those on the
/// other shards takes `cost`: so long that writing takes a small share of one core, longer while the shard
/// as a whole is busy (`load`, 0 to 1), and at most `most`.
pub(crate) fn window(most: Duration, load: f32, viewers: usize, cost: Duration) -> Duration {
    if viewers <= FEW {
        return Duration::ZERO;
    }
    let by_load = ((load - QUIET) / (BUSY - QUIET)).clamp(0.0, 1.0);
    cost.div_f32(SHARE).max(most.mul_f32(by_load)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_millis(60);
    const MS: Duration = Duration::from_millis(1);

    /// The window in whole tenths of a millisecond.
    fn tenths(load: f32, viewers: usize, cost: Duration) -> u64 {
        (window(MOST, load, viewers, cost).as_secs_f64() * 1e4).round() as u64
    }

    #[test]
    fn a_quiet_shard_gathers_in_proportion_to_what_a_write_costs() {
        assert_eq!(tenths(0.1, 1000, MS * 4), 333);
        assert_eq!(tenths(0.1, 100, MS / 10), 8);
        assert_eq!(tenths(0.1, 3000, MS * 12), 600);
    }

    #[test]
    fn a_busy_shard_gathers_as_long_as_it_may_however_cheap_one_stream_is() {
        assert_eq!(tenths(0.7, 30, MS / 10), 600);
        assert_eq!(tenths(0.375, 30, MS / 10), 300);
    }

    #[test]
    fn few_viewers_and_a_server_told_so_never_wait() {
        assert_eq!(window(MOST, 1.0, FEW, MS * 4), Duration::ZERO);
        assert_eq!(window(Duration::ZERO, 1.0, 1000, MS * 4), Duration::ZERO);
    }
}
