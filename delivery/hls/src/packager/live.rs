use std::collections::VecDeque;
use std::sync::Arc;

use media::{Frame, Kind, Timestamp, TrackId};

use super::Output;
use super::audio::AudioTimeline;
use super::cast::{Cast, Member};
use super::continuity::{Continuity, Step};
use super::lane::{Lane, Timeline};
use super::plan::{Plan, audio_frame_seconds, frame_rate_milli, part_target_ms, slack};
use super::video::VideoTimeline;
use super::warmup::FirstSegment;
use super::writer::Writer;
use crate::config::Config;
use crate::event::{AudioTraits, Event, Lineup, Rendition, VideoTraits};

/// A stream whose constants are decided: one continuity after the other.
#[derive(Debug)]
pub(super) struct Live {
    config: Config,
    plan: Plan,
    cast: Cast,
    /// Mean seconds of a frame of the video tracks, from the first segment.
    video_frames: Vec<(TrackId, f64)>,
    /// Frames a second as the publisher's metadata say.
    frame_rate_hint: Option<f64>,
    renditions: Vec<Known>,
    lineup: Option<Arc<Lineup>>,
    next_msn: u64,
    next_discontinuity: u32,
    /// Where the output timeline has got to.
    end: Timestamp,
    current: Option<Continuity>,
}

/// What a rendition keeps over its continuities.
#[derive(Debug)]
struct Known {
    track: TrackId,
    part_target_ms: u32,
    sequence: u32,
}

impl Live {
    /// Frames a second of a video track of which nothing is known.
    const USUAL_FRAME_RATE: f64 = 30.0;

    pub(super) fn new(
        config: Config,
        cast: Cast,
        first: &FirstSegment,
        frame_rate_hint: Option<f64>,
    ) -> Self {
        let next_msn = config.first_msn;
        Self {
            config,
            plan: first.plan,
            cast,
            video_frames: first.video_frames.clone(),
            frame_rate_hint,
            renditions: Vec::new(),
            lineup: None,
            next_msn,
            next_discontinuity: 0,
            end: Timestamp::ZERO,
            current: None,
        }
    }

    /// From here on these tracks are current.
    pub(super) fn change(&mut self, cast: Cast, out: &mut Output<'_>) {
        let leader_stays = self
            .current
            .as_ref()
            .and_then(Continuity::leader)
            .is_some_and(|leader| cast.members.iter().any(|member| member.track == leader));
        if self.cast.breaks(&cast) || !leader_stays {
            self.interrupt(out);
        }
        // A track that came or went waits for the leading track's next keyframe.
        self.cast = cast;
    }

    /// Takes a frame of any track.
    pub(super) fn frame(&mut self, frame: &Frame, out: &mut Output<'_>) {
        let leads = self.cast.leader().is_some_and(|leader| leader.track == frame.track);
        let Some(current) = &mut self.current else {
            if leads && frame.keyframe {
                self.begin(frame, &VecDeque::new(), out);
            }
            return;
        };
        let step =
            if current.leader() == Some(frame.track) { current.step(frame) } else { Step::Even };
        let recast = leads && frame.keyframe && !self.cast.same_tracks(current.tracks());
        if step == Step::Even && !recast {
            current.frame(frame, out);
            return;
        }
        let mut waiting = self.interrupt(out);
        if step == Step::Back {
            waiting.clear();
        }
        if leads && frame.keyframe {
            self.begin(frame, &waiting, out);
        }
    }

    /// Ends the current continuity; gives back the frames that waited in it.
    pub(super) fn interrupt(&mut self, out: &mut Output<'_>) -> VecDeque<Frame> {
        let Some(current) = self.current.take() else { return VecDeque::new() };
        let finished = current.finish(out);
        self.end = finished.end;
        self.next_msn = finished.msn;
        self.next_discontinuity += 1;
        for (track, sequence) in finished.sequences {
            if let Some(known) = self.renditions.iter_mut().find(|known| known.track == track) {
                known.sequence = sequence;
            }
        }
        finished.waiting
    }

    /// Begins a continuity with a keyframe of the leading track.
    fn begin(&mut self, frame: &Frame, waiting: &VecDeque<Frame>, out: &mut Output<'_>) {
        let members = std::mem::take(&mut self.cast.members);
        for member in &members {
            self.know(member);
        }
        self.announce(&members, out);
        for Member { track, init, .. } in &members {
            out.events.push(Event::Init {
                track: *track,
                number: self.next_discontinuity,
                bytes: vec![init.clone()],
            });
        }
        // The lanes begin where the leading track's first picture is shown.
        let shown = self.end + (frame.pts - frame.dts);
        let first = self.next_discontinuity == 0;
        let plan = if first {
            self.plan
        } else {
            self.plan.with_slack(slack(&members, |member| self.video_frame_seconds(member)))
        };
        let lanes = members.iter().map(|member| self.lane(member, shown, &plan)).collect();
        self.cast.members = members;
        let mut current = Continuity::new(lanes, plan, first, self.end, frame, out.wall_ms);
        current.frame(frame, out);
        for frame in waiting {
            current.frame(frame, out);
        }
        self.current = Some(current);
    }

    fn lane(&self, member: &Member, shown: Timestamp, plan: &Plan) -> Lane {
        let known = self.renditions.iter().find(|known| known.track == member.track);
        let (part_target_ms, sequence) =
            known.map_or((1, 0), |known| (known.part_target_ms, known.sequence));
        let timeline = match member.track.kind {
            Kind::Video => {
                let typical = self.video_frame_seconds(member) * Timestamp::HZ as f64;
                let typical = Timestamp::from_ticks(typical as i64);
                Timeline::Video(VideoTimeline::new(typical, plan.reach()))
            }
            Kind::Audio => {
                Timeline::Audio(Box::new(AudioTimeline::new(&member.config, member.scale, shown)))
            }
        };
        let writer = Writer::new(member.track, member.scale, part_target_ms, sequence);
        let first = (self.next_msn, self.next_discontinuity);
        Lane::new(member.track, member.scale, timeline, writer, first, plan.limit())
    }

    /// Decides a new rendition's part target.
    fn know(&mut self, member: &Member) {
        if self.renditions.iter().any(|known| known.track == member.track) {
            return;
        }
        let part_target_ms = match member.track.kind {
            Kind::Video => part_target_ms(&self.config, self.video_frame_seconds(member), false),
            Kind::Audio => {
                // The length of each Opus and FLAC frame is its own affair.
                let exact = member.config.audio().is_some_and(|info| info.samples_per_frame > 0);
                part_target_ms(&self.config, audio_frame_seconds(&member.config), exact)
            }
        };
        self.renditions.push(Known { track: member.track, part_target_ms, sequence: 0 });
    }

    /// Tells of the renditions when they are others than before.
    fn announce(&mut self, members: &[Member], out: &mut Output<'_>) {
        let renditions = members.iter().map(|member| self.rendition(member)).collect();
        let lineup = Lineup {
            session: self.config.session,
            target_duration: self.plan.target_duration,
            window: self.config.window,
            renditions,
        };
        if self.lineup.as_deref() != Some(&lineup) {
            let lineup = Arc::new(lineup);
            self.lineup = Some(Arc::clone(&lineup));
            out.events.push(Event::Lineup(lineup));
        }
    }

    fn rendition(&self, member: &Member) -> Rendition {
        let known = self.renditions.iter().find(|known| known.track == member.track);
        let video = member.config.video().map(|info| VideoTraits {
            width: info.width,
            height: info.height,
            frame_rate_milli: frame_rate_milli(info.frame_rate, self.measured_rate(member.track)),
        });
        let audio = member.config.audio().map(|info| AudioTraits { channels: info.channels });
        Rendition {
            track: member.track,
            codec: member.config.rfc6381().to_owned(),
            part_target_ms: known.map_or(0, |known| known.part_target_ms),
            video,
            audio,
        }
    }

    fn measured_rate(&self, track: TrackId) -> Option<f64> {
        let measured = self.video_frames.iter().find(|(other, _)| *other == track);
        measured.map(|(_, seconds)| seconds.recip()).or(self.frame_rate_hint)
    }

    fn video_frame_seconds(&self, member: &Member) -> f64 {
        let declared = member.config.video().and_then(|info| info.frame_rate);
        let milli = frame_rate_milli(declared, self.measured_rate(member.track));
        let rate = if milli > 0 { f64::from(milli) / 1_000.0 } else { Self::USUAL_FRAME_RATE };
        rate.recip()
    }
}
