use media::{Timestamp, TrackId};

/// Places a publisher's time stamps on the stream's own timeline, which never goes back: not when the
/// publisher's clock wraps or jumps, and not when it comes back with a clock that starts anew.
#[derive(Debug, Default)]
pub struct Timeline {
    /// What is added to the publisher's time; unknown until its first frame.
    offset: Option<Timestamp>,
    /// The newest placed time and when (monotonic ms) it arrived.
    newest: Option<(Timestamp, u64)>,
    /// The newest placed time of each track.
    tracks: Vec<(TrackId, Timestamp)>,
}

/// Where a frame came to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its decode time on the stream's timeline.
    pub dts: Timestamp,
    /// Whether the publisher's clock jumped, so that this frame does not continue the ones before.
    pub jumped: bool,
}

impl Timeline {
    /// A step of the publisher's clock against arrival that counts as a jump and not as jitter.
    pub const JUMP: Timestamp = Timestamp::from_millis(5000);
    /// The least distance between the last frame before an interruption and the first after it.
    const STEP: Timestamp = Timestamp::from_millis(20);

    /// Another publisher (or the same one again) starts: its clock is unknown.
    pub fn restart(&mut self) {
        self.offset = None;
    }

    /// Places a frame of `track` that the publisher stamped `dts` and that arrived at `now_ms`.
    pub fn place(&mut self, now_ms: u64, track: TrackId, dts: Timestamp) -> Placed {
        let expected = match self.newest {
            Some((newest, at)) => {
                let passed = Timestamp::from_millis(now_ms.saturating_sub(at) as i64);
                newest + passed.max(Self::STEP)
            }
            None => Timestamp::ZERO,
        };
        let mut jumped = false;
        let offset = match self.offset {
            Some(offset) if !is_jump(dts + offset, expected) => offset,
            known => {
                jumped = known.is_some();
                expected - dts
            }
        };
        self.offset = Some(offset);
        let dts = self.advance(track, dts + offset);
        if self.newest.is_none_or(|(newest, _)| dts >= newest) {
            self.newest = Some((dts, now_ms));
        }
        Placed { dts, jumped }
    }

    /// Keeps a track's decode times strictly increasing.
    fn advance(&mut self, track: TrackId, dts: Timestamp) -> Timestamp {
        if let Some((_, newest)) = self.tracks.iter_mut().find(|(id, _)| *id == track) {
            *newest = dts.max(*newest + Timestamp::from_ticks(1));
            return *newest;
        }
        self.tracks.push((track, dts));
        dts
    }
}

fn is_jump(placed: Timestamp, expected: Timestamp) -> bool {
    let distance = placed - expected;
    distance > Timeline::JUMP || distance < Timestamp::ZERO - Timeline::JUMP
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: TrackId = TrackId::video(0);
    const AUDIO: TrackId = TrackId::audio(0);

    fn ms(value: i64) -> Timestamp {
        Timestamp::from_millis(value)
    }

    #[test]
    fn a_stream_starts_at_zero_whatever_the_publishers_clock_says() {
        let mut line = Timeline::default();
        assert_eq!(line.place(7, VIDEO, ms(123_456)).dts, ms(0));
        assert_eq!(line.place(40, VIDEO, ms(123_489)).dts, ms(33));
        assert_eq!(line.place(41, AUDIO, ms(123_470)).dts, ms(14));
    }

    #[test]
    fn a_returning_publisher_continues_after_the_pause() {
        let mut line = Timeline::default();
        line.place(0, VIDEO, ms(0));
        line.place(1000, VIDEO, ms(1000));
        line.restart();
        let placed = line.place(5000, VIDEO, ms(0));
        assert_eq!(placed, Placed { dts: ms(5000), jumped: false });
    }

    #[test]
    fn a_jump_of_the_clock_is_taken_out_and_told() {
        let mut line = Timeline::default();
        line.place(0, VIDEO, ms(0));
        let placed = line.place(33, VIDEO, ms(3_600_000));
        assert_eq!(placed, Placed { dts: ms(33), jumped: true });
        let back = line.place(66, VIDEO, ms(0));
        assert_eq!(back, Placed { dts: ms(66), jumped: true });
    }

    #[test]
    fn decode_times_of_a_track_never_repeat_or_go_back() {
        let mut line = Timeline::default();
        let first = line.place(0, AUDIO, ms(100)).dts;
        let second = line.place(1, AUDIO, ms(90)).dts;
        assert!(second > first);
    }
}
