//! What the tasks of one shard share.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use delivery::{Context, Describe, Elsewhere, Parts, Resolve};
use ingest::{Sources, Takeover};
use shard::{Asking, Conn, Driver, Health, Inbox, Mailbox, Stop};
use stream::control::{Answer, Question, StreamId, StreamKey};
use stream::{Directory, Hub, Limits};

use super::mail::{Ask, Desk, Mail};
use super::throttle::{Allowance, Place};
use super::{MAX_ASKED, Throttle};

/// How long control may take to answer a viewer's question.
const DESCRIBE: Duration = Duration::from_secs(2);

/// How long control may take to find another node: a player waits for this and then for the playlist.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// What all shards are started with.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) driver: Driver,
    pub(crate) rtmp: SocketAddr,
    pub(crate) http: SocketAddr,
    /// There may be other nodes: streams that are not live here are asked for.
    pub(crate) among_others: bool,
    /// Those of the start; the ones in force are the plane's.
    pub(crate) settings: Arc<Settings>,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) mailboxes: Vec<Mailbox<Mail>>,
    pub(crate) desk: Desk,
}

/// What the configuration says to the shards. It never changes: a reload makes another one.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) takeover: Takeover,
    pub(crate) allowance: Allowance,
    pub(crate) delivery: delivery::Settings,
}

/// What one shard is started with.
pub(crate) struct ShardParts {
    pub(crate) id: usize,
    pub(crate) inbox: Inbox<Mail>,
    pub(crate) health: Arc<Health>,
    pub(crate) ingest: Arc<ingest::Counters>,
    pub(crate) delivery: Arc<delivery::Counters>,
    /// Told once the ports are open, or why they are not.
    pub(crate) started: std::sync::mpsc::Sender<std::io::Result<()>>,
}

/// What the tasks of one shard share.
pub(crate) struct Plane {
    pub(crate) id: usize,
    pub(crate) setup: Setup,
    settings: RefCell<Arc<Settings>>,
    pub(crate) sources: RefCell<Sources>,
    pub(crate) hub: Rc<RefCell<Hub>>,
    pub(crate) directory: Rc<RefCell<Directory>>,
    pub(crate) delivery: Rc<Context>,
    pub(crate) ingest: Arc<ingest::Counters>,
    pub(crate) asking: Asking<Answer>,
    pub(crate) draining: Cell<bool>,
    pub(crate) rtmp_connections: Cell<usize>,
    pub(crate) stop: Stop,
}

impl Plane {
    pub(crate) fn new(setup: Setup, parts: &ShardParts) -> Rc<Self> {
        let hub = Rc::new(RefCell::new(Hub::default()));
        let directory = Rc::new(RefCell::new(Directory::default()));
        let asking = Asking::new(MAX_ASKED);
        let mailboxes = setup.mailboxes.clone();
        let delivery = Context::new(Parts {
            shard: parts.id,
            driver: setup.driver,
            settings: setup.settings.delivery.clone(),
            hub: Rc::clone(&hub),
            directory: Rc::clone(&directory),
            counters: Arc::clone(&parts.delivery),
            health: Arc::clone(&parts.health),
            post: Box::new(move |shard, letter| {
                mailboxes[shard].post(Mail::Delivery(letter)).is_ok()
            }),
            describe: describe(parts.id, &setup.desk, &asking),
            resolve: resolve(parts.id, &setup.desk, &asking),
            elsewhere: setup.among_others.then(|| elsewhere(parts.id, &setup.desk, &asking)),
        });
        Rc::new(Self {
            id: parts.id,
            sources: RefCell::new(Sources::new(setup.settings.takeover, Limits::default())),
            settings: RefCell::new(Arc::clone(&setup.settings)),
            setup,
            hub,
            directory,
            delivery,
            ingest: Arc::clone(&parts.ingest),
            asking,
            draining: Cell::new(false),
            rtmp_connections: Cell::new(0),
            stop: Stop::default(),
        })
    }

    /// Puts other settings in force.
    pub(crate) fn configure(&self, settings: Arc<Settings>) {
        tracing::debug!(shard = self.id, ?settings, "other settings are in force");
        self.sources.borrow_mut().set_takeover(settings.takeover);
        self.delivery.configure(settings.delivery.clone());
        *self.settings.borrow_mut() = settings;
    }

    /// Asks control; `None` when no answer came in time.
    pub(crate) async fn ask(&self, deadline: Duration, question: Question) -> Option<Answer> {
        let (shard, asks) = (self.id, &self.setup.desk.asks);
        let send = |asked| asks.post(Ask { shard, asked, question }).is_ok();
        self.asking.ask(deadline, send).await
    }

    /// Tells every other shard.
    pub(crate) fn broadcast(&self, mail: impl Fn() -> Mail) {
        for (shard, mailbox) in self.setup.mailboxes.iter().enumerate() {
            if shard != self.id && mailbox.post(mail()).is_err() {
                tracing::error!(shard, "the shard does not keep up: a letter to it is lost");
            }
        }
    }

    /// Lets a connection in, unless the server ends or its address has too many; it counts for its
    /// address as long as the place is held.
    pub(crate) fn enter(&self, conn: &Conn) -> Option<Place> {
        if self.draining.get() {
            return None;
        }
        let address = conn.peer().ip();
        let place = self.setup.throttle.enter(address, &self.settings.borrow().allowance);
        if place.is_none() {
            tracing::warn!(target: "session", %address, "connection refused: the address has too many (MAX_CONN_PER_IP)");
        }
        place
    }

    /// Counts an RTMP connection, which the end of the server waits for.
    pub(crate) fn visit(self: &Rc<Self>) -> Visit {
        self.rtmp_connections.set(self.rtmp_connections.get() + 1);
        self.delivery.counters.rtmp_connections.fetch_add(1, Relaxed);
        Visit { plane: Rc::clone(self) }
    }

    /// Random bytes that tell handshakes apart and protect nothing.
    pub(crate) fn random() -> [u8; rtmp::RANDOM_LEN] {
        RandomState::new().build_hasher().finish().to_le_bytes()
    }
}

/// An RTMP connection in the counts, for as long as this lives.
pub(crate) struct Visit {
    plane: Rc<Plane>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        let plane = &self.plane;
        plane.rtmp_connections.set(plane.rtmp_connections.get() - 1);
        plane.delivery.counters.rtmp_connections.fetch_sub(1, Relaxed);
    }
}

fn describe(shard: usize, desk: &Desk, asking: &Asking<Answer>) -> Describe {
    let (asks, asking) = (desk.asks.clone(), asking.clone());
    Box::new(move |id: StreamId| {
        let question = Question::Describe { id };
        let answer = ask(shard, asks.clone(), asking.clone(), DESCRIBE, question);
        Box::pin(async move {
            match answer.await {
                Some(Answer::Describe(description)) => description,
                _ => None,
            }
        })
    })
}

fn resolve(shard: usize, desk: &Desk, asking: &Asking<Answer>) -> Resolve {
    let (asks, asking) = (desk.asks.clone(), asking.clone());
    Box::new(move |key: StreamKey| {
        let question = Question::Playback { key };
        let answer = ask(shard, asks.clone(), asking.clone(), DESCRIBE, question);
        Box::pin(async move {
            match answer.await {
                Some(Answer::Playback(id)) => id,
                _ => None,
            }
        })
    })
}

fn elsewhere(shard: usize, desk: &Desk, asking: &Asking<Answer>) -> Elsewhere {
    let (asks, asking) = (desk.asks.clone(), asking.clone());
    Box::new(move |id: StreamId| {
        let question = Question::Elsewhere { id };
        let answer = ask(shard, asks.clone(), asking.clone(), ELSEWHERE, question);
        Box::pin(async move {
            match answer.await {
                Some(Answer::Elsewhere(base)) => base,
                _ => None,
            }
        })
    })
}

/// A viewer's question to control.
async fn ask(
    shard: usize,
    asks: Mailbox<Ask>,
    asking: Asking<Answer>,
    deadline: Duration,
    question: Question,
) -> Option<Answer> {
    let send = |asked| asks.post(Ask { shard, asked, question }).is_ok();
    asking.ask(deadline, send).await
}
