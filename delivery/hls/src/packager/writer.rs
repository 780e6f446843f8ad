use bytes::Bytes;
use media::{Kind, Timestamp, TrackId};

use super::Output;
use crate::event::{Event, Part, SegmentEnd, SegmentStart};
use crate::mp4::{Sample, fragment};

/// Gathers one rendition's samples into parts, and parts into segments.
#[derive(Debug)]
pub(super) struct Writer {
    track: TrackId,
    scale: u32,
    /// The longest part, in ticks of `scale`.
    part_target: i64,
    /// `mfhd` sequence number of the last fragment; never goes back in a rendition's life.
    sequence: u32,
    segment: Option<Segment>,
    part: Vec<Sample>,
    part_bytes: usize,
    part_duration: i64,
}

#[derive(Debug)]
struct Segment {
    msn: u64,
    parts: u32,
    samples: u64,
    duration: Timestamp,
}

impl Writer {
    /// The most samples of a part, whatever their time stamps say.
    const MAX_PART_SAMPLES: usize = 512;
    /// The most bytes of a part; a box size has 32 bits.
    const MAX_PART_BYTES: usize = 256 << 20;
    /// From here on a segment is to be ended at the next sample.
    const MAX_SEGMENT_PARTS: u32 = 512;

    pub(super) fn new(track: TrackId, scale: u32, part_target_ms: u32, sequence: u32) -> Self {
        Self {
            track,
            scale,
            part_target: i64::from(part_target_ms) * i64::from(scale) / 1_000,
            sequence,
            segment: None,
            part: Vec::new(),
            part_bytes: 0,
            part_duration: 0,
        }
    }

    pub(super) fn sequence(&self) -> u32 {
        self.sequence
    }

    pub(super) fn is_open(&self) -> bool {
        self.segment.is_some()
    }

    /// Whether the open segment has a sample already.
    pub(super) fn has_samples(&self) -> bool {
        self.segment.as_ref().is_some_and(|segment| segment.samples > 0)
    }

    /// The duration of the open segment so far.
    pub(super) fn duration(&self) -> Timestamp {
        let complete = self.segment.as_ref().map_or(Timestamp::ZERO, |segment| segment.duration);
        complete + Timestamp::from_scale(self.part_duration, self.scale)
    }

    /// Whether the open segment has as many parts as one may have.
    pub(super) fn is_full(&self) -> bool {
        self.segment.as_ref().is_some_and(|segment| segment.parts >= Self::MAX_SEGMENT_PARTS)
    }

    /// Opens a segment.
    pub(super) fn begin(&mut self, start: SegmentStart, out: &mut Output<'_>) {
        self.segment =
            Some(Segment { msn: start.msn, parts: 0, samples: 0, duration: Timestamp::ZERO });
        out.events.push(Event::SegmentStart(start));
    }

    /// Adds a sample to the open segment; emits a part when one is complete.
    pub(super) fn add(&mut self, sample: Sample, out: &mut Output<'_>) {
        let duration = i64::from(sample.duration);
        let too_long = self.part_duration + duration > self.part_target;
        let too_big = self.part_bytes + sample.data.len() > Self::MAX_PART_BYTES;
        // A part says only when its first sample begins.
        let hole = self.part.last().is_some_and(|last| last.end() != sample.dts);
        if !self.part.is_empty() && (too_long || too_big || hole) {
            self.flush(out);
        }
        if let Some(segment) = &mut self.segment {
            segment.samples += 1;
        }
        self.part_bytes += sample.data.len();
        self.part_duration += duration;
        self.part.push(sample);
        // Another sample like this one would not fit, so there is nothing to wait for.
        let complete = self.part_duration + duration / 2 > self.part_target;
        if complete || self.part.len() >= Self::MAX_PART_SAMPLES {
            self.flush(out);
        }
    }

    /// Ends the open segment, if there is one.
    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        self.flush(out);
        if let Some(segment) = self.segment.take() {
            self.ended(segment.msn, segment.duration, out);
        }
    }

    /// A whole segment without samples, which stands for `duration`.
    pub(super) fn gap(&self, start: SegmentStart, duration: Timestamp, out: &mut Output<'_>) {
        out.events.push(Event::SegmentStart(start));
        self.ended(start.msn, duration, out);
    }

    fn ended(&self, msn: u64, duration: Timestamp, out: &mut Output<'_>) {
        let end = SegmentEnd { track: self.track, msn, duration, wall_ms: out.wall_ms };
        out.events.push(Event::SegmentEnd(end));
    }

    fn flush(&mut self, out: &mut Output<'_>) {
        let (Some(segment), Some(first), Some(last)) =
            (&mut self.segment, self.part.first(), self.part.last())
        else {
            return;
        };
        // Differences of rounded ends add up exactly, whatever the timescale.
        let start = Timestamp::from_scale(first.dts, self.scale);
        let end = Timestamp::from_scale(last.end(), self.scale);
        self.sequence = self.sequence.wrapping_add(1);
        let bytes: Vec<Bytes> = fragment(self.sequence, &self.part, self.track.kind == Kind::Video);
        let part = Part {
            track: self.track,
            msn: segment.msn,
            index: segment.parts,
            duration: end - start,
            independent: self.part.iter().any(|sample| sample.key),
            bytes,
        };
        segment.parts += 1;
        segment.duration = segment.duration + part.duration;
        out.events.push(Event::Part(part));
        self.part.clear();
        self.part_bytes = 0;
        self.part_duration = 0;
    }
}
