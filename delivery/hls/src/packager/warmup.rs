use std::collections::VecDeque;

use media::{Frame, Kind, Timestamp, TrackId};

use super::cast::Cast;
use super::continuity::BACK_LIMIT;
use super::plan::{Plan, cut_at, first_longest, slack};
use crate::config::Config;

/// Gathers the frames of the first segment: only with it are the constants of the playlists known, and
/// nothing can be served before it is complete anyway. Tracks that are announced meanwhile simply join.
#[derive(Debug, Default)]
pub(super) struct Warmup {
    frames: VecDeque<(Frame, i64)>,
    /// Decode times of the leading track's first frame and its last one.
    span: Option<(Timestamp, Timestamp)>,
}

/// A first segment and what it tells.
#[derive(Debug)]
pub(super) struct FirstSegment {
    pub(super) plan: Plan,
    /// Mean seconds of a frame, of each video track that shows it.
    pub(super) video_frames: Vec<(TrackId, f64)>,
    /// The frames with the Unix milliseconds of their arrival, the leading track's first frame in front.
    pub(super) frames: Vec<(Frame, i64)>,
}

impl Warmup {
    /// The most frames that are gathered; with more, gathering starts again.
    const MAX_FRAMES: usize = 8_192;

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes a frame; gives back the first segment once it is complete.
    pub(super) fn push(
        &mut self,
        config: &Config,
        cast: &Cast,
        frame: &Frame,
        wall_ms: i64,
    ) -> Option<FirstSegment> {
        let leader = cast.leader()?.track;
        if self.frames.len() >= Self::MAX_FRAMES {
            self.clear();
        }
        if frame.track != leader {
            // Without a keyframe of the leading track only the latest of the others can be of use.
            if self.span.is_none() && self.frames.len() >= Self::MAX_FRAMES / 8 {
                self.frames.pop_front();
            }
            self.frames.push_back((frame.clone(), wall_ms));
            return None;
        }
        let longest = first_longest(config);
        let broken = self
            .span
            .is_some_and(|(_, last)| frame.dts - last > longest || frame.dts + BACK_LIMIT < last);
        if broken {
            self.clear();
        }
        let Some((first, last)) = self.span else {
            if frame.keyframe {
                self.span = Some((frame.dts, frame.dts));
                self.frames.push_back((frame.clone(), wall_ms));
            }
            return None;
        };
        // A step back within the limit does not shorten what is there.
        let elapsed = frame.dts.max(last) - first;
        let complete = match leader.kind {
            Kind::Video if elapsed > longest => Some(longest),
            Kind::Video => (frame.keyframe && elapsed >= cut_at(config)).then_some(elapsed),
            Kind::Audio => (elapsed >= config.segment).then_some(elapsed),
        };
        self.span = Some((first, frame.dts.max(last)));
        self.frames.push_back((frame.clone(), wall_ms));
        complete.map(|duration| self.first_segment(config, cast, leader, duration))
    }

    /// Forgets the frames of a track that is not the leading one any more.
    pub(super) fn change(&mut self, old: &Cast, new: &Cast) {
        let leader = |cast: &Cast| cast.leader().map(|member| member.track);
        if old.breaks(new) {
            self.clear();
        } else if leader(old) != leader(new) {
            // The leading track is measured from its first frame on, so none may lie before that.
            self.frames.retain(|(frame, _)| Some(frame.track) != leader(new));
            self.span = None;
        }
    }

    fn first_segment(
        &mut self,
        config: &Config,
        cast: &Cast,
        leader: TrackId,
        duration: Timestamp,
    ) -> FirstSegment {
        let video_frames: Vec<_> = cast
            .members
            .iter()
            .filter(|member| member.track.kind == Kind::Video)
            .filter_map(|member| Some((member.track, self.mean_frame(member.track)?)))
            .collect();
        let slack = slack(&cast.members, |member| {
            let measured = video_frames.iter().find(|(track, _)| *track == member.track);
            measured.map_or(0.0, |&(_, seconds)| seconds)
        });
        let mut frames: Vec<_> = std::mem::take(self).frames.into();
        if let Some(first) = frames.iter().position(|(frame, _)| frame.track == leader) {
            frames[..=first].rotate_right(1);
        }
        FirstSegment { plan: Plan::new(config, duration, slack), video_frames, frames }
    }

    fn mean_frame(&self, track: TrackId) -> Option<f64> {
        let mut times = self
            .frames
            .iter()
            .filter(|(frame, _)| frame.track == track)
            .map(|(frame, _)| frame.dts);
        let first = times.next()?;
        let (count, last) = times.fold((0u32, first), |(count, _), dts| (count + 1, dts));
        let seconds = (last - first).seconds() / f64::from(count);
        (count > 0 && seconds > 0.0).then_some(seconds)
    }
}
