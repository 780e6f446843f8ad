//! What has to hold of every run of events, whatever the source.

use std::collections::{BTreeMap, BTreeSet};

use hls::{Event, Range};
use media::{Kind, Timestamp, TrackId};
use mp4_atom::{Any, Codec, Decode, DecodeMaybe, Moof};

use crate::rig::Rig;

/// Fails unless the events of a run keep every promise.
pub(crate) fn check(rig: &Rig) {
    check_with(rig, false);
}

/// The same, but decode times may leave holes: where nothing can be made up for what the source left
/// out, and where a picture was cut short.
pub(crate) fn check_but_holes(rig: &Rig) {
    check_with(rig, true);
}

fn check_with(rig: &Rig, holes: bool) {
    let mut checker = Checker::new(rig, holes);
    for event in &rig.events {
        checker.event(event);
    }
    checker.finish();
}

struct Checker<'a> {
    rig: &'a Rig,
    holes: bool,
    target_duration: i64,
    scales: BTreeMap<(TrackId, u32), u32>,
    lanes: BTreeMap<TrackId, Lane>,
    /// The discontinuity number of each segment, the same in every rendition.
    discontinuities: BTreeMap<u64, u32>,
    names: BTreeSet<String>,
}

#[derive(Default)]
struct Lane {
    part_target: Timestamp,
    open: Option<u64>,
    next: Option<u64>,
    init: u32,
    discontinuity: Option<u32>,
    parts: u32,
    sum: Timestamp,
    sequence: u32,
    /// Where the last part of this continuity ended, in ticks of the scale; unknown after a gap.
    decode_end: Option<i64>,
    part_bytes: Option<Range>,
}

impl<'a> Checker<'a> {
    fn new(rig: &'a Rig, holes: bool) -> Self {
        Self {
            rig,
            holes,
            target_duration: 0,
            scales: BTreeMap::new(),
            lanes: BTreeMap::new(),
            discontinuities: BTreeMap::new(),
            names: BTreeSet::new(),
        }
    }

    fn lane(&mut self, track: TrackId) -> &mut Lane {
        self.lanes.entry(track).or_default()
    }

    fn event(&mut self, event: &Event<Range>) {
        match event {
            Event::Lineup(lineup) => {
                let target = i64::from(lineup.target_duration);
                assert!(self.target_duration == 0 || self.target_duration == target);
                self.target_duration = target;
                for rendition in &lineup.renditions {
                    let part_target = Timestamp::from_millis(i64::from(rendition.part_target_ms));
                    let lane = self.lane(rendition.track);
                    assert!([Timestamp::ZERO, part_target].contains(&lane.part_target));
                    lane.part_target = part_target;
                }
            }
            Event::Init { track, number, bytes } => self.init(*track, *number, *bytes),
            Event::SegmentStart(start) => {
                let known = *self.discontinuities.entry(start.msn).or_insert(start.discontinuity);
                assert_eq!(known, start.discontinuity, "all renditions change at one number");
                assert!(self.scales.contains_key(&(start.track, start.init)), "the init is there");
                assert!(self.names.insert(format!("{:?} {}", start.track, start.msn)));
                let lane = self.lane(start.track);
                assert_eq!(lane.open, None);
                assert!(lane.next.is_none_or(|next| next <= start.msn), "numbers never go back");
                if lane.discontinuity == Some(start.discontinuity) {
                    assert_eq!(lane.next, Some(start.msn));
                } else {
                    assert!(lane.discontinuity.is_none_or(|before| before < start.discontinuity));
                    lane.decode_end = None;
                }
                lane.discontinuity = Some(start.discontinuity);
                lane.init = start.init;
                lane.open = Some(start.msn);
                lane.next = Some(start.msn + 1);
                lane.parts = 0;
                lane.sum = Timestamp::ZERO;
                lane.part_bytes = None;
            }
            Event::Part(part) => self.part(part),
            Event::SegmentEnd(end) => {
                let longest = self.target_duration * Timestamp::HZ + Timestamp::HZ / 2;
                let lane = self.lane(end.track);
                assert_eq!(lane.open.take(), Some(end.msn));
                if lane.parts > 0 {
                    assert_eq!(lane.sum, end.duration, "the parts are the segment");
                } else {
                    lane.decode_end = None;
                }
                assert!(end.duration > Timestamp::ZERO, "{end:?}");
                assert!(end.duration.ticks() < longest, "{end:?} is over the target duration");
            }
            Event::End { .. } => {}
        }
    }

    fn init(&mut self, track: TrackId, number: u32, range: Range) {
        let mut bytes = self.rig.bytes(track, range);
        assert!(matches!(Any::decode(&mut bytes).unwrap(), Any::Ftyp(_)));
        let Any::Moov(moov) = Any::decode(&mut bytes).unwrap() else { panic!("no moov") };
        assert!(bytes.is_empty());
        assert_eq!(moov.mvex.unwrap().trex[0].track_id, moov.trak[0].tkhd.track_id);
        let mdia = &moov.trak[0].mdia;
        let codec = &mdia.minf.stbl.stsd.codecs[0];
        assert!(!matches!(codec, Codec::Unknown(..)));
        assert_eq!(codec.visual().is_some(), track.kind == Kind::Video);
        assert!(self.names.insert(format!("{track:?} init {number}")));
        self.scales.insert((track, number), mdia.mdhd.timescale);
    }

    fn part(&mut self, part: &hls::Part<Range>) {
        let rig = self.rig;
        let init = self.lane(part.track).init;
        let (scale, holes) = (self.scales[&(part.track, init)], self.holes);
        let lane = self.lane(part.track);
        assert_eq!(lane.open, Some(part.msn));
        assert_eq!(lane.parts, part.index);
        if let Some(before) = lane.part_bytes {
            assert_eq!(before.offset + before.len, part.bytes.offset, "one range");
        }
        lane.part_bytes = Some(part.bytes);
        lane.parts += 1;
        lane.sum = lane.sum + part.duration;

        let mut bytes = rig.bytes(part.track, part.bytes);
        let moof = Moof::decode(&mut bytes).unwrap();
        let Some(Any::Mdat(mdat)) = Any::decode_maybe(&mut bytes).unwrap() else {
            panic!("no mdat")
        };
        assert!(bytes.is_empty());
        assert_eq!(moof.mfhd.sequence_number, lane.sequence + 1);
        lane.sequence += 1;
        let traf = &moof.traf[0];
        let samples: Vec<_> = traf.trun[0].samples.iter().collect();
        let size: usize = samples.iter().map(|sample| sample.size.unwrap() as usize).sum();
        assert_eq!(size, mdat.data.len());
        let start = traf.tfdt.as_ref().unwrap().base_media_decode_time as i64;
        let duration: i64 = samples.iter().map(|sample| i64::from(sample.duration.unwrap())).sum();
        if let Some(before) = lane.decode_end {
            let gap = (start - before) * 1_000;
            assert!(gap >= -i64::from(scale), "an overlap over 1 ms at {part:?}");
            assert!(holes || gap <= i64::from(scale), "a gap over 1 ms at {part:?}");
        }
        lane.decode_end = Some(start + duration);
        let declared = part.duration.to_scale(scale);
        assert!((declared - duration).abs() * 1_000 <= i64::from(scale), "{part:?}");
        assert!(
            part.duration <= lane.part_target || samples.len() == 1,
            "{part:?} is longer than {:?}",
            lane.part_target
        );
        let key =
            samples.iter().any(|sample| sample.flags.is_none_or(|flags| flags & 0x1_0000 == 0));
        assert_eq!(part.independent, key, "{part:?}");
    }

    fn finish(&self) {
        for (track, lane) in &self.lanes {
            if self.rig.presentation.is_ended() {
                assert_eq!(lane.open, None, "{track:?} has ended");
            }
        }
    }
}
