use std::collections::VecDeque;

use media::{Frame, Timestamp, TrackId};

use super::Output;
use super::audio::AudioTimeline;
use super::boundary::{Boundaries, Boundary};
use super::video::VideoTimeline;
use super::writer::Writer;
use crate::event::SegmentStart;
use crate::mp4::Sample;

/// One rendition in one continuity: its timeline, its segment and what waits to be placed.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) track: TrackId,
    pub(super) scale: u32,
    pub(super) timeline: Timeline,
    pub(super) writer: Writer,
    /// The segment that the next sample belongs to.
    pub(super) msn: u64,
    discontinuity: u32,
    queue: VecDeque<Frame>,
    /// Where the continuity ends, once it does: what lies behind is left out.
    end: Option<Timestamp>,
    /// No segment gets longer than this.
    limit: Timestamp,
}

/// How a lane's decode times come about.
#[derive(Debug)]
pub(super) enum Timeline {
    Audio(Box<AudioTimeline>),
    Video(VideoTimeline),
}

impl Lane {
    /// The most frames that wait for the leading track.
    const MAX_QUEUE: usize = 4_096;
    /// The longest that a frame waits for the leading track, in media time.
    const QUEUE_SPAN: Timestamp = Timestamp::from_millis(10_000);
    /// A lane that is this far behind a boundary gets what is missing made up.
    pub(super) const LAG_LIMIT: Timestamp = Timestamp::from_millis(1_000);

    pub(super) fn new(
        track: TrackId,
        scale: u32,
        timeline: Timeline,
        writer: Writer,
        first: (u64, u32),
        limit: Timestamp,
    ) -> Self {
        let (msn, discontinuity) = first;
        Self {
            track,
            scale,
            timeline,
            writer,
            msn,
            discontinuity,
            queue: VecDeque::new(),
            end: None,
            limit,
        }
    }

    /// Puts a frame behind those that wait; drops the oldest beyond the limits.
    pub(super) fn enqueue(&mut self, frame: Frame) {
        let newest = frame.dts;
        self.queue.push_back(frame);
        while self.queue.len() > Self::MAX_QUEUE
            || self.queue.front().is_some_and(|oldest| newest - oldest.dts > Self::QUEUE_SPAN)
        {
            self.queue.pop_front();
        }
    }

    /// The frames that wait.
    pub(super) fn into_queue(self) -> VecDeque<Frame> {
        self.queue
    }

    /// Places the waiting frames before `horizon`, up to which the boundaries are known; makes up what
    /// is missing where the lane lags.
    pub(super) fn release(
        &mut self,
        horizon: Timestamp,
        offset: i64,
        boundaries: &Boundaries,
        out: &mut Output<'_>,
    ) {
        while let Some(frame) = self.queue.front()
            && self.middle(frame, offset) < horizon
        {
            if let Some(frame) = self.queue.pop_front() {
                self.take(&frame, offset, boundaries, out);
            }
        }
        while let Some(next) = boundaries.get(self.msn + 1)
            && next.at + Self::LAG_LIMIT < horizon
        {
            self.catch_up(next, boundaries, out);
        }
    }

    /// Makes up what is missing before a boundary, and ends the segment there.
    pub(super) fn catch_up(&mut self, end: Boundary, all: &Boundaries, out: &mut Output<'_>) {
        let mut samples = Vec::new();
        match &mut self.timeline {
            Timeline::Audio(audio) => {
                audio.fill_to(end.at, &mut samples);
            }
            Timeline::Video(video) => {
                // A picture that belongs behind the boundary waits for the next one.
                let until = end.at.ticks() - video.lead();
                if video.held().is_some_and(|held| held.dts + video.reach() < until) {
                    samples.extend(video.let_go(until));
                }
            }
        }
        for sample in samples {
            self.place(sample, all, out);
        }
        if self.msn < end.msn {
            self.close(end, all, out);
        }
    }

    /// Ends the timeline at `end`, the start of the segment after the last: what waits before it is
    /// placed, what is missing is made up, and the last segment ends.
    pub(super) fn finish(
        &mut self,
        end: Boundary,
        offset: i64,
        boundaries: &Boundaries,
        out: &mut Output<'_>,
    ) {
        self.end = Some(end.at);
        self.release(end.at, offset, boundaries, out);
        while self.msn + 1 < end.msn
            && let Some(next) = boundaries.get(self.msn + 1)
        {
            self.catch_up(next, boundaries, out);
        }
        let mut samples = Vec::new();
        match &mut self.timeline {
            Timeline::Audio(audio) if !self.writer.is_open() => {
                audio.fill_to(end.at, &mut samples);
            }
            Timeline::Audio(_) => {}
            Timeline::Video(video) => samples.extend(video.finish()),
        }
        for sample in samples {
            self.place(sample, boundaries, out);
        }
        if self.msn < end.msn {
            self.close(end, boundaries, out);
        }
    }

    /// Where the timeline has got to.
    pub(super) fn end(&self) -> Timestamp {
        match &self.timeline {
            Timeline::Audio(audio) => Timestamp::from_scale(audio.next(), self.scale),
            Timeline::Video(video) => {
                Timestamp::from_ticks(video.held().map_or(0, |held| held.dts))
            }
        }
    }

    /// Opens the segment `self.msn` for a sample that is presented at `at`.
    pub(super) fn open(
        &mut self,
        at: Timestamp,
        independent: bool,
        boundaries: &Boundaries,
        out: &mut Output<'_>,
    ) {
        let start = self.segment_start(at, independent, boundaries);
        self.writer.begin(start, out);
    }

    fn segment_start(
        &self,
        at: Timestamp,
        independent: bool,
        boundaries: &Boundaries,
    ) -> SegmentStart {
        let program_date_time = boundaries
            .get(self.msn)
            .map_or(0, |boundary| boundary.program_date_time + (at - boundary.at).millis());
        SegmentStart {
            track: self.track,
            msn: self.msn,
            discontinuity: self.discontinuity,
            init: self.discontinuity,
            independent,
            program_date_time,
        }
    }

    fn take(&mut self, frame: &Frame, offset: i64, all: &Boundaries, out: &mut Output<'_>) {
        let mut samples = Vec::new();
        match &mut self.timeline {
            Timeline::Audio(audio) => {
                let at = Timestamp::from_ticks(frame.pts.ticks() + offset);
                audio.align(frame, at, &mut samples);
            }
            Timeline::Video(video) => {
                let first = video.held().is_none() && !self.writer.is_open();
                let early = all.get(self.msn).is_some_and(|start| {
                    video.position(frame, offset) + video.reach() < start.at.ticks()
                });
                if !first || (frame.keyframe && !early) {
                    samples.extend(video.hold(frame, offset));
                }
            }
        }
        for sample in samples {
            self.place(sample, all, out);
        }
    }

    /// What of a waiting frame has to lie before a boundary for the frame to belong before it, at the
    /// latest: the middle, or less where there is not the room.
    fn middle(&self, frame: &Frame, offset: i64) -> Timestamp {
        match &self.timeline {
            Timeline::Audio(audio) => {
                let at = Timestamp::from_ticks(frame.pts.ticks() + offset);
                at.max(Timestamp::from_scale(audio.next(), self.scale))
                    + Timestamp::from_scale(audio.half(), self.scale)
            }
            Timeline::Video(video) => {
                Timestamp::from_ticks(video.position(frame, offset) + video.reach())
            }
        }
    }

    /// Adds a sample to the segment that its middle lies in.
    fn place(&mut self, mut sample: Sample, all: &Boundaries, out: &mut Output<'_>) {
        let (lead, half) = match &self.timeline {
            Timeline::Audio(audio) => (0, audio.half()),
            Timeline::Video(video) => (video.lead(), video.reach()),
        };
        let middle = Timestamp::from_scale(sample.dts + lead + half, self.scale);
        if self.end.is_some_and(|end| middle >= end) {
            return;
        }
        while let Some(next) = all.get(self.msn + 1)
            && middle >= next.at
        {
            self.close(next, all, out);
        }
        if let Timeline::Video(video) = &self.timeline {
            let end = all.get(self.msn + 1).map(|next| next.at).or(self.end);
            let left = end.map(|end| end.ticks() - lead - sample.dts);
            self.shorten(&mut sample, left, video.typical());
        }
        if !self.writer.is_open() {
            let at = Timestamp::from_scale(sample.dts + lead, self.scale);
            self.open(at, sample.key, all, out);
        }
        self.writer.add(sample, out);
    }

    /// Ends a picture at its segment's end, which comes in `left` ticks, when it would last into the next
    /// one for more than a `typical` picture; and where the segment would get too long. The next segment
    /// begins with the next picture then, with a hole between the two.
    fn shorten(&self, sample: &mut Sample, left: Option<i64>, typical: i64) {
        let mut duration = i64::from(sample.duration);
        if let Some(left) = left.filter(|left| duration > left + typical) {
            duration = left;
        }
        let room = (self.limit - self.writer.duration()).ticks();
        sample.duration = duration.min(room).max(1) as u32;
    }

    /// Ends the segment at `next`'s start, with a gap when nothing is in it.
    fn close(&mut self, next: Boundary, all: &Boundaries, out: &mut Output<'_>) {
        if self.writer.is_open() {
            self.writer.end(out);
        } else if let Some(this) = all.get(self.msn) {
            let start = self.segment_start(this.at, true, all);
            self.writer.gap(start, next.at - this.at, out);
        }
        self.msn += 1;
    }
}
