//! What a log must hold, said by a plain list of all that was ever pushed to it.

use media::{Entry, Frame, Kind, Timestamp, TrackId};
use stream::Limits;

/// All entries that a log ever got, and from which of them on it must still hold them.
#[derive(Debug)]
pub(crate) struct Reference {
    limits: Limits,
    entries: Vec<Entry>,
    /// Where decoders may start: every group since the beginning.
    groups: Vec<(u64, Timestamp)>,
    /// The oldest entry that is held.
    first: u64,
    /// Readers had their turn with what lies before.
    settled: u64,
    bytes: usize,
    has_video: bool,
}

impl Reference {
    pub(crate) fn new(limits: Limits) -> Self {
        let (entries, groups) = (Vec::new(), Vec::new());
        Self { limits, entries, groups, first: 0, settled: 0, bytes: 0, has_video: false }
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        if let Entry::Tracks(tracks) = &entry {
            self.has_video = tracks.has_video();
        }
        let newest = if let Entry::Frame(frame) = &entry { Some(frame.clone()) } else { None };
        self.entries.push(entry);
        if let Some(frame) = newest {
            self.bytes += frame.data.len();
            if self.begins_group(&frame) {
                self.groups.push((self.end() - 1, frame.dts));
            }
            self.forget_old(frame.dts);
            while self.is_over() || self.is_older(frame.dts, |age| age > self.limits.max_duration) {
                self.forget();
            }
        }
        while self.end() - self.first > self.limits.max_entries as u64 {
            self.forget();
        }
    }

    /// Readers get their turn.
    pub(crate) fn settle(&mut self) {
        self.settled = self.end();
    }

    /// The oldest entry that would be held if readers had had their turn with all.
    pub(crate) fn first_if_settled(&self) -> u64 {
        let newest = self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Frame(frame) => Some(frame.dts),
            Entry::Tracks(_) | Entry::Metadata(_) => None,
        });
        let (Some(newest), Some(group)) = (newest, self.newest_group()) else { return self.first };
        let held = |index: &u64| {
            *index >= group
                || self.next_frame(*index).is_none_or(|(_, it)| newest - it.dts < self.limits.keep)
        };
        (self.first..=group).find(held).unwrap_or(group)
    }

    /// Forgets what lies before.
    pub(crate) fn forget_before(&mut self, first: u64) {
        while self.first < first {
            self.forget();
        }
    }

    /// The oldest entry that the log must still hold.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The number of entries that ever were.
    pub(crate) fn end(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The payload of what is held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn entry(&self, index: u64) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    /// The frame at or behind this place.
    pub(crate) fn next_frame(&self, from: u64) -> Option<(u64, &Frame)> {
        (from..self.end()).find_map(|index| match self.entry(index) {
            Some(Entry::Frame(frame)) => Some((index, frame)),
            _ => None,
        })
    }

    pub(crate) fn is_group_start(&self, index: u64) -> bool {
        self.groups.binary_search_by_key(&index, |(start, _)| *start).is_ok()
    }

    /// The newest group that is held.
    pub(crate) fn newest_group(&self) -> Option<u64> {
        self.groups.last().map(|(start, _)| *start).filter(|start| *start >= self.first)
    }

    /// The first held group at or behind this place.
    pub(crate) fn group_from(&self, index: u64) -> Option<u64> {
        let held = self.groups.iter().map(|(start, _)| *start);
        held.filter(|start| *start >= self.first).find(|start| *start >= index)
    }

    /// A group begins at a key frame of the picture; without picture, each second.
    fn begins_group(&self, frame: &Frame) -> bool {
        if self.has_video {
            return frame.track == TrackId::video(0) && frame.keyframe;
        }
        let held = self.groups.last().filter(|(start, _)| *start >= self.first);
        frame.track == TrackId::audio(0)
            && frame.track.kind == Kind::Audio
            && held.is_none_or(|(_, dts)| (frame.dts - *dts).millis() >= 1000)
    }

    /// What is no part of the newest group goes when readers had their turn and it is old enough.
    fn forget_old(&mut self, newest: Timestamp) {
        let Some(start) = self.newest_group() else { return };
        let old = start.min(self.settled);
        while self.first < old && self.is_older(newest, |age| age >= self.limits.keep) {
            self.forget();
        }
    }

    fn is_over(&self) -> bool {
        let held = self.end() - self.first;
        self.bytes > self.limits.max_bytes || held > self.limits.max_entries as u64
    }

    fn is_older(&self, newest: Timestamp, than: impl Fn(Timestamp) -> bool) -> bool {
        self.next_frame(self.first).is_some_and(|(_, frame)| than(newest - frame.dts))
    }

    fn forget(&mut self) {
        if let Some(Entry::Frame(frame)) = self.entry(self.first) {
            self.bytes -= frame.data.len();
        }
        self.first += 1;
    }
}
