use std::collections::VecDeque;
use std::sync::Arc;

use media::{Entry, Frame, Kind, Metadata, Timestamp, TrackId, TrackSet};

/// The bounds of a [`Log`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What lies within this time of the newest frame is kept for readers that lag, beside the newest
    /// group.
    pub keep: Timestamp,
    /// A single group longer than this loses its oldest frames.
    pub max_duration: Timestamp,
    /// All payloads together; over it the oldest go, of the newest group too.
    pub max_bytes: usize,
    /// All entries together, so that tiny frames are bounded as well.
    pub max_entries: usize,
}

impl Default for Limits {
    /// One whole group of up to 20 s or 32 MB (an encoder's 250-frame default fits), and 3 s for
    /// readers that lag.
    fn default() -> Self {
        Self {
            keep: Timestamp::from_millis(3000),
            max_duration: Timestamp::from_millis(20_000),
            max_bytes: 32 << 20,
            max_entries: 16_384,
        }
    }
}

/// The recent past of a stream: its entries in order, each with an absolute index that is never used
/// twice.
#[derive(Debug)]
pub struct Log {
    limits: Limits,
    entries: VecDeque<Entry>,
    /// The absolute index of `entries[0]`.
    first: u64,
    groups: VecDeque<Group>,
    /// Readers had their turn with everything before this index.
    settled: u64,
    bytes: usize,
    tracks: Arc<TrackSet>,
    metadata: Option<Arc<Metadata>>,
}

/// Where a decoder may start: the index of the first frame and what was current there.
#[derive(Debug)]
struct Group {
    start: u64,
    dts: Timestamp,
    tracks: Arc<TrackSet>,
    metadata: Option<Arc<Metadata>>,
}

/// A reader's place in a [`Log`]. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    next: u64,
    /// The reader has nothing to decode from yet: it is to be put on a group's start.
    waiting: bool,
    /// The next read tells the tracks before the frame at `next`.
    start: bool,
}

impl Cursor {
    /// The absolute index of the entry that is read next.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Whether the reader has begun and reads frame after frame.
    pub fn is_running(&self) -> bool {
        !self.waiting && !self.start
    }

    /// A reader that has read everything before `next`.
    pub fn running_at(next: u64) -> Self {
        Self { next, waiting: false, start: false }
    }
}

/// What [`Log::read`] finds.
#[derive(Debug)]
pub enum Read<'a> {
    /// The reader starts here (it joined, or it fell off the log and jumped): these are the tracks.
    Start {
        /// The tracks that are current at the next frame.
        tracks: &'a Arc<TrackSet>,
        /// The metadata that is current there.
        metadata: Option<&'a Arc<Metadata>>,
        /// How many entries a lagging reader missed by jumping; 0 for a joiner.
        skipped: u64,
    },
    /// The next entry.
    Entry(&'a Entry),
    /// Nothing new.
    Empty,
}

impl Log {
    /// An empty log.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: VecDeque::new(),
            first: 0,
            groups: VecDeque::new(),
            settled: 0,
            bytes: 0,
            tracks: Arc::default(),
            metadata: None,
        }
    }

    /// Appends an entry and forgets what is over the bounds.
    pub fn push(&mut self, entry: Entry) {
        match &entry {
            Entry::Tracks(tracks) => self.tracks = Arc::clone(tracks),
            Entry::Metadata(metadata) => self.metadata = Some(Arc::clone(metadata)),
            Entry::Frame(frame) => {
                if self.starts_group(frame) {
                    self.groups.push_back(Group {
                        start: self.end(),
                        dts: frame.dts,
                        tracks: Arc::clone(&self.tracks),
                        metadata: self.metadata.clone(),
                    });
                }
                self.bytes += frame.data.len();
                let newest = frame.dts;
                self.entries.push_back(entry);
                self.trim(newest);
                return;
            }
        }
        self.entries.push_back(entry);
        while self.entries.len() > self.limits.max_entries {
            self.pop();
        }
    }

    /// Readers get their turn before the next entry comes. What came since the last time is never
    /// forgotten for its age, so that none misses what came in one piece.
    pub fn settle(&mut self) {
        self.settled = self.end();
    }

    /// A cursor at the start of the newest group, or one that waits for the next group.
    pub fn join(&self) -> Cursor {
        match self.groups.back() {
            Some(group) => Cursor { next: group.start, waiting: false, start: true },
            None => Cursor { next: self.end(), waiting: true, start: true },
        }
    }

    /// The cursor of a reader that could not take what it read up to `cursor`: it goes on with the
    /// next group that starts there or later.
    pub fn next_group(&self, cursor: Cursor) -> Cursor {
        Cursor { next: cursor.next, waiting: true, start: true }
    }

    /// A cursor behind the newest entry that takes everything from there on, starting with what is
    /// current; for readers that need no group start, such as the packager.
    pub fn tail(&self) -> Cursor {
        Cursor { next: self.end(), waiting: false, start: false }
    }

    /// Reads what is next for `cursor` and moves it on.
    pub fn read(&self, cursor: &mut Cursor) -> Read<'_> {
        let mut skipped = 0;
        if cursor.next < self.first {
            let joined = self.join();
            // With no group to jump to the reader keeps its place, so that all it missed is counted.
            if joined.waiting && cursor.is_running() {
                return Read::Empty;
            }
            skipped = joined.next - cursor.next;
            *cursor = joined;
        }
        if cursor.waiting {
            let Some(group) = self.groups.iter().find(|group| group.start >= cursor.next) else {
                return Read::Empty;
            };
            cursor.next = group.start;
            cursor.waiting = false;
        }
        if cursor.start {
            let Some(group) = self.groups.iter().rev().find(|group| group.start <= cursor.next)
            else {
                return Read::Empty;
            };
            cursor.start = false;
            let metadata = group.metadata.as_ref();
            return Read::Start { tracks: &group.tracks, metadata, skipped };
        }
        let Some(entry) = self.get(cursor.next) else { return Read::Empty };
        cursor.next += 1;
        Read::Entry(entry)
    }

    /// The entry with this absolute index, if the log still or already holds it.
    pub fn get(&self, index: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(index.checked_sub(self.first)?).ok()?)
    }

    /// The entries that the log holds from this absolute index on.
    pub fn entries_from(&self, index: u64) -> impl Iterator<Item = &Entry> {
        let start = index.saturating_sub(self.first).min(self.entries.len() as u64);
        self.entries.range(start as usize..)
    }

    /// The index of the oldest entry.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The index that the next entry will have.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Payload bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The stream's rate over what the log holds, in bytes a second; 0 while that is less than a
    /// quarter of a second.
    pub fn bytes_per_second(&self) -> u64 {
        let dts = |entry: &Entry| match entry {
            Entry::Frame(frame) => Some(frame.dts),
            Entry::Tracks(_) | Entry::Metadata(_) => None,
        };
        let first = self.entries.iter().find_map(dts);
        let last = self.entries.iter().rev().find_map(dts);
        let held = last.zip(first).map_or(0, |(last, first)| (last - first).millis());
        if held < 250 { 0 } else { self.bytes as u64 * 1000 / held as u64 }
    }

    /// The current tracks.
    pub fn tracks(&self) -> &Arc<TrackSet> {
        &self.tracks
    }

    /// The current metadata.
    pub fn metadata(&self) -> Option<&Arc<Metadata>> {
        self.metadata.as_ref()
    }

    /// With video a group starts at a key frame of the default video track; without, at an audio
    /// frame each second.
    fn starts_group(&self, frame: &Frame) -> bool {
        const AUDIO_GROUP: Timestamp = Timestamp::from_millis(1000);
        if self.tracks.has_video() {
            return frame.keyframe && frame.track == TrackId::video(0);
        }
        frame.track.kind == Kind::Audio
            && frame.track.is_default()
            && self.groups.back().is_none_or(|group| frame.dts - group.dts >= AUDIO_GROUP)
    }

    fn trim(&mut self, newest: Timestamp) {
        let newest_group = self.groups.back().map_or(self.first, |group| group.start);
        let old = newest_group.min(self.settled);
        while self.first < old && newest - self.oldest_dts(newest) >= self.limits.keep {
            self.pop();
        }
        while self.is_over() || newest - self.oldest_dts(newest) > self.limits.max_duration {
            self.pop();
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > self.limits.max_bytes || self.entries.len() > self.limits.max_entries
    }

    fn oldest_dts(&self, otherwise: Timestamp) -> Timestamp {
        let first = self.entries.iter().find_map(|entry| match entry {
            Entry::Frame(frame) => Some(frame.dts),
            Entry::Tracks(_) | Entry::Metadata(_) => None,
        });
        first.unwrap_or(otherwise)
    }

    fn pop(&mut self) {
        let Some(entry) = self.entries.pop_front() else { return };
        if let Entry::Frame(frame) = entry {
            self.bytes -= frame.data.len();
        }
        self.first += 1;
        if self.groups.front().is_some_and(|group| group.start < self.first) {
            self.groups.pop_front();
        }
    }
}
