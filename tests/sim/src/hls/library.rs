use std::collections::BTreeMap;

use hls::Target;
use media::{Kind, TrackId};

use super::mp4::{self, Fragment};
use super::playlist::{Playlist, Segment};
use crate::footage::{Stamp, stamp_of};
use crate::ledger::Ledger;
use crate::trace::{broken, check};

/// Names that a library remembers the bytes of, for each stream.
const MAX_FILES: usize = 20_000;

/// All that viewers of any shard were ever told, over restarts of the server.
#[derive(Debug, Default)]
pub(crate) struct Library {
    /// By stream and name: the length and a hash of the bytes.
    files: BTreeMap<(usize, String), (usize, u64)>,
    sessions: BTreeMap<(usize, u32), Session>,
}

/// A session of a stream.
#[derive(Debug, Default)]
struct Session {
    /// How many were known before it.
    order: usize,
    target_duration: Option<u64>,
    highest: u64,
    lanes: BTreeMap<TrackId, Lane>,
    /// The discontinuity number of each segment, the same in all renditions.
    discontinuities: BTreeMap<u64, u64>,
}

/// A rendition.
#[derive(Debug, Default)]
struct Lane {
    segments: BTreeMap<u64, Segment>,
    /// What is in each part that somebody loaded.
    parts: BTreeMap<(u64, u32), Content>,
}

/// The frames of a part.
#[derive(Clone, Copy, Debug)]
struct Content {
    first: Option<Stamp>,
    last: Option<Stamp>,
    /// Fragment number, and decode times in ticks.
    sequence: u32,
    start: u64,
    end: u64,
}

impl Library {
    /// A playlist of a stream's rendition, every segment of it listed.
    pub(crate) fn playlist(
        &mut self,
        stream: usize,
        track: TrackId,
        session: u32,
        list: &Playlist,
    ) {
        let (Some(first), Some(last)) = (list.segments.keys().next(), list.next()) else { return };
        let order = self.sessions.len();
        let new = || Session { order, ..Session::default() };
        let order = self.sessions.entry((stream, session)).or_insert_with(new).order;
        // A grant that comes late may open a session behind one with a higher number.
        let before = self.sessions.range((stream, 0)..(stream, session));
        for ((_, earlier), known) in before.filter(|(_, known)| known.order < order) {
            check!(
                known.highest < *first,
                "session {session} of stream {stream} has segment {first}, session {earlier} had {}",
                known.highest
            );
        }
        let entry = self.sessions.entry((stream, session)).or_default();
        entry.highest = entry.highest.max(last.0.saturating_sub(u64::from(last.1 == 0)));
        let target = *entry.target_duration.get_or_insert(list.target_duration);
        check!(target == list.target_duration, "the target duration of stream {stream} changed");
        for (msn, segment) in &list.segments {
            let number = *entry.discontinuities.entry(*msn).or_insert(segment.discontinuity);
            let here = segment.discontinuity;
            check!(
                number == here,
                "segment {msn} of stream {stream} has the discontinuity {here}, and elsewhere {number}"
            );
            entry.lanes.entry(track).or_default().learn(stream, *msn, segment, target);
        }
    }

    /// The bytes that a name stood for, all of them.
    pub(crate) fn file(&mut self, stream: usize, name: &str, bytes: &[u8], ledger: &Ledger) {
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if self.files.len() < MAX_FILES {
            let known = *self.files.entry((stream, name.to_owned())).or_insert((bytes.len(), hash));
            check!(known == (bytes.len(), hash), "{name} of stream {stream} has other bytes now");
        }
        match Target::parse(name) {
            Some(Target::Part { track, session, msn, part }) => {
                let lane = self.lane(stream, session, track);
                let rest = lane.load(name, (msn, part), track.kind, bytes, stream, ledger);
                check!(rest.is_none_or(<[u8]>::is_empty), "{name} has bytes behind its fragment");
            }
            Some(Target::Segment { track, session, msn }) => {
                let lane = self.lane(stream, session, track);
                let mut rest = Some(bytes);
                let mut part = 0;
                while let Some(bytes) = rest.filter(|bytes| !bytes.is_empty()) {
                    rest = lane.load(name, (msn, part), track.kind, bytes, stream, ledger);
                    part += 1;
                }
                lane.check_count(name, msn, part);
            }
            Some(Target::Init { .. }) => {
                check!(bytes.get(4..8) == Some(b"ftyp"), "{name} is no initialization segment");
            }
            _ => {}
        }
    }

    fn lane(&mut self, stream: usize, session: u32, track: TrackId) -> &mut Lane {
        let session = self.sessions.entry((stream, session)).or_default();
        session.lanes.entry(track).or_default()
    }
}

impl Lane {
    /// A segment is the same in every playlist that has it, but for growing.
    fn learn(&mut self, stream: usize, msn: u64, segment: &Segment, target: u64) {
        check!(segment.map.is_some() && !segment.date.is_empty(), "segment {msn}: {segment:?}");
        let sum: u64 = segment.parts.iter().map(|part| part.duration).sum();
        if segment.is_complete() {
            let seconds = (segment.duration + 50_000) / 100_000;
            check!(seconds <= target, "segment {msn} of stream {stream} lasts {seconds} s");
            check!(segment.duration > 0, "segment {msn} of stream {stream} lasts nothing");
            let off = sum.abs_diff(segment.duration);
            let fits = segment.parts.is_empty() || off <= segment.parts.len() as u64;
            check!(fits, "the parts of segment {msn} last {sum} and it {}", segment.duration);
        }
        let Some(known) = self.segments.get_mut(&msn) else {
            self.segments.insert(msn, segment.clone());
            return;
        };
        let count = known.parts.len().min(segment.parts.len());
        let same = known.date == segment.date
            && known.map == segment.map
            && known.parts[..count] == segment.parts[..count]
            && (!known.is_complete()
                || !segment.is_complete()
                || (known.duration, &known.uri, known.is_gap)
                    == (segment.duration, &segment.uri, segment.is_gap));
        check!(same, "segment {msn} of stream {stream} was {known:?} and is {segment:?}");
        let grew = segment.parts.len() > known.parts.len();
        let full = known.is_complete() && known.has_all_parts();
        check!(!grew || !full, "segment {msn} of stream {stream} got another part");
        if grew || (segment.is_complete() && !known.is_complete()) {
            let parts = if grew { segment.parts.clone() } else { known.parts.clone() };
            *known = Segment { parts, ..segment.clone() };
        }
    }

    /// Takes the fragment in front of `bytes` as this part; what follows it.
    fn load<'a>(
        &mut self,
        name: &str,
        place: (u64, u32),
        kind: Kind,
        bytes: &'a [u8],
        stream: usize,
        ledger: &Ledger,
    ) -> Option<&'a [u8]> {
        let Some(fragment) = mp4::fragment(bytes) else {
            broken!("part {} of {name} of stream {stream} is no fragment", place.1);
            return None;
        };
        let content = content(name, kind, &fragment, stream, ledger);
        self.parts.insert(place, content);
        self.check_duration(name, place, kind, &fragment);
        let (msn, part) = place;
        let before = part.checked_sub(1).map(|part| (msn, part)).or_else(|| {
            let before = self.segments.get(&(msn - 1)).filter(|segment| segment.is_complete())?;
            let here = self.segments.get(&msn)?;
            let last = (before.parts.len() as u32).checked_sub(1)?;
            (before.has_all_parts() && before.discontinuity == here.discontinuity)
                .then_some((msn - 1, last))
        });
        if let Some(before) = before.and_then(|place| self.parts.get(&place)) {
            follows(name, kind, before, &content, ledger);
        }
        if let Some(after) = self.parts.get(&(msn, part + 1)) {
            follows(name, kind, &content, after, ledger);
        }
        Some(fragment.rest)
    }

    fn check_duration(&self, name: &str, (msn, part): (u64, u32), kind: Kind, of: &Fragment<'_>) {
        let told = self.segments.get(&msn).and_then(|segment| segment.parts.get(part as usize));
        let Some(told) = told else { return };
        let ticks: u64 = of.samples.iter().map(|sample| u64::from(sample.duration)).sum();
        // Video counts in 90 kHz; of sound any of the two rates will do.
        let scales: &[u64] = if kind == Kind::Video { &[90_000] } else { &[48_000, 16_000] };
        let fits = scales.iter().any(|hz| (ticks * 100_000 / hz).abs_diff(told.duration) <= 100);
        check!(fits, "{name}: {ticks} ticks in a part of {}", told.duration);
        let key = of.samples.iter().any(|sample| sample.flags.is_none_or(|f| f & 0x1_0000 == 0));
        check!(key == told.is_independent, "{name}: a part is wrongly called independent or not");
    }

    fn check_count(&self, name: &str, msn: u64, parts: u32) {
        let known = self.segments.get(&msn).map_or(0, |segment| segment.parts.len() as u32);
        check!(known <= parts, "{name} has {parts} parts and not {known}");
    }
}

/// The frames of a fragment, which are a run of what one publisher sent; silence may stand between.
fn content(
    name: &str,
    kind: Kind,
    fragment: &Fragment<'_>,
    stream: usize,
    ledger: &Ledger,
) -> Content {
    let mut found = Content {
        first: None,
        last: None,
        sequence: fragment.sequence,
        start: fragment.start,
        end: fragment.start,
    };
    for sample in &fragment.samples {
        found.end += u64::from(sample.duration);
        let Some(stamp) = stamp_of(kind, sample.data) else {
            // Coded silence is a few bytes and never ours.
            let silent = kind == Kind::Audio && sample.data.len() < 10;
            check!(silent, "{name} of stream {stream} holds a frame that nobody sent");
            continue;
        };
        let known = usize::from(stamp.stream) == stream && ledger.get(stamp).is_some();
        check!(known, "{name} of stream {stream} holds {stamp:?}");
        if let Some(last) = found.last {
            check!(
                is_next(last, stamp, ledger),
                "{name} of stream {stream}: {stamp:?} follows {last:?}"
            );
        }
        found.first.get_or_insert(stamp);
        found.last = Some(stamp);
    }
    found
}

/// A part goes on where the one before it ended.
fn follows(name: &str, kind: Kind, before: &Content, after: &Content, ledger: &Ledger) {
    check!(before.sequence < after.sequence, "{name}: fragment numbers go back");
    let scale = if kind == Kind::Video { 90 } else { 16 };
    check!(
        before.end.abs_diff(after.start) <= scale * 3,
        "{name}: a part begins at {} and the one before it ends at {}",
        after.start,
        before.end
    );
    if let (Some(last), Some(first)) = (before.last, after.first) {
        let next = is_next(last, first, ledger);
        check!(
            next,
            "{name}: a part begins with {first:?} and the one before it ends with {last:?}"
        );
    }
}

/// Pictures follow each other without a hole; so does sound, unless its publisher's clock stepped by
/// less than counts as an interruption, for then some of it has no place on the timeline.
fn is_next(last: Stamp, next: Stamp, ledger: &Ledger) -> bool {
    let rough = last.kind == Kind::Audio && ledger.is_rough(last);
    let fits = if rough { last.number < next.number } else { last.number + 1 == next.number };
    last.conn == next.conn && fits
}
