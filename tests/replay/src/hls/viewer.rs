use std::collections::BTreeMap;

use hls::{Lookup, Presentation, Range, Readiness, Target};
use media::TrackId;

use super::events::Files;
use super::playlist::{Playlist, Segment};
use crate::input::Input;

/// Any name of a file, and the one that is written for what it means.
///
/// Every file has one name.
pub(crate) fn hls_names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(target) = Target::parse(&text) {
        assert_eq!(target.to_string(), text, "a file has two names");
    } else {
        assert_eq!(Presentation::new().lookup(&text), Lookup::Unknown);
    }
}

/// A player of all renditions, which remembers all that it was ever told.
///
/// Playlists only go forward, say the same of a segment each time, and name only what can be fetched; a
/// name's bytes never change; a delta update and what was known before make the whole playlist.
#[derive(Default)]
pub(super) struct Viewer {
    lists: BTreeMap<TrackId, Known>,
    /// The bytes that each name stood for.
    files: BTreeMap<String, Range>,
    expired: Vec<(TrackId, Range)>,
}

#[derive(Default)]
struct Known {
    target_duration: u64,
    sequence: u64,
    discontinuity: u64,
    /// The text of the last playlist.
    text: String,
}

impl Viewer {
    /// Loads every playlist.
    pub(super) fn watch(&mut self, presentation: &Presentation, files: &Files) {
        let Some(lineup) = presentation.lineup() else {
            assert_eq!(presentation.multivariant(), None);
            return;
        };
        let index = presentation.multivariant().expect("there is a lineup");
        assert!(index.starts_with("#EXTM3U\n"));
        if !presentation.is_ready() {
            return;
        }
        for rendition in &lineup.renditions {
            let track = rendition.track;
            if presentation.ready(track, None, None) != Readiness::Ready {
                continue;
            }
            let full = presentation.media(track, false).expect("it is in the lineup");
            let delta = presentation.media(track, true).expect("it is in the lineup");
            self.load(presentation, files, track, full, &delta);
        }
    }

    fn load(
        &mut self,
        presentation: &Presentation,
        files: &Files,
        track: TrackId,
        full: String,
        delta: &str,
    ) {
        let known = self.lists.remove(&track).unwrap_or_default();
        let list = Playlist::parse(&full);
        assert!(known.target_duration == 0 || known.target_duration == list.target_duration);
        assert!(known.sequence <= list.sequence, "the media sequence went back");
        assert!(known.discontinuity <= list.discontinuity, "the discontinuity sequence went back");
        for segment in list.segments.values() {
            let seconds = (segment.millis() / 1000.0).round() as u64;
            assert!(seconds <= list.target_duration, "{segment:?} is over the target duration");
            assert!(!segment.date.is_empty() && segment.map.is_some(), "{segment:?}");
        }
        if !known.text.is_empty() {
            same_as_before(&Playlist::parse(&known.text), &list);
        }
        same_as_delta(&list, &Playlist::parse(delta));
        self.fetch(presentation, files, track, &list);
        let (target_duration, sequence, discontinuity) =
            (list.target_duration, list.sequence, list.discontinuity);
        self.lists.insert(track, Known { target_duration, sequence, discontinuity, text: full });
    }

    /// Fetches what a playlist names.
    fn fetch(
        &mut self,
        presentation: &Presentation,
        files: &Files,
        track: TrackId,
        list: &Playlist<'_>,
    ) {
        let segments = list.segments.values().filter(|segment| !segment.gap);
        let names = segments.map(|segment| segment.uri).chain(list.maps.iter().copied());
        for name in names.chain(list.parts.iter().copied()) {
            let Lookup::File { track: found, range } = presentation.lookup(name) else {
                panic!("{name} is in the playlist and cannot be fetched");
            };
            assert_eq!(found, track);
            assert!(range.len > 0 && range.offset + range.len <= files.len(track));
            let before = *self.files.entry(name.to_owned()).or_insert(range);
            assert_eq!(before, range, "the bytes of {name} changed");
            let gone = |&(of, gone): &(TrackId, Range)| {
                of == track
                    && gone.offset < range.offset + range.len
                    && range.offset < gone.offset + gone.len
            };
            assert!(!self.expired.iter().any(gone), "the bytes of {name} are gone");
        }
        if let Some(hint) = list.hint {
            assert_eq!(presentation.lookup(hint), Lookup::Future, "the hint {hint}");
        }
    }

    /// Lets go what nobody can ask for.
    pub(super) fn expire(&mut self, presentation: &mut Presentation, now_ms: i64) {
        for expired in presentation.expired(now_ms) {
            self.expired.push((expired.track, expired.range));
        }
    }
}

/// Asks for what may be or not.
pub(super) fn ask(presentation: &Presentation, input: &mut Input<'_>) {
    let number = input.u8() & 1;
    let track = if input.flag() { TrackId::video(number) } else { TrackId::audio(number) };
    let session = u32::from(input.u8());
    let msn = if input.flag() { u64::from(input.u16()) } else { u64::MAX - u64::from(input.u8()) };
    let part = if input.flag() { u32::from(input.u8()) } else { u32::MAX };
    for target in [
        Target::Init { track, session, number: part },
        Target::Segment { track, session, msn },
        Target::Part { track, session, msn, part },
    ] {
        presentation.lookup(&target.to_string());
    }
    for (msn, part) in
        [(None, None), (None, Some(part)), (Some(msn), None), (Some(msn), Some(part))]
    {
        if presentation.ready(track, msn, part) == Readiness::Ready {
            let list = presentation.media(track, false).expect("it is ready");
            let list = Playlist::parse(&list);
            let open = !list.parts.is_empty() && part.is_some();
            assert!(
                list.ended
                    || msn.is_none_or(|msn| open || list.last().is_some_and(|last| msn <= last)),
                "{track:?} {msn:?} {part:?} is not in the playlist"
            );
        }
    }
}

/// A segment is the same in each playlist that has it.
fn same_as_before(before: &Playlist<'_>, now: &Playlist<'_>) {
    for (msn, segment) in &before.segments {
        if let Some(again) = now.segments.get(msn) {
            assert_eq!(again, segment, "what is said of segment {msn} changed");
        }
    }
    assert!(before.last() <= now.last(), "segments went back");
}

/// A delta update is the whole playlist without its first segments.
fn same_as_delta(full: &Playlist<'_>, delta: &Playlist<'_>) {
    assert_eq!(delta.sequence, full.sequence);
    assert_eq!((delta.hint, delta.ended), (full.hint, full.ended));
    assert_eq!(delta.skipped as usize + delta.segments.len(), full.segments.len());
    let mut map = full.segments.range(..delta.sequence + delta.skipped).next_back();
    for (msn, segment) in &delta.segments {
        // The map that applies is that of the last skipped segment until another one comes.
        let known = segment.map.or(map.and_then(|(_, segment)| segment.map));
        let resolved = Segment { map: known, ..segment.clone() };
        assert_eq!(Some(&resolved), full.segments.get(msn), "segment {msn} of a delta update");
        if segment.map.is_some() {
            map = None;
        }
    }
    assert!(full.parts.ends_with(&delta.parts));
}
