use std::collections::VecDeque;

use media::Timestamp;

use crate::event::{Part, Range, Rendition, SegmentEnd, SegmentStart};

/// One rendition: the segments of its playlist, the one that grows, and those that left but can still
/// be fetched.
#[derive(Clone, Debug)]
pub(super) struct RenditionState {
    pub(super) info: Rendition,
    /// Initialization segments by number, oldest first.
    pub(super) inits: VecDeque<(u32, Range)>,
    /// Left the playlist, oldest first.
    pub(super) retired: VecDeque<Segment>,
    /// The complete segments of the playlist, oldest first.
    pub(super) window: VecDeque<Segment>,
    /// The segment that grows.
    pub(super) open: Option<Segment>,
    /// Nothing follows.
    pub(super) ended: bool,
    /// Whether every segment so far began with a keyframe.
    pub(super) independent: bool,
    pub(super) rate: BitRate,
    overdue: Option<Range>,
}

/// A segment: its parts lie one behind the other in the file.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) msn: u64,
    pub(super) discontinuity: u32,
    /// Whether it has an `EXT-X-DISCONTINUITY` tag.
    pub(super) discontinuous: bool,
    pub(super) init: u32,
    pub(super) program_date_time: i64,
    pub(super) duration: Timestamp,
    pub(super) parts: Vec<PartState>,
    pub(super) range: Range,
    /// The longest playlist that it was in.
    longest: Timestamp,
    /// When it may go, in Unix milliseconds, once it has left the playlist.
    until_ms: i64,
}

/// A part of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartState {
    pub(super) duration: Timestamp,
    pub(super) independent: bool,
    pub(super) range: Range,
}

/// What has been measured of a rendition's bit rate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BitRate {
    /// Bits a second of the largest segment.
    pub(super) peak: u64,
    bytes: u64,
    duration: Timestamp,
}

impl RenditionState {
    /// The most segments that are kept after they left the playlist.
    const MAX_RETIRED: usize = 4_096;
    /// A window may get longer than configured by this factor so that it lasts three target durations.
    const MAX_WINDOW_FACTOR: usize = 8;

    pub(super) fn new(info: Rendition) -> Self {
        Self {
            info,
            inits: VecDeque::new(),
            retired: VecDeque::new(),
            window: VecDeque::new(),
            open: None,
            ended: false,
            independent: true,
            rate: BitRate::default(),
            overdue: None,
        }
    }

    /// The number of the segment after the last complete one: the one that grows or is to come.
    pub(super) fn next_msn(&self) -> Option<u64> {
        let open = self.open.as_ref().map(|segment| segment.msn);
        open.or_else(|| Some(self.window.back()?.msn + 1))
    }

    /// The last segment that was begun.
    pub(super) fn last_msn(&self) -> Option<u64> {
        Some(self.open.as_ref().or(self.window.back())?.msn)
    }

    /// The last segment that has a part, and its last part: `LAST-MSN` and `LAST-PART`.
    pub(super) fn last_part(&self) -> Option<(u64, Option<u32>)> {
        let open = self.open.iter().find(|segment| !segment.parts.is_empty());
        let segment = open.or(self.window.back())?;
        Some((segment.msn, (segment.parts.len() as u32).checked_sub(1)))
    }

    /// A segment of the playlist or one that left it, complete or not.
    pub(super) fn segment(&self, msn: u64) -> Option<&Segment> {
        let find = |segments: &'_ VecDeque<Segment>| {
            segments.binary_search_by_key(&msn, |segment| segment.msn).ok()
        };
        if let Some(index) = find(&self.window) {
            return self.window.get(index);
        }
        if let Some(index) = find(&self.retired) {
            return self.retired.get(index);
        }
        self.open.as_ref().filter(|open| open.msn == msn)
    }

    pub(super) fn add_init(&mut self, number: u32, range: Range) {
        self.inits.push_back((number, range));
    }

    pub(super) fn start(&mut self, start: &SegmentStart, wall_ms: i64) {
        if self.next_msn().is_some_and(|next| next != start.msn) {
            // The rendition was away: its playlist begins anew, numbers never go back.
            self.open = None;
            while self.retire(wall_ms) {}
        }
        let before = self.window.back().map(|segment| segment.discontinuity);
        self.ended = false;
        self.independent &= start.independent;
        self.open = Some(Segment {
            msn: start.msn,
            discontinuity: start.discontinuity,
            discontinuous: before.is_some_and(|before| before != start.discontinuity),
            init: start.init,
            program_date_time: start.program_date_time,
            duration: Timestamp::ZERO,
            parts: Vec::new(),
            range: Range::default(),
            longest: Timestamp::ZERO,
            until_ms: 0,
        });
    }

    pub(super) fn add_part(&mut self, part: &Part<Range>) {
        let Some(open) = self.open.as_mut().filter(|open| open.msn == part.msn) else { return };
        if open.parts.is_empty() {
            open.range = part.bytes;
        } else {
            open.range.len += part.bytes.len;
        }
        open.duration = open.duration + part.duration;
        open.parts.push(PartState {
            duration: part.duration,
            independent: part.independent,
            range: part.bytes,
        });
    }

    pub(super) fn end(&mut self, end: &SegmentEnd, window: usize, target_duration: u32) {
        let Some(mut segment) = self.open.take_if(|open| open.msn == end.msn) else { return };
        segment.duration = end.duration;
        self.rate.add(segment.range.len, segment.duration, target_duration);
        self.window.push_back(segment);
        let total = total(&self.window);
        for segment in &mut self.window {
            segment.longest = segment.longest.max(total);
        }
        self.slide(window, target_duration, end.wall_ms);
    }

    /// Tells `gone` what may go at `now_ms`.
    pub(super) fn expire(&mut self, now_ms: i64, mut gone: impl FnMut(Range)) {
        self.overdue.take().into_iter().for_each(&mut gone);
        while let Some(segment) = self.retired.pop_front_if(|segment| segment.until_ms <= now_ms) {
            if segment.range.len > 0 {
                gone(segment.range);
            }
        }
        let oldest = self.retired.front().or(self.window.front()).or(self.open.as_ref());
        let Some(needed) = oldest.map(|segment| segment.init) else { return };
        while let Some((_, range)) = self.inits.pop_front_if(|(number, _)| *number < needed) {
            gone(range);
        }
    }

    /// Removes the oldest segments beyond the window. RFC 8216bis 6.2.2: a live playlist never gets
    /// shorter than three target durations by it.
    fn slide(&mut self, window: usize, target_duration: u32, wall_ms: i64) {
        let least = Timestamp::from_ticks(3 * i64::from(target_duration) * Timestamp::HZ);
        let mut left = total(&self.window);
        while self.window.len() > window {
            let Some(oldest) = self.window.front() else { break };
            left = left - oldest.duration;
            if left < least && self.window.len() < window * Self::MAX_WINDOW_FACTOR {
                break;
            }
            self.retire(wall_ms);
        }
    }

    /// Takes the oldest segment out of the playlist.
    fn retire(&mut self, wall_ms: i64) -> bool {
        let Some(mut segment) = self.window.pop_front() else { return false };
        segment.until_ms = wall_ms + (segment.duration + segment.longest).millis() + 1;
        self.retired.push_back(segment);
        if self.retired.len() > Self::MAX_RETIRED
            && let Some(segment) = self.retired.pop_front()
        {
            // One range covers them all: whatever lies between them went before.
            let start = self.overdue.map_or(segment.range.offset, |range| range.offset);
            let end = segment.range.offset + segment.range.len;
            self.overdue = Some(Range { offset: start, len: end.saturating_sub(start) });
        }
        true
    }
}

impl BitRate {
    /// Bits a second on average.
    pub(super) fn average(&self) -> u64 {
        bits_per_second(self.bytes, self.duration)
    }

    /// RFC 8216bis 4.4.6.2: the peak counts segments of at least half the target duration, so that a
    /// short one with a keyframe does not.
    fn add(&mut self, bytes: u64, duration: Timestamp, target_duration: u32) {
        self.bytes += bytes;
        self.duration = self.duration + duration;
        let long = duration.ticks() * 2 >= i64::from(target_duration) * Timestamp::HZ;
        if long || self.peak == 0 {
            self.peak = self.peak.max(bits_per_second(bytes, duration));
        }
    }
}

fn bits_per_second(bytes: u64, duration: Timestamp) -> u64 {
    let ticks = duration.ticks().max(1) as u128;
    u64::try_from(u128::from(bytes) * 8 * Timestamp::HZ as u128 / ticks).unwrap_or(u64::MAX)
}

fn total(segments: &VecDeque<Segment>) -> Timestamp {
    segments.iter().fold(Timestamp::ZERO, |sum, segment| sum + segment.duration)
}
