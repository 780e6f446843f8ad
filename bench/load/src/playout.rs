//! When a viewer's picture would have frozen.

use media::Timestamp;

/// Playback begins, and goes on after a stall, this long after a picture is in hand.
pub(crate) const BUFFER_US: u64 = 500_000;

/// A player that shows each picture at its own time after the first, which it shows when it has had it
/// for [`BUFFER_US`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Playout {
    /// A picture's time on the stream's timeline, and when it is shown, in microseconds.
    base: Option<(Timestamp, u64)>,
}

impl Playout {
    /// Takes a picture that came at `now_us`. When its time to be shown has passed, playback stood still
    /// from then until it goes on: so many microseconds.
    pub(crate) fn take(&mut self, dts: Timestamp, now_us: u64) -> Option<u64> {
        let resume = now_us + BUFFER_US;
        let Some((first, shown_us)) = self.base else {
            self.base = Some((dts, resume));
            return None;
        };
        let after_us = (dts - first).ticks().saturating_mul(100) / (Timestamp::HZ / 10_000);
        let due_us = shown_us.saturating_add_signed(after_us);
        if now_us <= due_us {
            return None;
        }
        self.base = Some((dts, resume));
        Some(resume - due_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: i64) -> Timestamp {
        Timestamp::from_millis(value)
    }

    #[test]
    fn pictures_within_the_buffer_do_not_stall() {
        let mut playout = Playout::default();
        for (dts, now) in [(1000, 0), (1033, 533_000), (1066, 100_000), (1100, 600_000)] {
            assert_eq!(playout.take(ms(dts), now), None, "{dts}");
        }
    }

    #[test]
    fn a_late_picture_stalls_until_the_buffer_is_filled_again() {
        let mut playout = Playout::default();
        playout.take(ms(0), 0);
        // Due at 540 ms, came at 700 ms, goes on at 1200 ms.
        assert_eq!(playout.take(ms(40), 700_000), Some(660_000));
        assert_eq!(playout.take(ms(80), 1_240_000), None);
        assert_eq!(playout.take(ms(120), 1_281_000), Some(501_000));
    }
}
