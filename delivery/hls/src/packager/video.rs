use media::{Frame, Timestamp};

use crate::mp4::Sample;

/// Gives a video track strictly increasing decode times and each frame its duration, which only the
/// next frame tells: one frame is held back.
#[derive(Debug)]
pub(super) struct VideoTimeline {
    held: Option<Sample>,
    /// The duration of the last frame that was let go.
    typical: i64,
    /// Presentation minus decode time of the first frame, a keyframe: the distance of the two timelines.
    lead: Option<i64>,
}

impl VideoTimeline {
    /// A longer frame, in ticks, bridges a gap and says nothing of the frame rate.
    const TYPICAL_MAX: i64 = Timestamp::HZ / 2;

    /// A track whose frames last about `typical` ticks.
    pub(super) fn new(typical: Timestamp) -> Self {
        Self { held: None, typical: typical.ticks().max(1), lead: None }
    }

    /// The frame that is held back.
    pub(super) fn held(&self) -> Option<&Sample> {
        self.held.as_ref()
    }

    /// How far presentation lies behind decoding, in ticks.
    pub(super) fn lead(&self) -> i64 {
        self.lead.unwrap_or(0)
    }

    /// Half of a usual frame, in ticks.
    pub(super) fn half(&self) -> i64 {
        self.typical / 2
    }

    /// The decode time that a frame with this output time gets: later than the held frame's.
    pub(super) fn place(&self, dts: Timestamp) -> i64 {
        self.held.as_ref().map_or(dts.ticks().max(0), |held| dts.ticks().max(held.dts + 1))
    }

    /// Takes the next frame, shifted by `offset` ticks; gives back the held one, its duration now known.
    pub(super) fn hold(&mut self, frame: &Frame, offset: i64) -> Option<Sample> {
        let dts = self.place(Timestamp::from_ticks(frame.dts.ticks() + offset));
        let composition = (frame.pts - frame.dts).ticks();
        let previous = self.let_go(dts);
        self.lead.get_or_insert(composition);
        self.held = Some(Sample {
            data: frame.data.clone(),
            dts,
            duration: 0,
            composition: composition.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
            key: frame.keyframe,
        });
        previous
    }

    /// Lets the held frame go; it lasts until `end`.
    pub(super) fn let_go(&mut self, end: i64) -> Option<Sample> {
        let mut sample = self.held.take()?;
        let duration = (end - sample.dts).max(1);
        if duration <= Self::TYPICAL_MAX {
            self.typical = duration;
        }
        sample.duration = u32::try_from(duration).unwrap_or(u32::MAX);
        Some(sample)
    }

    /// Lets the held frame go at the end of the timeline: it lasts as long as the one before it.
    pub(super) fn finish(&mut self) -> Option<Sample> {
        let end = self.held.as_ref()?.dts + self.typical;
        self.let_go(end)
    }
}
