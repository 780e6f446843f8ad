//! A packager whose events are placed in files in memory and applied to a presentation.

use std::collections::BTreeMap;
use std::convert::Infallible;

use bytes::Bytes;
use hls::{Config, Event, Packager, Presentation, Range};
use media::{Entry, TrackId};

pub(crate) const WALL: i64 = 1_700_000_000_000;

pub(crate) struct Rig {
    pub(crate) packager: Packager,
    pub(crate) presentation: Presentation,
    pub(crate) files: BTreeMap<TrackId, Vec<u8>>,
    pub(crate) events: Vec<Event<Range>>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Config { session: 7, first_msn: 100, ..Config::default() })
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            packager: Packager::new(config),
            presentation: Presentation::new(),
            files: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, entry: &Entry, wall_ms: i64) {
        let mut out = Vec::new();
        self.packager.push(entry, wall_ms, &mut out);
        self.take(&out);
    }

    pub(crate) fn feed(&mut self, entries: &[(Entry, i64)]) {
        for (entry, wall_ms) in entries {
            self.push(entry, *wall_ms);
        }
    }

    pub(crate) fn interrupt(&mut self, wall_ms: i64) {
        let mut out = Vec::new();
        self.packager.interrupt(wall_ms, &mut out);
        self.take(&out);
    }

    pub(crate) fn end(&mut self, wall_ms: i64) {
        let mut out = Vec::new();
        self.packager.end(wall_ms, &mut out);
        self.take(&out);
    }

    pub(crate) fn bytes(&self, track: TrackId, range: Range) -> &[u8] {
        &self.files[&track][range.offset as usize..(range.offset + range.len) as usize]
    }

    fn take(&mut self, out: &[Event<Vec<Bytes>>]) {
        for event in out {
            let placed = event
                .place(|track, bytes| {
                    let file = self.files.entry(track).or_default();
                    let offset = file.len() as u64;
                    for bytes in bytes {
                        file.extend_from_slice(bytes);
                    }
                    Ok::<_, Infallible>(Range { offset, len: file.len() as u64 - offset })
                })
                .unwrap();
            self.presentation.apply(&placed);
            self.events.push(placed);
        }
    }
}
