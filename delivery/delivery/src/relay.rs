//! A stream's way to the shards that have viewers of it: at most one relay of frames for each such
//! shard, and announcements of finished parts where only HLS is watched.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use media::Entry;
use stream::control::StreamId;
use stream::{Limits, Listing, Read, Stream};

use crate::Context;
use crate::shelf::{self, Shelf};

/// A copy that nobody watches is given up after this time.
const LINGER: Duration = Duration::from_secs(10);
/// Entries in one letter.
const LETTER_ENTRIES: usize = 256;

/// What delivery sides of different shards tell each other.
#[derive(Debug)]
pub enum Letter {
    /// To the home shard: send me the frames of this stream.
    FollowFrames {
        /// The stream.
        id: StreamId,
        /// The asking shard.
        shard: usize,
    },
    /// To the home shard: send me what is packaged of this stream.
    FollowShelf {
        /// The stream.
        id: StreamId,
        /// The asking shard.
        shard: usize,
    },
    /// To the home shard: nobody here watches the frames any more.
    Unfollow {
        /// The stream.
        id: StreamId,
        /// The asking shard.
        shard: usize,
    },
    /// To the home shard: these viewers asked here for a playlist of late.
    Seen {
        /// The stream.
        id: StreamId,
        /// The viewers, as numbers that tell them apart.
        viewers: Vec<u64>,
    },
    /// From the home shard: the stream goes on.
    Frames {
        /// The stream.
        id: StreamId,
        /// What came, in order.
        entries: Vec<Entry>,
    },
    /// From the home shard: parts were packaged.
    Shelf {
        /// The stream.
        id: StreamId,
        /// What changed.
        update: Box<shelf::Update>,
    },
    /// From the home shard: no more frames of the stream's session will come.
    FramesOver {
        /// The stream.
        id: StreamId,
        /// The shard that was its home.
        home: usize,
    },
    /// From the home shard: the stream's session is over and its playlists are gone.
    Over {
        /// The stream.
        id: StreamId,
        /// The shard that was its home.
        home: usize,
    },
}

/// On a home shard: which other shards follow its streams.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    frames: HashMap<(StreamId, usize), Rc<Cell<bool>>>,
    shelves: HashMap<StreamId, Vec<Follower>>,
}

/// A shard with a copy of a shelf.
#[derive(Debug)]
struct Follower {
    shard: usize,
    /// A letter to it was lost: it needs everything anew.
    behind: bool,
}

impl Context {
    /// Opens a letter of another shard's delivery side.
    pub fn open(self: &Rc<Self>, letter: Letter) {
        match letter {
            Letter::FollowFrames { id, shard } => self.feed_frames(&id, shard),
            Letter::FollowShelf { id, shard } => self.feed_shelf(&id, shard),
            Letter::Unfollow { id, shard } => {
                if let Some(on) = self.followers.borrow_mut().frames.remove(&(id, shard)) {
                    on.set(false);
                }
            }
            Letter::Seen { id, viewers } => {
                let Some(shelf) = self.shelves.borrow().get(&id).cloned() else { return };
                let Some(audience) = shelf.audience(self, &id) else { return };
                for viewer in viewers {
                    audience.saw(viewer, None);
                }
            }
            Letter::Frames { id, entries } => {
                let Some(stream) = self.hub.borrow().get(&id) else { return };
                for entry in entries {
                    stream.push(entry);
                }
                stream.flush();
            }
            Letter::Shelf { id, update } => {
                let shelf = self.shelves.borrow().get(&id).cloned();
                if let Some(shelf) = shelf {
                    shelf.apply(*update);
                }
            }
            // What another shard still says of an earlier session does not concern the present one.
            Letter::FramesOver { id, home } | Letter::Over { id, home }
                if self.moved(&id, home) =>
            {
                tracing::debug!(%id, home, "an earlier session is over");
            }
            Letter::FramesOver { id, .. } => self.frames_over(&id),
            Letter::Over { id, .. } => {
                self.frames_over(&id);
                let shelf = self.shelves.borrow_mut().remove(&id);
                if let Some(shelf) = shelf {
                    shelf.close();
                }
            }
        }
    }

    /// On the home shard: the stream's session is over for the viewers of all shards.
    pub(crate) fn announce_over(self: &Rc<Self>, id: &StreamId) {
        let (frames, shelves) = {
            let mut followers = self.followers.borrow_mut();
            let of_stream = |key: &(StreamId, usize)| key.0 == *id;
            let frames: Vec<_> = followers.frames.extract_if(|key, _| of_stream(key)).collect();
            (frames, followers.shelves.remove(id).unwrap_or_default())
        };
        let mut shards: Vec<usize> = frames.into_iter().map(|((_, shard), _)| shard).collect();
        shards.extend(shelves.into_iter().map(|follower| follower.shard));
        shards.sort_unstable();
        shards.dedup();
        for shard in shards {
            self.send(shard, Letter::Over { id: id.clone(), home: self.shard });
        }
    }

    /// On the home shard: tells the followers what was packaged, before it is applied to `shelf`. One
    /// whose mailbox was full gets the whole shelf the next time.
    pub(crate) fn announce(&self, id: &StreamId, shelf: &Shelf, update: &shelf::Update) {
        let mut followers = self.followers.borrow_mut();
        let Some(followers) = followers.shelves.get_mut(id) else { return };
        for follower in followers {
            if follower.behind {
                let update = Box::new(shelf.snapshot());
                if !self.send(follower.shard, Letter::Shelf { id: id.clone(), update }) {
                    continue;
                }
            }
            let update = Box::new(update.clone());
            follower.behind = !self.send(follower.shard, Letter::Shelf { id: id.clone(), update });
        }
    }

    /// A session of a stream is live: what is kept here of another one is let go.
    pub fn listed(&self, listing: &Listing) {
        let mut shelves = self.shelves.borrow_mut();
        let other = |shelf: &Rc<Shelf>| shelf.session() != listing.session;
        if shelves.get(&listing.id).is_some_and(other)
            && let Some(shelf) = shelves.remove(&listing.id)
        {
            shelf.close();
        }
    }

    /// Whether the stream is live on another shard than this one.
    fn moved(&self, id: &StreamId, home: usize) -> bool {
        self.directory.borrow().get(id).is_some_and(|listing| listing.home != home)
    }

    fn frames_over(&self, id: &StreamId) {
        let stream = self.hub.borrow().get(id);
        if let Some(stream) = stream {
            self.hub.borrow_mut().remove(&stream);
            stream.end();
        }
    }

    fn feed_frames(self: &Rc<Self>, id: &StreamId, shard: usize) {
        let Some(stream) = self.hub.borrow().get(id) else {
            self.send(shard, Letter::Over { id: id.clone(), home: self.shard });
            return;
        };
        let on = Rc::new(Cell::new(true));
        let known = self.followers.borrow_mut().frames.insert((id.clone(), shard), Rc::clone(&on));
        if let Some(known) = known {
            known.set(false);
        }
        let context = Rc::clone(self);
        shard::spawn("relay", async move { feed(context, stream, shard, on).await });
    }

    fn feed_shelf(self: &Rc<Self>, id: &StreamId, shard: usize) {
        let Some(shelf) = self.shelves.borrow().get(id).cloned() else {
            self.send(shard, Letter::Over { id: id.clone(), home: self.shard });
            return;
        };
        let mut followers = self.followers.borrow_mut();
        let shards = followers.shelves.entry(id.clone()).or_default();
        shards.retain(|follower| follower.shard != shard);
        let update = Box::new(shelf.snapshot());
        let behind = !self.send(shard, Letter::Shelf { id: id.clone(), update });
        shards.push(Follower { shard, behind });
    }
}

/// Copies a stream's log to another shard, from the newest group on. When that shard's mailbox is
/// full the copy goes on at the next group, as for any reader that lags.
async fn feed(context: Rc<Context>, stream: Rc<Stream>, shard: usize, on: Rc<Cell<bool>>) {
    let mut cursor = stream.log().join();
    let mut seen = stream.signal().count();
    context.counters.relays.fetch_add(1, Relaxed);
    while on.get() && !stream.has_ended() {
        loop {
            let entries = take(&stream, &mut cursor);
            if entries.is_empty() {
                break;
            }
            let id = stream.id().clone();
            if !context.send(shard, Letter::Frames { id, entries }) {
                cursor = stream.log().next_group(cursor);
            }
        }
        seen = stream.signal().changed(seen).await;
    }
    context.counters.relays.fetch_sub(1, Relaxed);
    if on.get() {
        context.followers.borrow_mut().frames.remove(&(stream.id().clone(), shard));
        let home = context.shard;
        context.send(shard, Letter::FramesOver { id: stream.id().clone(), home });
    }
}

fn take(stream: &Stream, cursor: &mut stream::Cursor) -> Vec<Entry> {
    let log = stream.log();
    let mut entries = Vec::new();
    while entries.len() < LETTER_ENTRIES {
        match log.read(cursor) {
            Read::Empty => break,
            Read::Start { tracks, metadata, .. } => {
                entries.push(Entry::Tracks(tracks.clone()));
                entries.extend(metadata.map(|metadata| Entry::Metadata(metadata.clone())));
            }
            Read::Entry(entry) => entries.push(entry.clone()),
        }
    }
    entries
}

/// Starts a copy of a stream that lives on another shard.
pub(crate) fn follow_frames(context: &Rc<Context>, id: &StreamId) -> Option<Rc<Stream>> {
    let listing = context.directory.borrow().get(id).cloned()?;
    if listing.home == context.shard {
        return None;
    }
    let stream = Stream::new(id.clone(), Limits::default(), listing.stats);
    if !context.send(listing.home, Letter::FollowFrames { id: id.clone(), shard: context.shard }) {
        return None;
    }
    context.hub.borrow_mut().put(Rc::clone(&stream));
    let (context, copy, home) = (Rc::clone(context), Rc::clone(&stream), listing.home);
    shard::spawn("relay copy", async move { keep(&context, &copy, home).await });
    Some(stream)
}

/// Gives a copy up when nobody has watched it for a while.
async fn keep(context: &Rc<Context>, copy: &Rc<Stream>, home: usize) {
    loop {
        let mut idle = true;
        // Looked at a few times, so that a viewer between two looks is rarely missed; one that is
        // comes again and starts a new copy.
        for _ in 0..10 {
            shard::sleep(LINGER / 10).await;
            if copy.has_ended() {
                return;
            }
            let players = context.players.borrow().get(copy.id()).cloned();
            if players.is_some_and(|players| players.is_of(copy) && !players.is_empty()) {
                idle = false;
            }
        }
        if idle {
            context.hub.borrow_mut().remove(copy);
            context.players.borrow_mut().remove(copy.id());
            copy.end();
            let id = copy.id().clone();
            context.send(home, Letter::Unfollow { id, shard: context.shard });
            return;
        }
    }
}

/// The shelf of a live stream: this shard's, or a copy that is asked for now.
pub(crate) fn shelf(context: &Rc<Context>, id: &StreamId) -> Option<Rc<Shelf>> {
    let known = context.shelves.borrow().get(id).cloned();
    known.or_else(|| follow_shelf(context, id))
}

/// Starts a copy of what is packaged of a stream that lives on another shard; it fills when the home
/// shard answers.
fn follow_shelf(context: &Rc<Context>, id: &StreamId) -> Option<Rc<Shelf>> {
    let Listing { home, session, stats, .. } = context.directory.borrow().get(id).cloned()?;
    if home == context.shard {
        return None;
    }
    let shelf = Rc::new(Shelf::new(session, stats));
    context.shelves.borrow_mut().insert(id.clone(), Rc::clone(&shelf));
    if context.send(home, Letter::FollowShelf { id: id.clone(), shard: context.shard }) {
        return Some(shelf);
    }
    context.shelves.borrow_mut().remove(id);
    None
}
