//! What one player counts of the pictures that it gets.

use media::Timestamp;

use crate::arrival::Arrival;
use crate::playout::Playout;
use crate::sequence::{Change, Sequence};

/// The longest step from one frame to the next that counts as media: over a longer one something is
/// missing. Streams of less than two frames a second are not measured well.
const MAX_STEP: Timestamp = Timestamp::from_millis(500);
/// A step back by more than this is a new timeline.
const NEW_TIMELINE: Timestamp = Timestamp::from_millis(10_000);

/// A player's counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    sequence: Sequence,
    playout: Playout,
    /// The latest frame on the stream's timeline.
    head: Option<Timestamp>,
    /// Media that came since the window opened.
    media: Timestamp,
    /// Media that comes at a time, such as a segment.
    burst: Timestamp,
    /// Whether somebody else tells what media came, and watches playback: [`Meter::add_media`].
    told: bool,
}

/// What an arrival changes in the counts of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Lost, doubled and reordered pictures.
    pub(crate) change: Change,
    /// From being sent to being in hand, in microseconds.
    pub(crate) latency_us: Option<u64>,
    /// How long playback stood still, in microseconds.
    pub(crate) stalled_us: Option<u64>,
}

impl Meter {
    /// The window opens: what came before is forgotten, playback goes on.
    pub(crate) fn open_window(&mut self) {
        self.sequence.restart();
        self.media = Timestamp::ZERO;
    }

    /// Media comes in bursts of this length, so that one burst more or less in a window says nothing.
    pub(crate) fn set_burst(&mut self, burst: Timestamp) {
        self.burst = burst;
    }

    /// So much media came, by its playlist: from now on that counts, not what frames say, and playback
    /// is watched by whoever tells.
    pub(crate) fn add_media(&mut self, duration: Timestamp) {
        self.told = true;
        self.media = self.media + duration;
    }

    /// Whether all media is told, looked at or not.
    pub(crate) fn is_told(&self) -> bool {
        self.told
    }

    /// Takes a frame that came at `now_us` of the monotonic clock and `unix_us` of the wall clock.
    pub(crate) fn take(&mut self, arrival: &Arrival, now_us: u64, unix_us: u64) -> Verdict {
        self.follow(arrival.dts);
        if !arrival.video {
            return Verdict::default();
        }
        let stamp = arrival.stamp.as_ref();
        Verdict {
            change: stamp.map(|stamp| self.sequence.take(stamp)).unwrap_or_default(),
            latency_us: stamp.map(|stamp| unix_us.saturating_sub(stamp.sent_us)),
            stalled_us: if self.told { None } else { self.playout.take(arrival.dts, now_us) },
        }
    }

    /// Whether anything came at all.
    pub(crate) fn has_begun(&self) -> bool {
        self.head.is_some()
    }

    /// Whether less than 0.95 of the window's media came.
    pub(crate) fn is_slow(&self, window_seconds: f64) -> bool {
        (self.media + self.burst).seconds() < 0.95 * window_seconds
    }

    fn follow(&mut self, dts: Timestamp) {
        let step = self.head.map_or(Timestamp::ZERO, |head| dts - head);
        if step > Timestamp::ZERO && !self.told {
            self.media = self.media + step.min(MAX_STEP);
        }
        let back = step < Timestamp::ZERO && Timestamp::ZERO - step < NEW_TIMELINE;
        if !back {
            self.head = Some(dts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::Stamp;

    fn picture(ms: i64, number: u32) -> Arrival {
        let stamp = Stamp { publisher: 0, number, sent_us: 1_000_000 };
        let dts = Timestamp::from_millis(ms);
        Arrival { video: true, keyframe: false, dts, stamp: Some(stamp) }
    }

    /// Pictures 40 ms apart.
    fn play(meter: &mut Meter, numbers: std::ops::Range<i64>) {
        for number in numbers {
            meter.take(&picture(number * 40, number as u32), 0, 0);
        }
    }

    #[test]
    fn latency_is_from_sending_to_arrival_and_never_below_zero() {
        let mut meter = Meter::default();
        assert_eq!(meter.take(&picture(0, 0), 0, 1_004_000).latency_us, Some(4000));
        assert_eq!(meter.take(&picture(33, 1), 0, 999_000).latency_us, Some(0));
        let unstamped = Arrival { stamp: None, ..picture(66, 2) };
        assert_eq!(meter.take(&unstamped, 0, 0).latency_us, None);
    }

    #[test]
    fn media_time_counts_from_the_opening_of_the_window_and_leaves_gaps_out() {
        let mut meter = Meter::default();
        assert!(!meter.has_begun());
        play(&mut meter, 0..100);
        meter.open_window();
        assert!(meter.has_begun() && meter.is_slow(1.0));
        play(&mut meter, 100..125);
        assert!(!meter.is_slow(1.0));
        meter.take(&picture(60_000, 126), 0, 0);
        assert!(meter.is_slow(2.0));
        meter.set_burst(Timestamp::from_millis(2000));
        assert!(!meter.is_slow(2.0));
    }

    #[test]
    fn media_that_is_told_counts_instead_of_what_pictures_say() {
        let mut meter = Meter::default();
        meter.open_window();
        for n in 0..4 {
            meter.add_media(Timestamp::from_millis(500));
            assert_eq!(meter.take(&picture(n * 90_000, n as u32), 0, 0).stalled_us, None);
        }
        assert!(meter.is_told() && !meter.is_slow(2.0) && meter.is_slow(2.2));
    }

    #[test]
    fn a_new_timeline_is_followed() {
        let mut meter = Meter::default();
        meter.take(&picture(1_000_000, 0), 0, 0);
        meter.open_window();
        play(&mut meter, 0..26);
        assert!(!meter.is_slow(1.0));
    }

    #[test]
    fn the_first_picture_of_a_window_begins_the_count_of_losses() {
        let mut meter = Meter::default();
        meter.take(&picture(0, 0), 0, 0);
        meter.open_window();
        assert_eq!(meter.take(&picture(40, 9), 0, 0).change, Change::default());
        assert_eq!(meter.take(&picture(80, 11), 0, 0).change.lost, 1);
    }
}
