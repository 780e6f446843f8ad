use std::collections::VecDeque;

use media::{Frame, Timestamp, TrackId};

use super::Output;
use super::boundary::{Boundaries, Boundary};
use super::lane::{Lane, Timeline};
use super::plan::Plan;
use super::wall::WallClock;
use crate::mp4::Sample;

/// Time stamps that go back by less are put right without an interruption.
pub(super) const BACK_LIMIT: Timestamp = Timestamp::from_millis(1_000);

/// A stretch of the stream without an interruption. Its leading lane (the first video track, else the
/// first audio track) decides where segments begin; the other lanes follow.
#[derive(Debug)]
pub(super) struct Continuity {
    lanes: Vec<Lane>,
    plan: Plan,
    /// The longest that the current segment may get: the session's first has its own rule.
    longest: Timestamp,
    boundaries: Boundaries,
    /// From the publisher's time stamps to the output timeline, in ticks.
    offset: i64,
    wall: WallClock,
    /// Decode time at which the leading lane's segment began, in ticks of its scale.
    segment_start: i64,
    /// Whether the leading lane's segment began with a keyframe.
    independent: bool,
    /// The leading lane's last time stamp as it arrived.
    last: Timestamp,
}

/// How a frame of the leading track relates to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It goes on.
    Even,
    /// Time stamps are missing for longer than a segment can last, or until behind where the current one
    /// can end.
    Gap,
    /// Time stamps jumped back.
    Back,
}

impl Continuity {
    /// `lanes` is not empty; `frame` is the leading lane's first and lands at `start`.
    pub(super) fn new(
        lanes: Vec<Lane>,
        plan: Plan,
        first_session_segment: bool,
        start: Timestamp,
        frame: &Frame,
        wall_ms: i64,
    ) -> Self {
        let offset = (start - frame.dts).ticks();
        let at = frame.pts + Timestamp::from_ticks(offset);
        Self {
            lanes,
            plan,
            longest: if first_session_segment { plan.first_longest } else { plan.longest },
            boundaries: Boundaries::default(),
            offset,
            wall: WallClock::new(at, wall_ms),
            segment_start: 0,
            independent: true,
            last: frame.dts,
        }
    }

    /// The tracks of the lanes, the leading one first.
    pub(super) fn tracks(&self) -> impl Iterator<Item = TrackId> {
        self.lanes.iter().map(|lane| lane.track)
    }

    /// The leading track.
    pub(super) fn leader(&self) -> Option<TrackId> {
        self.tracks().next()
    }

    /// How a frame of the leading track continues what was before.
    pub(super) fn step(&self, frame: &Frame) -> Step {
        let step = frame.dts - self.last;
        if step > self.plan.longest || self.is_behind_hole(frame) {
            Step::Gap
        } else if step + BACK_LIMIT < Timestamp::ZERO {
            Step::Back
        } else {
            Step::Even
        }
    }

    /// Whether a frame of leading audio leaves a hole and lies behind the longest that the segment before
    /// it may get, which would be too long for the other lanes.
    fn is_behind_hole(&self, frame: &Frame) -> bool {
        let Some(Lane { timeline: Timeline::Audio(audio), scale, .. }) = self.lanes.first() else {
            return false;
        };
        let at = Timestamp::from_ticks(frame.dts.ticks() + self.offset);
        let start = Timestamp::from_scale(self.segment_start, *scale);
        at - start > self.longest && audio.leaves_hole(frame, at)
    }

    /// Takes a frame of any track.
    pub(super) fn frame(&mut self, frame: &Frame, out: &mut Output<'_>) {
        if self.leader() == Some(frame.track) {
            self.last = frame.dts.max(self.last);
            self.lead(frame, out);
        } else if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.track == frame.track) {
            lane.enqueue(frame.clone());
        }
        self.follow(out);
    }

    /// Ends the continuity: all lanes end their segments, at the same number.
    pub(super) fn finish(mut self, out: &mut Output<'_>) -> Finished {
        let last = self.finish_leader(out);
        let mut end = Timestamp::ZERO;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if index > 0 {
                lane.finish(last, self.offset, &self.boundaries, out);
            }
            end = end.max(lane.end());
        }
        let sequences =
            self.lanes.iter().map(|lane| (lane.track, lane.writer.sequence())).collect();
        let waiting = self.lanes.into_iter().flat_map(Lane::into_queue).collect();
        Finished { end: end.max(last.at), msn: last.msn, sequences, waiting }
    }

    /// Ends the leading lane; gives back where the segment after its last would begin.
    fn finish_leader(&mut self, out: &mut Output<'_>) -> Boundary {
        let mut dts = self.segment_start;
        if let Some(Lane { timeline: Timeline::Video(video), .. }) = self.lanes.first_mut()
            && let Some(sample) = video.finish()
        {
            dts = sample.end();
            self.commit_video(sample, out);
        }
        let mut msn = 0;
        if let Some(leader) = self.lanes.first_mut() {
            if let Timeline::Audio(audio) = &leader.timeline {
                dts = audio.next();
            }
            leader.writer.end(out);
            leader.msn += 1;
            msn = leader.msn;
        }
        let at = self.presented(dts);
        Boundary { msn, at, program_date_time: self.wall.at(at) }
    }

    fn lead(&mut self, frame: &Frame, out: &mut Output<'_>) {
        let Some(leader) = self.lanes.first_mut() else { return };
        match &mut leader.timeline {
            Timeline::Video(video) => {
                let dts = video.place(Timestamp::from_ticks(frame.dts.ticks() + self.offset));
                let previous = video.hold(frame, self.offset);
                let begins = previous.is_none();
                if let Some(sample) = previous {
                    self.commit_video(sample, out);
                }
                let elapsed = Timestamp::from_ticks(dts - self.segment_start);
                // After a forced cut any keyframe serves: players can join there again.
                let cut = frame.keyframe && (elapsed >= self.plan.cut || !self.independent);
                if begins || cut {
                    self.begin_segment(dts, frame.keyframe, out);
                }
                self.observe(dts, out.wall_ms);
            }
            Timeline::Audio(audio) => {
                let mut samples = Vec::new();
                let at = Timestamp::from_ticks(frame.pts.ticks() + self.offset);
                audio.align(frame, at, &mut samples);
                for sample in samples {
                    self.commit_audio(sample, out);
                }
            }
        }
    }

    /// Adds a frame of leading video, its duration now known, to the segment; ends the segment before
    /// it when it would get too long.
    fn commit_video(&mut self, sample: Sample, out: &mut Output<'_>) {
        let Some(leader) = self.lanes.first() else { return };
        let too_long = Timestamp::from_ticks(sample.end() - self.segment_start) > self.longest;
        if leader.writer.has_samples() && (too_long || leader.writer.is_full()) {
            self.begin_segment(sample.dts, sample.key, out);
        }
        if let Some(leader) = self.lanes.first_mut() {
            leader.writer.add(sample, out);
        }
    }

    fn commit_audio(&mut self, sample: Sample, out: &mut Output<'_>) {
        let Some(leader) = self.lanes.first() else { return };
        let half = i64::from(sample.duration / 2);
        let elapsed = Timestamp::from_scale(sample.dts + half - self.segment_start, leader.scale);
        let end = Timestamp::from_scale(sample.end() - self.segment_start, leader.scale);
        let too_long = end > self.longest;
        let full = elapsed >= self.plan.segment || too_long || leader.writer.is_full();
        let dts = sample.dts;
        if !leader.writer.is_open() || full {
            self.begin_segment(dts, true, out);
        }
        let wall_ms = out.wall_ms;
        if let Some(leader) = self.lanes.first_mut() {
            leader.writer.add(sample, out);
        }
        self.observe(dts, wall_ms);
    }

    /// Ends the leading lane's segment and begins the next one at this decode time.
    fn begin_segment(&mut self, dts: i64, key: bool, out: &mut Output<'_>) {
        let at = self.presented(dts);
        let Some(leader) = self.lanes.first_mut() else { return };
        if leader.writer.is_open() {
            leader.writer.end(out);
            leader.msn += 1;
            self.longest = self.plan.longest;
            self.wall.settle();
        }
        let program_date_time = self.wall.at(at);
        self.boundaries.push(Boundary { msn: leader.msn, at, program_date_time });
        leader.open(at, key, &self.boundaries, out);
        self.segment_start = dts;
        self.independent = key;
    }

    /// Lets the other lanes take what lies before the leading lane's first undecided frame.
    fn follow(&mut self, out: &mut Output<'_>) {
        let Some((leader, others)) = self.lanes.split_first_mut() else { return };
        let horizon = match &leader.timeline {
            Timeline::Video(video) => {
                let Some(held) = video.held() else { return };
                Timestamp::from_ticks(held.dts + video.lead())
            }
            Timeline::Audio(_) => leader.end(),
        };
        let mut slowest = leader.msn;
        for lane in others {
            lane.release(horizon, self.offset, &self.boundaries, out);
            slowest = slowest.min(lane.msn);
        }
        self.boundaries.forget_before(slowest);
    }

    fn observe(&mut self, dts: i64, wall_ms: i64) {
        let at = self.presented(dts);
        self.wall.observe(at, wall_ms);
    }

    /// When the leading lane's frame with this decode time stands for in presentation.
    fn presented(&self, dts: i64) -> Timestamp {
        self.lanes.first().map_or(Timestamp::ZERO, |leader| match &leader.timeline {
            Timeline::Video(video) => Timestamp::from_ticks(dts + video.lead()),
            Timeline::Audio(_) => Timestamp::from_scale(dts, leader.scale),
        })
    }
}

/// What outlives a continuity.
#[derive(Debug)]
pub(super) struct Finished {
    /// Where the output timeline ends.
    pub(super) end: Timestamp,
    /// The number of the next segment.
    pub(super) msn: u64,
    /// Each lane's last fragment number.
    pub(super) sequences: Vec<(TrackId, u32)>,
    /// Frames that waited for the leading track.
    pub(super) waiting: VecDeque<Frame>,
}
