//! The one packager of a stream, on its home shard: reads the log, writes parts into memory files and
//! announces them.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use hls::{Config, Event, Packager, Range};
use media::TrackId;
use shard::MemFile;
use stream::{Cursor, Read, Stream};

use crate::Context;
use crate::shelf::{Shelf, Update};

/// A segment that expired may still be on its way to a slow reader for this long; its memory is given
/// back only then. The longest time that a response may take.
const ON_THE_WAY_MS: i64 = 60_000;
/// How long the playlists of a session that is over can be fetched.
const AFTER_END: Duration = Duration::from_mins(1);
/// How often memory is given back.
const SWEEP_MS: i64 = 1000;

/// Starts to package a new session of a stream.
pub(crate) fn start(context: &Rc<Context>, stream: &Rc<Stream>, session: u32, first_msn: u64) {
    let shelf = Rc::new(Shelf::new(session, Arc::clone(stream.stats())));
    let older = context.shelves.borrow_mut().insert(stream.id().clone(), Rc::clone(&shelf));
    let mut first_msn = first_msn;
    if let Some(older) = older {
        // Control may have granted this session before it heard of the last one's end.
        first_msn = first_msn.max(older.presentation().last_msn().map_or(0, |last| last + 1));
        older.close();
        // The copies on other shards are of the older session.
        context.announce_over(stream.id());
    }
    let settings = context.settings();
    let config = Config {
        segment: settings.segment,
        part: settings.part,
        session,
        first_msn,
        window: settings.window,
    };
    let (context, stream) = (Rc::clone(context), Rc::clone(stream));
    shard::spawn("packager", async move {
        let bench = Bench {
            context,
            stream,
            shelf,
            packager: Packager::new(config),
            files: Files::default(),
            events: Vec::new(),
        };
        bench.run().await;
    });
}

struct Bench {
    context: Rc<Context>,
    stream: Rc<Stream>,
    shelf: Rc<Shelf>,
    packager: Packager,
    files: Files,
    events: Vec<Event<Vec<Bytes>>>,
}

impl Bench {
    async fn run(mut self) {
        let mut cursor = Cursor::running_at(self.stream.log().first());
        let mut seen = self.stream.signal().count();
        let mut swept = shard::unix_millis();
        let mut published = true;
        loop {
            let wall_ms = shard::unix_millis();
            let ended = self.stream.has_ended();
            self.take(&mut cursor, wall_ms);
            if std::mem::replace(&mut published, self.stream.is_published()) && !published {
                // The last parts are told at once, not when the publisher returns.
                self.packager.interrupt(wall_ms, &mut self.events);
            }
            if ended {
                self.packager.end(wall_ms, &mut self.events);
            }
            if let Err(error) = self.put() {
                let stream = self.stream.id().as_str();
                tracing::error!(stream, %error, "no memory for packaged media: HLS of this stream ends");
                break;
            }
            if ended {
                break;
            }
            if wall_ms - swept >= SWEEP_MS {
                swept = wall_ms;
                self.sweep(wall_ms);
            }
            seen = self.stream.signal().changed(seen).await;
        }
        self.stay().await;
    }

    /// Packages what is new in the log.
    fn take(&mut self, cursor: &mut Cursor, wall_ms: i64) {
        let log = self.stream.log();
        loop {
            match log.read(cursor) {
                Read::Empty => break,
                Read::Start { tracks, .. } => {
                    let entry = media::Entry::Tracks(tracks.clone());
                    self.packager.push(&entry, wall_ms, &mut self.events);
                }
                Read::Entry(entry) => self.packager.push(entry, wall_ms, &mut self.events),
            }
        }
    }

    /// Writes what was packaged into the files and tells this shard's shelf and the others'.
    fn put(&mut self) -> io::Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let mut placed = Vec::with_capacity(self.events.len());
        let mut opened = Vec::new();
        for event in self.events.drain(..) {
            let files = &mut self.files;
            placed.push(event.place(|track, pieces| files.append(track, pieces, &mut opened))?);
        }
        for track in opened {
            if let Some(file) = self.files.open.get(&track) {
                self.publish(Update::File(track, file.view()));
            }
        }
        self.publish(Update::Events(placed));
        Ok(())
    }

    fn publish(&self, update: Update) {
        self.context.announce(self.stream.id(), &self.shelf, &update);
        self.shelf.apply(update);
    }

    /// Gives the memory of expired segments back, when nobody can be reading them any more.
    fn sweep(&mut self, wall_ms: i64) {
        for expired in self.shelf.expire(wall_ms) {
            self.files.expired.push_back((wall_ms + ON_THE_WAY_MS, expired.track, expired.range));
        }
        self.files.punch(wall_ms);
        self.stream.stats().log_bytes.store(self.stream.log().bytes() as u64, Relaxed);
        self.context.counters.media_held.fetch_add(self.files.change_of_held(), Relaxed);
    }

    /// The session is over: its playlists, which say so, stay for a while.
    async fn stay(mut self) {
        shard::sleep(AFTER_END).await;
        let mut shelves = self.context.shelves.borrow_mut();
        let current = shelves.get(self.stream.id()).is_some_and(|s| Rc::ptr_eq(s, &self.shelf));
        if current {
            shelves.remove(self.stream.id());
        }
        drop(shelves);
        self.shelf.close();
        if current {
            self.context.announce_over(self.stream.id());
        }
        self.files.open.clear();
        self.context.counters.media_held.fetch_add(self.files.change_of_held(), Relaxed);
    }
}

/// The memory files of a session, one for each rendition.
#[derive(Default)]
struct Files {
    open: BTreeMap<TrackId, MemFile>,
    /// Ranges to give back: not before this Unix time in ms, of which file.
    expired: VecDeque<(i64, TrackId, Range)>,
    held: u64,
}

impl Files {
    fn append(
        &mut self,
        track: TrackId,
        pieces: &[Bytes],
        opened: &mut Vec<TrackId>,
    ) -> io::Result<Range> {
        let file = match self.open.entry(track) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                opened.push(track);
                entry.insert(MemFile::new()?)
            }
        };
        let len = pieces.iter().map(|piece| piece.len() as u64).sum();
        Ok(Range { offset: file.append(pieces)?, len })
    }

    fn punch(&mut self, wall_ms: i64) {
        while let Some((_, track, range)) = self.expired.pop_front_if(|(due, ..)| *due <= wall_ms) {
            if let Some(file) = self.open.get_mut(&track)
                && let Err(error) = file.punch(range.offset, range.len)
            {
                tracing::warn!(%error, "cannot give media memory back");
            }
        }
    }

    /// By how much the memory held has changed, in two's complement for a counter that wraps.
    fn change_of_held(&mut self) -> u64 {
        let now = self.open.values().map(MemFile::held).sum::<u64>();
        let change = now.wrapping_sub(self.held);
        self.held = now;
        change
    }
}
