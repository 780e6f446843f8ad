//! Who watches by HLS: there is no connection to count, so a viewer is an address and program that
//! asked for a playlist of late. A viewer's connections may land on several shards, so all of them
//! tell the home shard, which counts each viewer once. Signed viewer sessions will count better.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use stream::control::StreamId;
use stream::{Protocol, Session, SessionId, Side, StreamStats};

use crate::{Context, Letter};

/// A viewer that asked for no playlist for this long is gone.
const GONE_MS: u64 = 15_000;
/// How often the home shard is told, and those that are gone are taken out.
const SWEEP: Duration = Duration::from_secs(1);
/// Viewers that are told apart; further ones are not counted.
const MAX_COUNTED: usize = 100_000;
/// Viewers whose address and program are kept; further ones are counted but not listed.
const MAX_LISTED: usize = 10_000;

/// The HLS viewers of one stream, as one shard sees them.
#[derive(Debug)]
pub(crate) struct Audience {
    stats: Arc<StreamStats>,
    seen: RefCell<HashMap<u64, Seen>>,
    /// Those of `seen` that can be listed.
    listed: Cell<usize>,
    /// `None` on the home shard, which counts.
    away: Option<Away>,
}

/// What another shard than the home has to tell it.
#[derive(Debug)]
struct Away {
    id: StreamId,
    home: usize,
    news: RefCell<HashSet<u64>>,
    /// Those of the news that may not be counted yet.
    new: Cell<u64>,
}

#[derive(Debug)]
struct Seen {
    /// When last (monotonic ms).
    at: u64,
    who: Option<Box<Who>>,
}

/// A viewer that asked on this very shard.
#[derive(Debug)]
struct Who {
    address: IpAddr,
    agent: Option<Arc<str>>,
    since_ms: i64,
}

/// Somebody who asks for a playlist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) address: IpAddr,
    pub(crate) program: Option<&'a str>,
}

impl Asker<'_> {
    /// Tells viewers apart.
    pub(crate) fn number(&self, id: &StreamId) -> u64 {
        let mut hasher = DefaultHasher::new();
        (id, self.address, self.program).hash(&mut hasher);
        hasher.finish()
    }
}

impl Audience {
    /// Counts or tells until nobody holds this any more. `None` when the stream is not live.
    pub(crate) fn start(context: &Rc<Context>, id: &StreamId) -> Option<Rc<Self>> {
        let audience = {
            let directory = context.directory.borrow();
            let listing = directory.get(id)?;
            let away = (listing.home != context.shard).then(|| Away {
                id: id.clone(),
                home: listing.home,
                news: RefCell::default(),
                new: Cell::new(0),
            });
            let stats = Arc::clone(&listing.stats);
            Rc::new(Self { stats, seen: RefCell::default(), listed: Cell::new(0), away })
        };
        let (weak, context) = (Rc::downgrade(&audience), Rc::downgrade(context));
        shard::spawn("audience", async move { sweep(&weak, &context).await });
        Some(audience)
    }

    /// Whether a viewer may begin: it watches already, or there is room. Elsewhere than at home the count
    /// is up to a second old, and newcomers to this shard are added to it.
    pub(crate) fn admits(&self, viewer: u64) -> bool {
        if self.seen.borrow().contains_key(&viewer) {
            return true;
        }
        let waiting = self.away.as_ref().map_or(0, |away| away.new.get());
        let admits = self.stats.has_room(waiting);
        if !admits {
            self.stats.refused.fetch_add(1, Relaxed);
        }
        admits
    }

    /// A viewer asked for a playlist here or, as another shard tells, there.
    pub(crate) fn saw(&self, viewer: u64, asker: Option<Asker<'_>>) {
        let mut seen = self.seen.borrow_mut();
        let full = seen.len() >= MAX_COUNTED;
        let is_new = !seen.contains_key(&viewer);
        if full && is_new {
            return;
        }
        let at = shard::millis();
        let known = seen.entry(viewer).or_insert(Seen { at, who: None });
        known.at = at;
        if let Some(asker) = asker.filter(|_| known.who.is_none() && self.listed.get() < MAX_LISTED)
        {
            let agent = asker.program.map(stream::agent);
            let since_ms = shard::unix_millis();
            known.who = Some(Box::new(Who { address: asker.address, agent, since_ms }));
            self.listed.set(self.listed.get() + 1);
        }
        match &self.away {
            None if is_new => self.stats.joined(Protocol::Hls),
            None => {}
            Some(away) => {
                away.news.borrow_mut().insert(viewer);
                away.new.set(away.new.get() + u64::from(is_new));
            }
        }
    }

    /// Who asked on this shard, at most `limit`.
    pub(crate) fn sessions(&self, limit: usize) -> Vec<Session> {
        let seen = self.seen.borrow();
        let listed = seen.iter().filter_map(|(number, seen)| {
            let Who { address, agent, since_ms } = seen.who.as_deref()?;
            Some(Session {
                id: SessionId::Requests(*number),
                side: Side::Viewer,
                protocol: Protocol::Hls,
                address: *address,
                since_ms: *since_ms,
                agent: agent.clone(),
                bytes: None,
                skips: 0,
            })
        });
        listed.take(limit).collect()
    }

    fn tick(&self, context: &Context) {
        let now = shard::millis();
        self.seen.borrow_mut().retain(|_, seen| {
            let stays = now.saturating_sub(seen.at) < GONE_MS;
            if !stays {
                self.listed.set(self.listed.get() - usize::from(seen.who.is_some()));
                self.forget();
            }
            stays
        });
        let Some(away) = &self.away else { return };
        let viewers: Vec<u64> = away.news.borrow_mut().drain().collect();
        away.new.set(0);
        if !viewers.is_empty() {
            context.send(away.home, Letter::Seen { id: away.id.clone(), viewers });
        }
    }

    /// A viewer counts no more.
    fn forget(&self) {
        if self.away.is_none() {
            self.stats.left(Protocol::Hls);
        }
    }
}

async fn sweep(audience: &Weak<Audience>, context: &Weak<Context>) {
    loop {
        shard::sleep(SWEEP).await;
        let (Some(audience), Some(context)) = (audience.upgrade(), context.upgrade()) else {
            return;
        };
        audience.tick(&context);
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        for _ in self.seen.borrow().iter() {
            self.forget();
        }
    }
}
