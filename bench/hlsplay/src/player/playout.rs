//! When a viewer's picture would stand still.

/// What the newest media did to playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Started,
    /// After standing still for so long.
    Resumed(u64),
}

/// A playhead over the media in hand, both in microseconds from the start position. Playback begins,
/// and goes on after a stall, as soon as there is media; it stands still where the media ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Playout {
    /// Up to where media is in hand; negative while it lies before the start position.
    buffered_us: i64,
    clock: Option<Clock>,
    stalls: u64,
    stalled_us: u64,
    ended: bool,
}

/// The playhead was at `from_us` at the time `since_us`.
#[derive(Clone, Copy, Debug)]
struct Clock {
    since_us: u64,
    from_us: i64,
}

impl Playout {
    /// The first media begins so long before the start position.
    pub(super) fn lead(&mut self, lead_us: u64) {
        self.buffered_us -= lead_us as i64;
    }

    /// So much more media is in hand.
    pub(super) fn add(&mut self, now: u64, media_us: u64) -> Option<Change> {
        let stalled_us = self.standing_us(now);
        if let Some(clock) = self.clock.as_mut().filter(|_| stalled_us > 0) {
            *clock = Clock { since_us: now, from_us: self.buffered_us };
            self.stalls += 1;
            self.stalled_us += stalled_us;
        }
        self.buffered_us = self.buffered_us.saturating_add_unsigned(media_us);
        if self.clock.is_none() && self.buffered_us > 0 {
            self.clock = Some(Clock { since_us: now, from_us: 0 });
            return Some(Change::Started);
        }
        (stalled_us > 0).then_some(Change::Resumed(stalled_us))
    }

    /// Nothing follows: where the media ends, playback is over.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Where the playhead is, from the start position.
    pub(super) fn played_us(&self, now: u64) -> i64 {
        let Some(Clock { since_us, from_us }) = self.clock else { return 0 };
        from_us.saturating_add_unsigned(now.saturating_sub(since_us)).min(self.buffered_us)
    }

    /// How often and for how long playback stood still, one that lasts included.
    pub(super) fn stalls(&self, now: u64) -> (u64, u64) {
        let standing_us = if self.ended { 0 } else { self.standing_us(now) };
        (self.stalls + u64::from(standing_us > 0), self.stalled_us + standing_us)
    }

    pub(super) fn has_started(&self) -> bool {
        self.clock.is_some()
    }

    /// Since when the media is used up.
    fn standing_us(&self, now: u64) -> u64 {
        let Some(Clock { since_us, from_us }) = self.clock else { return 0 };
        let dry = since_us.saturating_add_signed(self.buffered_us - from_us);
        now.saturating_sub(dry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playback_starts_once_the_start_position_is_in_hand() {
        let mut playout = Playout::default();
        playout.lead(1_500);
        assert_eq!(playout.add(10, 1_000), None);
        assert!(!playout.has_started());
        assert_eq!(playout.add(20, 1_000), Some(Change::Started));
        assert_eq!((playout.played_us(20), playout.played_us(320)), (0, 300));
        assert_eq!(playout.played_us(9_999), 500, "not beyond the media");
    }

    #[test]
    fn media_in_time_never_stalls_and_late_media_does() {
        let mut playout = Playout::default();
        playout.add(0, 1_000);
        assert_eq!(playout.add(1_000, 1_000), None);
        assert_eq!(playout.stalls(2_000), (0, 0));
        assert_eq!(playout.stalls(2_300), (1, 300));
        assert_eq!(playout.add(2_400, 1_000), Some(Change::Resumed(400)));
        assert_eq!(playout.played_us(2_900), 2_500);
        assert_eq!(playout.add(3_500, 1_000), Some(Change::Resumed(100)));
        assert_eq!(playout.stalls(3_600), (2, 500));
    }

    #[test]
    fn the_end_is_no_stall() {
        let mut playout = Playout::default();
        playout.add(0, 1_000);
        playout.end();
        assert_eq!(playout.stalls(9_000), (0, 0));
    }
}
