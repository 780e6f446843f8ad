use media::Timestamp;

/// Derives the wall-clock time of points on the timeline from one anchor, so that it runs as evenly as
/// the media do and not as jerkily as they arrive.
#[derive(Debug)]
pub(super) struct WallClock {
    anchor_ms: i64,
    anchor: Timestamp,
    /// The least lateness, in ms, of the samples seen since the last [`WallClock::settle`].
    lateness: Option<i64>,
}

impl WallClock {
    /// A whole segment that is later or earlier than this moves the anchor.
    const TOLERANCE_MS: i64 = 500;

    pub(super) fn new(at: Timestamp, wall_ms: i64) -> Self {
        Self { anchor_ms: wall_ms, anchor: at, lateness: None }
    }

    /// The wall-clock time, in Unix milliseconds, of a point on the timeline.
    pub(super) fn at(&self, time: Timestamp) -> i64 {
        self.anchor_ms + (time - self.anchor).millis()
    }

    /// A sample of this time arrived now.
    pub(super) fn observe(&mut self, time: Timestamp, wall_ms: i64) {
        let late = wall_ms - self.at(time);
        self.lateness = Some(self.lateness.map_or(late, |least| least.min(late)));
    }

    /// A segment is over: moves the anchor when all of the segment was off by more than the tolerance.
    ///
    /// The least lateness counts, so a stall of the network, after which samples arrive late and then
    /// catch up, does not move it.
    pub(super) fn settle(&mut self) {
        if let Some(late) = self.lateness.take()
            && late.abs() > Self::TOLERANCE_MS
        {
            self.anchor_ms += late;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn jitter_and_a_stall_do_not_move_the_anchor() {
        let mut clock = WallClock::new(ms(0), 1_000_000);
        for (time, wall) in [(0, 0), (40, 70), (80, 3_000), (120, 3_000)] {
            clock.observe(ms(time), 1_000_000 + wall);
        }
        clock.settle();
        assert_eq!(clock.at(ms(2_000)), 1_002_000);
    }

    #[test]
    fn a_lasting_drift_moves_the_anchor() {
        let mut clock = WallClock::new(ms(0), 1_000_000);
        clock.observe(ms(2_000), 1_002_600);
        clock.observe(ms(2_040), 1_002_640);
        clock.settle();
        assert_eq!(clock.at(ms(2_000)), 1_002_600);
        clock.observe(ms(4_000), 1_004_000);
        clock.settle();
        assert_eq!(clock.at(ms(4_000)), 1_004_000);
    }
}
