use media::{Frame, Timestamp};

use crate::mp4::Sample;

/// Gives a video track strictly increasing decode times and each frame its duration, which only the
/// next frame tells: one frame is held back.
#[derive(Debug)]
pub(super) struct VideoTimeline {
    held: Option<Sample>,
    /// The duration of the last frame that was let go.
    typical: i64,
    /// The most that a frame may lie before the start of its segment, in ticks.
    reach: i64,
    /// Where the last frame that was let go ends.
    end: i64,
    /// Presentation minus decode time of the first frame, a keyframe: the distance of the two timelines.
    lead: Option<i64>,
}

impl VideoTimeline {
    /// A longer frame, in ticks, bridges a gap and says nothing of the frame rate. It also bounds what a
    /// last frame lasts.
    const TYPICAL_MAX: i64 = Timestamp::HZ / 2;

    /// A track whose frames last about `typical`, and lie before the start of their segment by `reach`
    /// at most.
    pub(super) fn new(typical: Timestamp, reach: Timestamp) -> Self {
        let (typical, reach) = (typical.ticks().clamp(1, Self::TYPICAL_MAX), reach.ticks());
        Self { held: None, typical, reach, end: 0, lead: None }
    }

    /// The frame that is held back.
    pub(super) fn held(&self) -> Option<&Sample> {
        self.held.as_ref()
    }

    /// How far presentation lies behind decoding, in ticks.
    pub(super) fn lead(&self) -> i64 {
        self.lead.unwrap_or(0)
    }

    /// How far before the start of a segment a frame may lie that belongs to it, in ticks: half of a
    /// usual frame, so that it belongs where its middle lies, as long as there is room.
    pub(super) fn reach(&self) -> i64 {
        self.reach.min(self.typical / 2)
    }

    /// The duration of a usual frame, in ticks.
    pub(super) fn typical(&self) -> i64 {
        self.typical
    }

    /// The decode time that a frame with this output time gets: later than the held frame's, and not
    /// before the end of those that were let go.
    pub(super) fn place(&self, dts: Timestamp) -> i64 {
        let least = self.held.as_ref().map_or(self.end, |held| held.dts + 1);
        dts.ticks().max(least)
    }

    /// Where in presentation a frame will lie that is held with this offset, in ticks.
    pub(super) fn position(&self, frame: &Frame, offset: i64) -> i64 {
        let lead = self.lead.unwrap_or((frame.pts - frame.dts).ticks());
        self.place(Timestamp::from_ticks(frame.dts.ticks() + offset)) + lead
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
        self.end = sample.dts + duration;
        sample.duration = u32::try_from(duration).unwrap_or(u32::MAX);
        Some(sample)
    }

    /// Lets the held frame go at the end of the timeline: it lasts as long as the one before it.
    pub(super) fn finish(&mut self) -> Option<Sample> {
        let end = self.held.as_ref()?.dts + self.typical;
        self.let_go(end)
    }
}
