use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use media::Timestamp;
use shard::{Driver, Fanout, Health};
use stream::control::{Description, StreamId, StreamKey};
use stream::{Directory, Hub, SessionId, Stream};

use crate::Counters;
use crate::elsewhere::Known;
use crate::packaging;
use crate::players::Players;
use crate::relay::{self, Letter};
use crate::shelf::Shelf;

/// The settings of the viewers' side. A new value takes the place of the one in force as a whole
/// ([`Context::configure`]); packagers keep the one that their session began with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Longest time that frames are gathered for one write on a busy shard; zero: never.
    pub gather: Duration,
    /// How many shards serve viewers.
    pub shards: usize,
    /// Target duration of segments.
    pub segment: Timestamp,
    /// Target duration of parts.
    pub part: Timestamp,
    /// Segments in a live playlist.
    pub window: usize,
    /// Who may read over HTTP from other origins.
    pub cors: http1::CorsPolicy,
    /// Who may frame `/embed/ID`: `'self'`, `*` or origins.
    pub embed_origins: Vec<String>,
    /// Whether a stream's key in the place of its id leads to the stream.
    pub key_playback: bool,
    /// Proxies whose word on a viewer's address is believed.
    pub trusted_proxies: Vec<config::Cidr>,
}

/// An answer of control that is on its way.
pub type Answering<T> = Pin<Box<dyn Future<Output = Option<T>>>>;
/// Asks control about a stream that need not be live.
pub type Describe = Box<dyn Fn(StreamId) -> Answering<Description>>;
/// Asks control which other node has a stream, and how its media port is reached.
pub type Elsewhere = Box<dyn Fn(StreamId) -> Answering<Arc<str>>>;
/// Asks control which stream has a key.
pub type Resolve = Box<dyn Fn(StreamKey) -> Answering<StreamId>>;

/// One shard's viewers' side: what its connections share.
pub struct Context {
    /// This shard's number.
    pub shard: usize,
    /// The streams on this shard.
    pub hub: Rc<RefCell<Hub>>,
    /// What is live on all shards.
    pub directory: Rc<RefCell<Directory>>,
    /// The counters.
    pub counters: Arc<Counters>,
    /// This shard's heartbeat and load.
    pub health: Arc<Health>,
    /// Posts a letter to another shard; `false` when its mailbox is full.
    pub post: Box<dyn Fn(usize, Letter) -> bool>,
    /// Asks control about a stream.
    pub describe: Describe,
    /// Asks control which stream has a key.
    pub resolve: Resolve,
    /// Asks control which other node has a stream; `None` where there is none.
    pub elsewhere: Option<Elsewhere>,
    /// What control said of streams elsewhere a moment ago.
    pub(crate) known_elsewhere: RefCell<Known>,
    /// The number of the connection's session that was named last.
    session: Cell<u64>,
    settings: RefCell<Rc<Settings>>,
    /// HTTP requests that are being answered.
    pub(crate) exchanges: Cell<usize>,
    pub(crate) fanout: RefCell<Fanout>,
    pub(crate) players: RefCell<HashMap<StreamId, Rc<Players>>>,
    pub(crate) shelves: RefCell<HashMap<StreamId, Rc<Shelf>>>,
    pub(crate) followers: RefCell<relay::Followers>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("shard", &self.shard).finish_non_exhaustive()
    }
}

/// What a [`Context`] is made of.
#[expect(missing_docs, reason = "the fields are those of Context")]
pub struct Parts {
    pub shard: usize,
    pub driver: Driver,
    pub settings: Settings,
    pub hub: Rc<RefCell<Hub>>,
    pub directory: Rc<RefCell<Directory>>,
    pub counters: Arc<Counters>,
    pub health: Arc<Health>,
    pub post: Box<dyn Fn(usize, Letter) -> bool>,
    pub describe: Describe,
    pub resolve: Resolve,
    pub elsewhere: Option<Elsewhere>,
}

impl Context {
    /// A shard's viewers' side.
    pub fn new(parts: Parts) -> Rc<Self> {
        Rc::new(Self {
            shard: parts.shard,
            settings: RefCell::new(Rc::new(parts.settings)),
            hub: parts.hub,
            directory: parts.directory,
            counters: parts.counters,
            health: parts.health,
            post: parts.post,
            describe: parts.describe,
            resolve: parts.resolve,
            elsewhere: parts.elsewhere,
            known_elsewhere: RefCell::default(),
            // Beyond those that were named before a restart.
            session: Cell::new(shard::unix_millis() as u64),
            exchanges: Cell::new(0),
            fanout: RefCell::new(Fanout::new(parts.driver)),
            players: RefCell::default(),
            shelves: RefCell::default(),
            followers: RefCell::default(),
        })
    }

    /// Names the session of one more connection.
    pub fn next_session(&self) -> SessionId {
        self.session.set(self.session.get() + 1);
        SessionId::Connection { shard: self.shard, number: self.session.get() }
    }

    /// Puts other settings in force: for requests and sessions that begin from now on, and for the next
    /// write to viewers.
    pub fn configure(&self, settings: Settings) {
        *self.settings.borrow_mut() = Rc::new(settings);
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Rc<Settings> {
        Rc::clone(&self.settings.borrow())
    }

    /// HTTP requests that are being answered; a connection between two requests has none.
    pub fn exchanges(&self) -> usize {
        self.exchanges.get()
    }

    /// On a stream's home shard: packages a new session of it.
    pub fn package(self: &Rc<Self>, stream: &Rc<Stream>, session: u32, first_msn: u64) {
        packaging::start(self, stream, session, first_msn);
    }

    /// On a stream's home shard: a media sequence number that none of the session's segments exceeds.
    pub fn last_msn(&self, id: &StreamId) -> Option<u64> {
        /// The packager may still close the segment that is open and the one behind it.
        const TO_COME: u64 = 2;
        let shelf = self.shelves.borrow().get(id).cloned()?;
        let last = shelf.presentation().last_msn();
        last.map(|last| last + TO_COME)
    }

    /// A live stream to read frames from: on its home shard the stream itself, elsewhere a copy that
    /// the home shard feeds, asked for now if there is none yet. `None` when it is not live.
    pub(crate) fn stream(self: &Rc<Self>, id: &StreamId) -> Option<Rc<Stream>> {
        if let Some(stream) = self.hub.borrow().get(id) {
            return Some(stream);
        }
        relay::follow_frames(self, id)
    }

    /// The frame-by-frame viewers of a stream.
    pub(crate) fn players(self: &Rc<Self>, stream: &Rc<Stream>) -> Rc<Players> {
        let mut all = self.players.borrow_mut();
        if let Some(players) = all.get(stream.id()).filter(|players| players.is_of(stream)) {
            return Rc::clone(players);
        }
        let players = Players::new(Rc::clone(self), Rc::clone(stream));
        all.insert(stream.id().clone(), Rc::clone(&players));
        players
    }

    /// Lets go of viewers of whom the last has left, and with them of a stream that may be over.
    pub(crate) fn forget(&self, gone: &Players) {
        let mut all = self.players.borrow_mut();
        if all.get(gone.id()).is_some_and(|known| std::ptr::eq(&raw const **known, gone)) {
            all.remove(gone.id());
        }
    }

    /// Posts a letter and counts one that did not fit.
    pub(crate) fn send(&self, shard: usize, letter: Letter) -> bool {
        let posted = (self.post)(shard, letter);
        if !posted {
            self.counters.relay_drops.fetch_add(1, Relaxed);
        }
        posted
    }
}
