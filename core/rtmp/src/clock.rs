/// Unrolls the 32-bit timestamps of one message stream, which wrap after 49.7 days.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    last: i64,
}

/// A step is taken for a wrap only when it leads from this close to the wrap on one side to this
/// close on the other: 4.66 hours. Any other jump is the sender's own, and is kept as it is.
const WRAP_ZONE: i64 = 1 << 24;

/// Values of the 32-bit clock.
const PERIOD: i64 = 1 << 32;

impl Clock {
    /// The timestamp without its wraps, in milliseconds; never negative.
    pub(crate) fn unroll(&mut self, timestamp: u32) -> i64 {
        let epoch = self.last.div_euclid(PERIOD);
        let within = self.last.rem_euclid(PERIOD);
        let next = i64::from(timestamp);
        let wrapped = within >= PERIOD - WRAP_ZONE && next < WRAP_ZONE;
        let unwrapped = epoch > 0 && within < WRAP_ZONE && next >= PERIOD - WRAP_ZONE;
        let epoch = epoch + i64::from(wrapped) - i64::from(unwrapped);
        self.last = epoch * PERIOD + next;
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_over_the_wrap_and_a_little_back() {
        let mut clock = Clock::default();
        for timestamp in [u32::MAX - 40, u32::MAX - 20] {
            assert_eq!(clock.unroll(timestamp), i64::from(timestamp));
        }
        assert_eq!(clock.unroll(19), PERIOD + 19);
        assert_eq!(clock.unroll(u32::MAX), PERIOD - 1);
        assert_eq!(clock.unroll(5), PERIOD + 5);
        assert_eq!(clock.unroll(3_000_000_000), PERIOD + 3_000_000_000);
        assert_eq!(clock.unroll(u32::MAX), 2 * PERIOD - 1);
        assert_eq!(clock.unroll(0), 2 * PERIOD);
    }

    #[test]
    fn jumps_are_the_senders_own() {
        let mut clock = Clock::default();
        for timestamp in [0, 3_000_000_000, 0, 4_000_000_000, 10, 20_000_000] {
            assert_eq!(clock.unroll(timestamp), i64::from(timestamp));
        }
    }

    #[test]
    fn time_never_goes_below_zero() {
        let mut clock = Clock::default();
        assert_eq!(clock.unroll(0), 0);
        assert_eq!(clock.unroll(u32::MAX), i64::from(u32::MAX));
    }
}
