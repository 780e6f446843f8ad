//! The streams' logs on every shard, followed entry by entry and held against what publishers sent.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use media::{Entry, Frame, Kind, Timestamp, TrackSet};
use stream::control::StreamId;
use stream::{Limits, Stream, StreamStats};

use crate::footage::{Stamp, stamp_of};
use crate::ledger::Ledger;
use crate::plane::Plane;
use crate::trace::{broken, check, note};

/// Every log that ever was.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    all: Vec<Watched>,
}

/// A stream's log on one shard.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) shard: usize,
    /// The stream's number.
    pub(crate) stream: usize,
    /// Whether the publisher writes it; else a relay does.
    pub(crate) is_home: bool,
    /// Held as long as the shard's hub holds it.
    held: Option<Rc<Stream>>,
    /// Whether it still exists, once the hub has let it go.
    left: Weak<Stream>,
    stats: Arc<StreamStats>,
    /// Entries that viewers missed for sure.
    missed: Cell<u64>,
    pub(crate) reference: crate::reference::Reference,
    stamps: Vec<Option<Stamp>>,
    places: HashMap<Stamp, u64>,
    pub(crate) opened_at: u64,
    /// When it last got an entry.
    pub(crate) grew_at: u64,
    line: Line,
    pub(crate) video_frames: u64,
    /// It dropped entries before they were seen: from here on nothing is known of it.
    pub(crate) is_lost: bool,
    /// The server's process ended in the middle of it.
    is_killed: bool,
}

/// How the entries so far bind the next one.
#[derive(Debug, Default)]
struct Line {
    conn: Option<u16>,
    /// When its last frame came.
    conn_at: u64,
    former: Vec<u16>,
    numbers: [u32; 2],
    newest: [Option<Timestamp>; 2],
    /// What is added to the publisher's time stamps, in ticks, since the last tracks.
    offset: Option<i64>,
    /// The last change of publishers that nobody has looked at.
    change: Option<(u16, u64)>,
    discontinuity: Option<u32>,
    /// Tracks were told since the last frame.
    told: bool,
    /// In a copy: the place in the home's log of the last frame.
    origin: Option<u64>,
}

impl Logs {
    /// Follows every log to its end.
    pub(crate) fn observe(&mut self, planes: &[Rc<Plane>], ids: &[StreamId], ledger: &Ledger) {
        for (number, id) in ids.iter().enumerate() {
            // The home first: copies are held against it.
            let is_home = |plane: &&Rc<Plane>| {
                plane.directory.borrow().get(id).is_some_and(|known| known.home == plane.id)
            };
            for plane in planes.iter().filter(is_home) {
                self.observe_one(plane, number, id, ledger);
            }
            for plane in planes.iter().filter(|plane| !is_home(plane)) {
                self.observe_one(plane, number, id, ledger);
            }
        }
    }

    fn observe_one(&mut self, plane: &Plane, number: usize, id: &StreamId, ledger: &Ledger) {
        let present = plane.hub.borrow().get(id);
        let is_here = |log: &Watched| (log.shard, log.stream) == (plane.id, number);
        let known = self.all.iter().rposition(|log| is_here(log) && log.held.is_some());
        if let Some(at) = known {
            self.read(at, ledger);
            let same = |held: &Rc<Stream>| present.as_ref().is_some_and(|it| Rc::ptr_eq(it, held));
            if self.all[at].held.as_ref().is_some_and(same) {
                return;
            }
            note!("shard {} lets go of stream {number}", plane.id);
            self.all[at].let_go();
        }
        let Some(stream) = present else { return };
        let listed = plane.directory.borrow().get(id).map(|listing| listing.home);
        let is_home = listed.is_none_or(|home| home == plane.id);
        let what = if is_home { "opens" } else { "follows" };
        note!("shard {} {what} stream {number}", plane.id);
        self.all.push(Watched::new(plane.id, number, is_home, stream));
        self.read(self.all.len() - 1, ledger);
    }

    fn read(&mut self, at: usize, ledger: &Ledger) {
        let (before, rest) = self.all.split_at_mut(at);
        let Some((log, after)) = rest.split_first_mut() else { return };
        if log.has_news() {
            let others = before.iter().chain(after.iter());
            let homes: Vec<_> =
                others.filter(|other| other.is_home && other.stream == log.stream).collect();
            log.read(ledger, &homes);
        }
    }

    pub(crate) fn get(&self, index: usize) -> &Watched {
        &self.all[index]
    }

    /// Whether what a shard has of a stream is unknown.
    pub(crate) fn is_lost(&self, shard: usize, stream: usize) -> bool {
        let is_it = |log: &&Watched| (log.shard, log.stream) == (shard, stream);
        self.all.iter().filter(is_it).any(|log| log.is_lost)
    }

    /// The newest log of a stream on a shard that holds this frame.
    pub(crate) fn find(&self, shard: usize, stamp: Stamp) -> Option<usize> {
        self.all.iter().rposition(|log| log.shard == shard && log.places.contains_key(&stamp))
    }

    /// The log that a shard has of a stream now.
    pub(crate) fn current(&self, shard: usize, stream: usize) -> Option<&Watched> {
        let is_here = |log: &&Watched| (log.shard, log.stream) == (shard, stream);
        self.all.iter().filter(is_here).find(|log| log.held.is_some())
    }

    /// The logs that publishers write now.
    pub(crate) fn homes(&self) -> impl Iterator<Item = &Watched> {
        self.all.iter().filter(|log| log.is_home && log.held.is_some())
    }

    pub(crate) fn homes_mut(&mut self) -> impl Iterator<Item = &mut Watched> {
        self.all.iter_mut().filter(|log| log.is_home && log.held.is_some())
    }

    /// No log that is over is still in memory.
    pub(crate) fn check_released(&self) {
        for log in self.all.iter().filter(|log| log.held.is_none()) {
            let (shard, stream) = (log.shard, log.stream);
            let kept = log.left.upgrade().is_some();
            check!(
                !kept,
                "a log of stream {stream} is over and still in the memory of shard {shard}"
            );
        }
    }

    /// What streams count of themselves is what there was.
    pub(crate) fn check_counts(&self) {
        for log in self.homes() {
            let (number, pictures) = (log.stream, log.stats.video_frames.load(Relaxed));
            check!(
                pictures == log.video_frames,
                "stream {number} counts {pictures} pictures and has {}",
                log.video_frames
            );
            let same = self.all.iter().filter(|other| Arc::ptr_eq(&other.stats, &log.stats));
            let missed: u64 = same.map(|other| other.missed.get()).sum();
            let skipped = log.stats.skipped.load(Relaxed);
            check!(missed <= skipped, "stream {number} counts {skipped} skips of {missed}");
        }
    }

    /// Of every stream that is over nobody is counted as a viewer.
    pub(crate) fn check_viewers(&self) {
        for log in self.all.iter().filter(|log| log.is_home && !log.is_killed) {
            let left = log.stats.all_viewers();
            check!(left == 0, "stream {} still counts {left} viewers", log.stream);
        }
    }

    /// The process ended.
    pub(crate) fn forget_all(&mut self) {
        for log in &mut self.all {
            log.let_go();
            log.is_killed = true;
            log.left = Weak::new();
        }
    }
}

impl Watched {
    fn new(shard: usize, stream: usize, is_home: bool, held: Rc<Stream>) -> Self {
        Self {
            shard,
            stream,
            is_home,
            left: Rc::downgrade(&held),
            stats: Arc::clone(held.stats()),
            missed: Cell::new(0),
            held: Some(held),
            reference: crate::reference::Reference::new(Limits::default()),
            stamps: Vec::new(),
            places: HashMap::new(),
            opened_at: shard::millis(),
            grew_at: shard::millis(),
            line: Line::default(),
            video_frames: 0,
            is_lost: false,
            is_killed: false,
        }
    }

    fn let_go(&mut self) {
        self.held = None;
    }

    /// A viewer missed so many entries.
    pub(crate) fn note_missed(&self, count: u64) {
        self.missed.set(self.missed.get() + count);
    }

    pub(crate) fn live(&self) -> Option<&Rc<Stream>> {
        self.held.as_ref()
    }

    pub(crate) fn place(&self, stamp: Stamp) -> Option<u64> {
        self.places.get(&stamp).copied()
    }

    /// The number of the newest frame of a track, if it is of this publisher's connection.
    pub(crate) fn newest_of(&self, kind: Kind, conn: u16) -> Option<u32> {
        let mut newest = self.stamps.iter().rev().flatten();
        let newest = newest.by_ref().take_while(|stamp| stamp.conn == conn);
        newest.into_iter().find(|stamp| stamp.kind == kind).map(|stamp| stamp.number)
    }

    /// The publisher's connection whose frames came last.
    pub(crate) fn conn(&self) -> Option<u16> {
        self.line.conn
    }

    /// Whether another publisher came after this one.
    pub(crate) fn is_former(&self, conn: u16) -> bool {
        self.line.former.contains(&conn)
    }

    /// The publisher before the present one, and how long it was silent when that one's frames came.
    pub(crate) fn take_change(&mut self) -> Option<(u16, u64)> {
        self.line.change.take()
    }

    fn has_news(&self) -> bool {
        self.held.as_ref().is_some_and(|stream| stream.log().end() != self.reference.end())
    }

    fn read(&mut self, ledger: &Ledger, homes: &[&Self]) {
        let Some(stream) = self.held.clone().filter(|_| !self.is_lost) else { return };
        let log = stream.log();
        for index in self.reference.end()..log.end() {
            let Some(entry) = log.get(index) else {
                // Many letters at once may bring a copy more than it holds.
                check!(
                    !self.is_home,
                    "the log of stream {} dropped entry {index} at once",
                    self.stream
                );
                self.is_lost = true;
                return;
            };
            self.grew_at = shard::millis();
            self.take(index, entry, ledger, homes);
            self.reference.push(entry.clone());
        }
        let (stream, found) = (self.stream, log.first());
        // Readers may have had their turn several times since this was looked at.
        let first = self.reference.first()..=self.reference.first_if_settled();
        check!(
            first.contains(&found),
            "the log of stream {stream} begins at {found}, not in {first:?}"
        );
        self.reference.forget_before(found);
        self.reference.settle();
        let (held, bytes) = (log.bytes(), self.reference.bytes());
        check!(held == bytes, "the log of stream {stream} counts {held} bytes and not {bytes}");
        check!(log.end() == self.reference.end(), "the log of stream {stream} went back");
    }

    fn take(&mut self, index: u64, entry: &Entry, ledger: &Ledger, homes: &[&Self]) {
        let stamp = match entry {
            Entry::Frame(frame) => self.frame(index, frame, ledger, homes),
            Entry::Tracks(tracks) => {
                self.tracks(tracks);
                None
            }
            Entry::Metadata(_) => None,
        };
        self.stamps.push(stamp);
    }

    fn tracks(&mut self, tracks: &TrackSet) {
        let line = &mut self.line;
        check!(
            line.discontinuity.is_none_or(|known| known <= tracks.discontinuity),
            "the interruptions of stream {} went back",
            self.stream
        );
        if line.discontinuity != Some(tracks.discontinuity) {
            line.offset = None;
        }
        line.discontinuity = Some(tracks.discontinuity);
        line.told = true;
    }

    fn frame(
        &mut self,
        index: u64,
        frame: &Frame,
        ledger: &Ledger,
        homes: &[&Self],
    ) -> Option<Stamp> {
        let stream = self.stream;
        let kind = frame.track.kind;
        let stamp = stamp_of(kind, &frame.data).filter(|stamp| stamp.track() == frame.track);
        let Some(stamp) = stamp else {
            broken!("a frame of stream {stream} is none that a publisher sent: {frame:?}");
            return None;
        };
        check!(usize::from(stamp.stream) == stream, "{stamp:?} is of another stream");
        let before = self.line.newest[usize::from(kind == Kind::Audio)].replace(frame.dts);
        check!(
            before.is_none_or(|before| before < frame.dts),
            "the time of {kind:?} of stream {stream} went back at {stamp:?}"
        );
        if self.is_home {
            let pushed_on =
                before.is_some_and(|before| frame.dts == before + Timestamp::from_ticks(1));
            self.of_publisher(frame, stamp, ledger, pushed_on);
        } else {
            self.of_home(frame, stamp, homes);
        }
        self.line.told = false;
        self.video_frames += u64::from(kind == Kind::Video);
        let doubled = self.places.insert(stamp, index).is_some();
        check!(!doubled, "{stamp:?} stands twice in the log");
        Some(stamp)
    }

    /// The publishers' frames follow each other without a hole, each as it was sent.
    fn of_publisher(&mut self, frame: &Frame, stamp: Stamp, ledger: &Ledger, pushed_on: bool) {
        let line = &mut self.line;
        if line.conn != Some(stamp.conn) {
            let silent = shard::millis() - line.conn_at;
            line.change = line.conn.map(|former| (former, silent));
            line.former.extend(line.conn.replace(stamp.conn));
            check!(line.told, "the publisher changed without a word: {stamp:?}");
            check!(!line.former.contains(&stamp.conn), "{stamp:?} is of a publisher that was cut");
            line.numbers = [0, 0];
            line.offset = None;
        }
        line.conn_at = shard::millis();
        let number = &mut line.numbers[usize::from(stamp.kind == Kind::Audio)];
        check!(stamp.number == *number, "{stamp:?} came where number {number} was to come");
        *number = stamp.number + 1;
        let Some(sent) = ledger.get(stamp) else {
            broken!("{stamp:?} was never sent");
            return;
        };
        let start = if stamp.kind == Kind::Video { 5 } else { 2 };
        check!(frame.data == sent.body[start..], "{stamp:?} arrived with other bytes");
        check!(frame.keyframe == (sent.body[0] != 0x27), "{stamp:?} is wrongly called a key frame");
        let lag =
            if start == 5 { i64::from(sent.body[4]) + i64::from(sent.body[3]) * 256 } else { 0 };
        check!((frame.pts - frame.dts).millis() == lag, "{stamp:?} is shown at the wrong time");
        let offset = frame.dts.ticks() - Timestamp::from_millis(sent.time).ticks();
        let moved = !pushed_on && *line.offset.get_or_insert(offset) != offset;
        check!(!moved, "{stamp:?} moved against the frames before it");
    }

    /// A copy goes on frame by frame, or at a group's start, where tracks are told.
    fn of_home(&mut self, frame: &Frame, stamp: Stamp, homes: &[&Self]) {
        let found = homes.iter().rev().find_map(|home| Some((home, home.place(stamp)?)));
        let Some((home, place)) = found else {
            broken!("{stamp:?} is in a copy and not at home");
            return;
        };
        let same = matches!(home.reference.entry(place), Some(Entry::Frame(it)) if it == frame);
        check!(same, "{stamp:?} is another one in a copy");
        let expected = self.line.origin.and_then(|last| home.reference.next_frame(last + 1));
        if expected.is_none_or(|(next, _)| next != place) {
            check!(self.line.told, "a copy of stream {} jumped without a word", self.stream);
            let starts = home.reference.is_group_start(place);
            check!(starts, "a copy goes on inside a group, at {stamp:?}");
            check!(self.line.origin.is_none_or(|last| last < place), "a copy went back");
        }
        self.line.origin = Some(place);
    }
}
