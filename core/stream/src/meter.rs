use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use media::{Entry, Frame, Kind, Timestamp, TrackId};

use crate::Log;

/// Rates are taken over so many measurements: a few seconds, so that they neither jump with every burst
/// nor lag behind a publisher that stalls.
const SAMPLES: usize = 4;
/// Pictures in a row without one out of order after which a stream counts as free of B-frames: several
/// groups of any encoder.
const IN_ORDER: u32 = 300;

/// What a [`Meter`] found last: written by the stream's home shard once a second, read by anyone.
#[derive(Debug, Default)]
pub struct Measured {
    /// Pictures of the default track in 1000 s.
    pub pictures: AtomicU64,
    /// Payload of all tracks in bits a second.
    pub bits: AtomicU64,
    /// The last complete group of pictures, in milliseconds of media; 0 while there is none.
    pub group_ms: AtomicU64,
    /// How long the group that is being received is by now.
    pub open_group_ms: AtomicU64,
    /// Whether pictures come in another order than they are shown in (B-frames).
    pub reordered: AtomicBool,
    /// When sound last came (monotonic ms); 0 for never.
    pub sound_ms: AtomicU64,
}

/// Measures a stream by reading its log now and then, so that nothing is done for any frame when it
/// comes.
#[derive(Debug, Default)]
pub struct Meter {
    /// The log index up to which all is counted.
    next: u64,
    pictures: u64,
    bytes: u64,
    /// Earlier measurements: when (monotonic ms), and the two totals.
    past: VecDeque<(u64, u64, u64)>,
    key: Option<Timestamp>,
    newest: Option<Timestamp>,
    shown: Option<Timestamp>,
    group_ms: u64,
    /// Pictures since the last one that came out of order.
    in_order: u32,
    any_reordered: bool,
}

impl Meter {
    /// Counts what is new in the log and tells the rates. To be called about once a second, more often
    /// than the log forgets.
    pub fn measure(&mut self, now_ms: u64, log: &Log, found: &Measured) {
        let mut sound = false;
        for entry in log.entries_from(self.next) {
            match entry {
                // Another picture, or another publisher: the group before it is no measure.
                Entry::Tracks(_) => (self.key, self.shown) = (None, None),
                Entry::Frame(frame) => {
                    self.bytes += frame.data.len() as u64;
                    sound |= frame.track.kind == Kind::Audio;
                    if frame.track == TrackId::video(0) {
                        self.picture(frame);
                    }
                }
                Entry::Metadata(_) => {}
            }
        }
        self.next = log.end();
        if sound {
            found.sound_ms.store(now_ms, Relaxed);
        }
        self.tell_rates(now_ms, found);
        let open = self.newest.zip(self.key).map_or(0, |(newest, key)| (newest - key).millis());
        found.open_group_ms.store(open.max(0) as u64, Relaxed);
        found.group_ms.store(self.group_ms, Relaxed);
        found.reordered.store(self.any_reordered && self.in_order < IN_ORDER, Relaxed);
    }

    fn picture(&mut self, frame: &Frame) {
        self.pictures += 1;
        self.newest = Some(frame.dts);
        if frame.keyframe {
            if let Some(key) = self.key.replace(frame.dts) {
                self.group_ms = (frame.dts - key).millis().max(0) as u64;
            }
            // Pictures before a key frame are never shown after it.
            self.shown = None;
        }
        if self.shown.is_some_and(|shown| frame.pts < shown) {
            (self.in_order, self.any_reordered) = (0, true);
        } else {
            self.shown = Some(frame.pts);
            self.in_order = self.in_order.saturating_add(1);
        }
    }

    fn tell_rates(&mut self, now_ms: u64, found: &Measured) {
        if let Some((since, pictures, bytes)) = self.past.front() {
            let passed = now_ms.saturating_sub(*since).max(1);
            found.pictures.store((self.pictures - pictures) * 1_000_000 / passed, Relaxed);
            found.bits.store((self.bytes - bytes) * 8000 / passed, Relaxed);
        }
        if self.past.len() >= SAMPLES {
            self.past.pop_front();
        }
        self.past.push_back((now_ms, self.pictures, self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use media::{CodecConfig, Track, TrackSet, VideoInfo};

    use super::*;
    use crate::Limits;

    struct Bench {
        log: Log,
        meter: Meter,
        found: Measured,
        number: i64,
    }

    impl Bench {
        fn new() -> Self {
            let record = Bytes::from_static(&[1, 66, 0, 30]);
            let config = CodecConfig::H264 { record, info: VideoInfo::default() };
            let tracks = vec![Track { id: TrackId::video(0), config }];
            let mut log = Log::new(Limits::default());
            log.push(Entry::Tracks(Arc::new(TrackSet { tracks, discontinuity: 0 })));
            Self { log, meter: Meter::default(), found: Measured::default(), number: 0 }
        }

        /// A second of 25 pictures of 1000 bytes with a key frame each two seconds, then a measurement.
        /// Every second picture is shown `late` ms after it is decoded.
        fn second(&mut self, late: i64) {
            for _ in 0..25 {
                let dts = Timestamp::from_millis(self.number * 40);
                let delay = if self.number % 2 == 1 { late } else { 0 };
                self.log.push(Entry::Frame(Frame {
                    track: TrackId::video(0),
                    dts,
                    pts: dts + Timestamp::from_millis(delay),
                    keyframe: self.number % 50 == 0,
                    data: Bytes::from_static(&[0; 1000]),
                }));
                self.number += 1;
            }
            self.measure();
        }

        fn measure(&mut self) {
            self.log.settle();
            let now = (self.number * 40) as u64;
            self.meter.measure(now, &self.log, &self.found);
        }
    }

    #[test]
    fn rates_and_groups_are_those_of_the_last_seconds() {
        let mut bench = Bench::new();
        bench.measure();
        (0..6).for_each(|_| bench.second(0));
        let found = &bench.found;
        assert_eq!(found.pictures.load(Relaxed), 25_000);
        assert_eq!(found.bits.load(Relaxed), 200_000);
        assert_eq!(found.group_ms.load(Relaxed), 2000);
        assert!(!found.reordered.load(Relaxed) && found.sound_ms.load(Relaxed) == 0);
        for second in 1..=4 {
            let now = 6000 + second * 1000;
            bench.meter.measure(now, &bench.log, &bench.found);
        }
        assert_eq!(bench.found.pictures.load(Relaxed), 0);
    }

    #[test]
    fn pictures_out_of_order_are_noticed_and_forgotten_when_there_are_none_any_more() {
        let mut bench = Bench::new();
        bench.second(80);
        assert!(bench.found.reordered.load(Relaxed));
        (0..13).for_each(|_| bench.second(0));
        assert!(!bench.found.reordered.load(Relaxed));
    }

    #[test]
    fn a_group_over_another_publishers_return_is_no_measure() {
        let mut bench = Bench::new();
        (0..3).for_each(|_| bench.second(0));
        let tracks = Arc::clone(bench.log.tracks());
        bench.number += 1000;
        bench.log.push(Entry::Tracks(tracks));
        bench.second(0);
        assert_eq!(bench.found.group_ms.load(Relaxed), 2000);
    }
}
