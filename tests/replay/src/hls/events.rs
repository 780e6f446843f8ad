use std::collections::BTreeMap;

use bytes::Bytes;
use hls::{Event, Part, Range};
use media::{Kind, Timestamp, TrackId};

use super::fragment::Fragment;

/// Of every sound of the target.
pub(super) const SAMPLE_RATE: u32 = 48_000;

/// The renditions' files, of which only the lengths matter, and what has to hold of every run of events.
///
/// Numbers never go back and are the same in all renditions at a discontinuity; the parts of a segment
/// follow each other, are what their fragments say, and add up to it; a segment is not longer than the
/// target duration, a part of several frames not longer than the part target.
#[derive(Default)]
pub(super) struct Files {
    lanes: BTreeMap<TrackId, Lane>,
    discontinuities: BTreeMap<u64, u32>,
    target_duration: Option<u32>,
    ended: bool,
}

#[derive(Default)]
struct Lane {
    len: u64,
    inits: Vec<u32>,
    open: Option<u64>,
    newest: Option<u64>,
    parts: u32,
    sum: Timestamp,
    part_target: Timestamp,
    /// Where the last part since the last initialization segment ends.
    end: Timestamp,
}

impl Files {
    /// The length of a rendition's file.
    pub(super) fn len(&self, track: TrackId) -> u64 {
        self.lanes.get(&track).map_or(0, |lane| lane.len)
    }

    /// Puts an event's bytes into its rendition's file.
    pub(super) fn place(&mut self, event: &Event<Vec<Bytes>>) -> Event<Range> {
        assert!(!self.ended, "something came behind the end");
        self.check(event);
        let put = |track, bytes: &Vec<Bytes>| {
            let lane = self.lanes.entry(track).or_default();
            let len: u64 = bytes.iter().map(|bytes| bytes.len() as u64).sum();
            assert!(len > 0, "a file without bytes");
            let range = Range { offset: lane.len, len };
            lane.len += len;
            Ok::<_, std::convert::Infallible>(range)
        };
        match event.place(put) {
            Ok(placed) => placed,
            Err(never) => match never {},
        }
    }

    fn check(&mut self, event: &Event<Vec<Bytes>>) {
        match event {
            Event::Lineup(lineup) => {
                assert!(!lineup.renditions.is_empty());
                let target = *self.target_duration.get_or_insert(lineup.target_duration);
                assert_eq!(target, lineup.target_duration, "the target duration changed");
                for rendition in &lineup.renditions {
                    let target = Timestamp::from_millis(i64::from(rendition.part_target_ms));
                    let lane = self.lanes.entry(rendition.track).or_default();
                    assert!([Timestamp::ZERO, target].contains(&lane.part_target));
                    lane.part_target = target;
                }
            }
            Event::Init { track, number, .. } => {
                let lane = self.lanes.entry(*track).or_default();
                assert!(!lane.inits.contains(number));
                lane.inits.push(*number);
                lane.end = Timestamp::ZERO;
            }
            Event::SegmentStart(start) => {
                let known = *self.discontinuities.entry(start.msn).or_insert(start.discontinuity);
                assert_eq!(known, start.discontinuity, "renditions change at different numbers");
                let lane = self.lanes.entry(start.track).or_default();
                assert!(lane.open.is_none() && lane.inits.contains(&start.init));
                assert!(lane.newest.is_none_or(|newest| newest < start.msn), "a number went back");
                (lane.open, lane.newest) = (Some(start.msn), Some(start.msn));
                (lane.parts, lane.sum) = (0, Timestamp::ZERO);
            }
            Event::Part(part) => {
                let lane = self.lanes.entry(part.track).or_default();
                assert_eq!((lane.open, lane.parts), (Some(part.msn), part.index));
                assert!(part.duration > Timestamp::ZERO, "{:?}", part.duration);
                lane.parts += 1;
                lane.sum = lane.sum + part.duration;
                lane.part(part);
            }
            Event::SegmentEnd(end) => {
                let lane = self.lanes.entry(end.track).or_default();
                assert_eq!(lane.open.take(), Some(end.msn));
                assert!(lane.parts == 0 || lane.sum == end.duration, "the parts do not add up");
                let target = i64::from(self.target_duration.unwrap_or_default());
                let longest = target * Timestamp::HZ + Timestamp::HZ / 2;
                assert!((1..longest).contains(&end.duration.ticks()), "{end:?} of target {target}");
            }
            Event::End { .. } => {
                assert!(self.lanes.values().all(|lane| lane.open.is_none()), "a segment is open");
                self.ended = true;
            }
        }
    }
}

impl Lane {
    /// A part is what its fragment says, and begins behind the one before it.
    fn part(&mut self, part: &Part<Vec<Bytes>>) {
        let fragment = Fragment::parse(&part.bytes);
        let video = part.track.kind == Kind::Video;
        let at = |ticks| Timestamp::from_scale(ticks, if video { 90_000 } else { SAMPLE_RATE });
        let (start, end) = (at(fragment.start), at(fragment.start + fragment.duration));
        assert!(start >= self.end, "a part begins at {start:?}, before {:?}", self.end);
        assert_eq!(end - start, part.duration, "the fragment has another duration");
        assert!(part.duration <= self.part_target || fragment.samples == 1, "{part:?} is too long");
        self.end = end;
    }
}
