//! A stream's log with the tightest bounds, its writers, and readers of all manners, each a task that
//! sleeps on the stream's signal.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::{
    AudioInfo, CodecConfig, Entry, Frame, Metadata, Timestamp, Track, TrackId, TrackSet, VideoInfo,
};
use shard::{Rng, sim};
use stream::control::{StopReason, StreamId};
use stream::{Cursor, Limits, Publisher, Read, Stream};

use crate::pace::{World, pass};
use crate::reference::Reference;
use crate::trace::{broken, check, note};

/// Readers at a time.
const READERS: usize = 8;

/// A stream's log between its writers and its readers.
pub(crate) struct LogWorld {
    rng: Rng,
    shared: Rc<Shared>,
    publisher: Publisher,
    /// Takes the present writer's right away.
    revoked: Rc<std::cell::Cell<Option<StopReason>>>,
    readers: Vec<Rc<RefCell<Reader>>>,
    time: i64,
    /// Frames between two key frames.
    group: usize,
    count: usize,
    tracks: Arc<TrackSet>,
}

/// What the tasks hold.
struct Shared {
    stream: Rc<Stream>,
    reference: RefCell<Reference>,
    /// The tracks and metadata that are current at each entry.
    current: RefCell<Vec<Current>>,
}

type Current = (Arc<TrackSet>, Option<Arc<Metadata>>);

/// A reader as the model knows it.
#[derive(Debug)]
struct Reader {
    place: Place,
    /// It waits for the stream's signal, and for nothing else.
    sleeps: bool,
    leaves: bool,
}

/// Where a reader is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At this entry.
    At(u64),
    /// At the start of the newest group, from this entry on if there is none yet.
    Newest(u64),
    /// At the first group from this entry on.
    Group(u64),
}

impl LogWorld {
    pub(crate) fn new(mut rng: Rng) -> Self {
        let limits = Limits {
            keep: Timestamp::from_millis(rng.between(0, 1_500) as i64),
            max_duration: Timestamp::from_millis(rng.pick(&[200, 1_000, 5_000])),
            max_bytes: rng.pick(&[300, 2_000, 1 << 20]),
            max_entries: rng.pick(&[1, 3, 20, 200, 2_000]),
        };
        note!("a log with {limits:?}");
        let id = StreamId::parse("log").expect("a valid id");
        let stream = Stream::new(id, limits, Arc::default());
        let (publisher, revoked) = Publisher::new(Rc::clone(&stream));
        let reference = RefCell::new(Reference::new(limits));
        let shared = Shared { stream, reference, current: RefCell::default() };
        let group = rng.pick(&[1, 2, 7, 30, 1_000]);
        let mut world = Self {
            shared: Rc::new(shared),
            publisher,
            revoked,
            readers: Vec::new(),
            time: 0,
            group,
            count: 0,
            tracks: Arc::default(),
            rng,
        };
        world.change_tracks();
        world
    }

    fn push(&self, entry: Entry) {
        self.publisher.push(entry.clone());
        let mut current = self.shared.current.borrow_mut();
        let mut now = current.last().cloned().unwrap_or_default();
        match &entry {
            Entry::Tracks(tracks) => now.0 = Arc::clone(tracks),
            Entry::Metadata(metadata) => now.1 = Some(Arc::clone(metadata)),
            Entry::Frame(_) => {}
        }
        current.push(now);
        drop(current);
        self.shared.reference.borrow_mut().push(entry);
        self.compare();
    }

    fn flush(&self) {
        self.publisher.flush();
        self.shared.reference.borrow_mut().settle();
    }

    /// The log holds what its bounds say, and nothing else.
    fn compare(&self) {
        let (log, reference) = (self.shared.stream.log(), self.shared.reference.borrow());
        let (found, wanted) = ((log.first(), log.end()), (reference.first(), reference.end()));
        check!(found == wanted, "the log holds {found:?} and not {wanted:?}");
        check!(log.bytes() == reference.bytes(), "the log counts {} bytes", log.bytes());
        check!(log.get(log.end()).is_none(), "the log has an entry behind its end");
        let before = log.first().checked_sub(1).and_then(|before| log.get(before));
        check!(before.is_none(), "the log still has an entry before its first");
    }

    fn frames(&mut self) {
        for _ in 0..self.rng.between(1, 12) {
            self.time += self.rng.pick(&[1, 20, 40, 40, 300]);
            let video = self.tracks.has_video() && self.rng.chance(2, 3);
            let further = self.rng.chance(1, 10);
            let (kind, number) = (video, u8::from(further));
            let track = if kind { TrackId::video(number) } else { TrackId::audio(number) };
            let keyframe = !video || self.count.is_multiple_of(self.group);
            self.count += usize::from(video && !further);
            let dts = Timestamp::from_millis(self.time);
            let data = Bytes::from(vec![self.count as u8; self.rng.pick(&[0, 10, 60, 400])]);
            self.push(Entry::Frame(Frame { track, dts, pts: dts, keyframe, data }));
        }
    }

    fn change_tracks(&mut self) {
        let video = || CodecConfig::H264 { record: Bytes::new(), info: VideoInfo::default() };
        let audio = || CodecConfig::Aac { record: Bytes::new(), info: AudioInfo::default() };
        let mut tracks = vec![Track { id: TrackId::audio(0), config: audio() }];
        if self.rng.chance(3, 4) {
            tracks.insert(0, Track { id: TrackId::video(0), config: video() });
        }
        let discontinuity = self.tracks.discontinuity + 1;
        self.tracks = Arc::new(TrackSet { tracks, discontinuity });
        self.push(Entry::Tracks(Arc::clone(&self.tracks)));
    }

    /// Another writer takes the stream; what the first still pushes is nobody's.
    fn take_over(&mut self) {
        note!("another writer takes the log over");
        self.revoked.set(Some(StopReason::Taken));
        let (publisher, revoked) = Publisher::new(Rc::clone(&self.shared.stream));
        let former = std::mem::replace(&mut self.publisher, publisher);
        self.revoked = revoked;
        former.push(Entry::Metadata(Arc::default()));
        former.flush();
        self.shared.reference.borrow_mut().settle();
        self.compare();
    }

    fn join(&mut self) {
        let log = self.shared.stream.log();
        let newest = self.shared.reference.borrow().newest_group();
        let (cursor, place) = match self.rng.below(4) {
            0 => (log.tail(), Place::At(log.end())),
            1 => (Cursor::running_at(log.first()), Place::At(log.first())),
            _ => (log.join(), newest.map_or(Place::Group(log.end()), Place::Newest)),
        };
        drop(log);
        let reader = Rc::new(RefCell::new(Reader { place, sleeps: false, leaves: false }));
        self.readers.push(Rc::clone(&reader));
        let (shared, rng) = (Rc::clone(&self.shared), self.rng.fork());
        shard::spawn("reader", async move { read(&shared, &reader, cursor, rng).await });
    }
}

impl World for LogWorld {
    fn step(&mut self) {
        match self.rng.below(20) {
            0 => self.change_tracks(),
            1 => self.push(Entry::Metadata(Arc::default())),
            2 => self.take_over(),
            3 | 4 if self.readers.len() < READERS => self.join(),
            5 => {
                let index = self.rng.below(self.readers.len());
                if index < self.readers.len() {
                    self.readers.swap_remove(index).borrow_mut().leaves = true;
                }
            }
            _ => self.frames(),
        }
        if self.rng.chance(3, 4) {
            self.flush();
        } else if self.rng.chance(1, 2) {
            let published = self.rng.chance(1, 2);
            self.shared.stream.set_published(published);
        }
        let passes = self.rng.pick(&[0, 0, 1, 20]);
        pass(self, passes);
    }

    fn end(&mut self) {
        self.shared.stream.end();
        pass(self, 5_000);
        let left = sim::tasks();
        check!(left.is_empty(), "readers are left of a stream that is over: {left:?}");
    }

    fn observe(&mut self) {}

    fn pump(&mut self) -> bool {
        false
    }

    fn next_due(&self) -> Option<u64> {
        None
    }

    /// Nobody sleeps who was called.
    fn check(&mut self) {
        if self.readers.iter().any(|reader| reader.borrow().sleeps) {
            // What was pushed is told by the flush that follows; every other step ends with one.
            self.flush();
            while sim::run_one() {}
        }
        let reference = self.shared.reference.borrow();
        for reader in &self.readers {
            let reader = reader.borrow();
            let next = reader.place.next(&reference);
            let late = reader.sleeps && next.is_some();
            check!(!late, "a reader sleeps at {:?} though {next:?} is there", reader.place);
        }
    }
}

impl Place {
    /// The entry that is read next, and how many of those before it are told as missed; a reader that
    /// waits for a group is not told. `None` when there is nothing to read.
    fn next(self, reference: &Reference) -> Option<(u64, Option<u64>)> {
        let first = reference.first();
        match self {
            Self::At(at) if at >= first => (at < reference.end()).then_some((at, Some(0))),
            Self::Newest(at) if at >= first => Some((at, Some(0))),
            Self::Group(at) if at >= first => reference.group_from(at).map(|group| (group, None)),
            // It fell off and goes on at the newest group.
            Self::At(at) | Self::Newest(at) => {
                reference.newest_group().map(|group| (group, Some(group - at)))
            }
            Self::Group(_) => reference.newest_group().map(|group| (group, None)),
        }
    }

    /// Where a reader goes on that has found nothing.
    fn idle(self, reference: &Reference) -> Self {
        match self {
            Self::Newest(at) | Self::Group(at) if at < reference.first() => {
                Self::Group(reference.end())
            }
            place => place,
        }
    }
}

/// Reads until the stream is over, in fits and starts.
async fn read(shared: &Shared, reader: &RefCell<Reader>, mut cursor: Cursor, mut rng: Rng) {
    let stream = &shared.stream;
    let hasty = rng.chance(1, 2);
    let mut seen = stream.signal().count();
    loop {
        while step(shared, reader, &mut cursor) {
            if !hasty && rng.chance(1, 6) {
                shard::sleep(Duration::from_millis(rng.pick(&[0, 5, 60]))).await;
            }
            if rng.chance(1, 60) {
                cursor = stream.log().next_group(cursor);
                let at = cursor.position();
                reader.borrow_mut().place = Place::Group(at);
            }
        }
        if stream.has_ended() || reader.borrow().leaves {
            return;
        }
        reader.borrow_mut().sleeps = true;
        if rng.chance(1, 4) {
            // As who waits with a time-out does: it is polled again for another reason.
            let waited = stream.signal().changed(seen);
            if let Some(count) = shard::timeout(Duration::from_millis(3), waited).await {
                seen = count;
            }
        } else {
            seen = stream.signal().changed(seen).await;
        }
        reader.borrow_mut().sleeps = false;
    }
}

/// Reads once; false when there was nothing.
fn step(shared: &Shared, reader: &RefCell<Reader>, cursor: &mut Cursor) -> bool {
    let (log, reference) = (shared.stream.log(), shared.reference.borrow());
    let mut reader = reader.borrow_mut();
    let (place, next) = (reader.place, reader.place.next(&reference));
    let before = cursor.position();
    let read = log.read(cursor);
    let at = cursor.position();
    match (read, next) {
        (Read::Empty, None) => {
            reader.place = place.idle(&reference);
            return false;
        }
        (Read::Empty, Some(_)) => {
            broken!("a reader at {place:?} finds nothing, and {next:?} is there");
            return false;
        }
        (Read::Entry(entry), Some((index, Some(0)))) if place == Place::At(before) => {
            check!(index == before && at == before + 1, "a reader of entry {index} moved to {at}");
            let same = reference.entry(before).is_some_and(|it| is_same(it, entry));
            check!(same, "entry {before} is another one now");
        }
        (Read::Start { tracks, metadata, skipped }, Some((index, missed))) => {
            check!(at == index, "a reader at {place:?} starts at {at} and not at {index}");
            let told = missed.is_none_or(|missed| missed == skipped);
            check!(told, "{skipped} entries are told as missed, and {missed:?} were");
            check!(reference.is_group_start(at), "a reader starts inside a group, at {at}");
            let current = shared.current.borrow();
            let (wanted, told) = &current[at as usize];
            check!(Arc::ptr_eq(wanted, tracks), "other tracks than those of entry {at} are told");
            let same = told.as_ref().map(Arc::as_ptr) == metadata.map(Arc::as_ptr);
            check!(same, "other metadata than those of entry {at} are told");
        }
        (read, next) => broken!("a reader at {place:?} reads {read:?}, and {next:?} was to come"),
    }
    reader.place = Place::At(at);
    true
}

fn is_same(one: &Entry, other: &Entry) -> bool {
    match (one, other) {
        (Entry::Frame(one), Entry::Frame(other)) => one == other,
        (Entry::Tracks(one), Entry::Tracks(other)) => Arc::ptr_eq(one, other),
        (Entry::Metadata(one), Entry::Metadata(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}
