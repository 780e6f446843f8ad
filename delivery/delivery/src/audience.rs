//! Who watches by HLS: there is no connection to count, so a viewer is an address and program that
//! asked for a playlist of late. A viewer's connections may land on several shards, so all of them
//! tell the home shard, which counts each viewer once. Signed viewer sessions will count better.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use stream::control::StreamId;
use stream::{Protocol, StreamStats};

use crate::{Context, Letter};

/// A viewer that asked for no playlist for this long is gone.
const GONE_MS: u64 = 15_000;
/// How often the home shard is told, and those that are gone are taken out.
const SWEEP: Duration = Duration::from_secs(1);
/// Viewers that are told apart; further ones are not counted.
const MAX_COUNTED: usize = 100_000;

/// The HLS viewers of one stream, as one shard sees them.
#[derive(Debug)]
pub(crate) enum Audience {
    /// On the home shard: counts.
    Home {
        stats: Arc<StreamStats>,
        /// When each viewer was last seen (monotonic ms).
        seen: RefCell<HashMap<u64, u64>>,
    },
    /// On another shard: tells the home shard.
    Away { id: StreamId, home: usize, news: RefCell<HashSet<u64>> },
}

impl Audience {
    /// Counts or tells until nobody holds this any more. `None` when the stream is not live.
    pub(crate) fn start(context: &Rc<Context>, id: &StreamId) -> Option<Rc<Self>> {
        let audience = {
            let directory = context.directory.borrow();
            let listing = directory.get(id)?;
            Rc::new(if listing.home == context.shard {
                Self::Home { stats: Arc::clone(&listing.stats), seen: RefCell::default() }
            } else {
                Self::Away { id: id.clone(), home: listing.home, news: RefCell::default() }
            })
        };
        let (weak, context) = (Rc::downgrade(&audience), Rc::downgrade(context));
        shard::spawn("audience", async move { sweep(&weak, &context).await });
        Some(audience)
    }

    /// Tells viewers apart.
    pub(crate) fn viewer(address: IpAddr, program: Option<&str>) -> u64 {
        let mut hasher = DefaultHasher::new();
        (address, program).hash(&mut hasher);
        hasher.finish()
    }

    /// A viewer asked for a playlist.
    pub(crate) fn saw(&self, viewer: u64) {
        match self {
            Self::Home { stats, seen } => {
                let mut seen = seen.borrow_mut();
                if seen.len() >= MAX_COUNTED && !seen.contains_key(&viewer) {
                    return;
                }
                if seen.insert(viewer, shard::millis()).is_none() {
                    stats.joined(Protocol::Hls);
                }
            }
            Self::Away { news, .. } => {
                let mut news = news.borrow_mut();
                if news.len() < MAX_COUNTED {
                    news.insert(viewer);
                }
            }
        }
    }

    fn tick(&self, context: &Context) {
        match self {
            Self::Home { stats, seen } => seen.borrow_mut().retain(|_, at| {
                let stays = shard::millis().saturating_sub(*at) < GONE_MS;
                if !stays {
                    stats.left(Protocol::Hls);
                }
                stays
            }),
            Self::Away { id, home, news } => {
                let viewers: Vec<u64> = news.borrow_mut().drain().collect();
                if !viewers.is_empty() {
                    context.send(*home, Letter::Seen { id: id.clone(), viewers });
                }
            }
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
        if let Self::Home { stats, seen } = self {
            for _ in seen.borrow().iter() {
                stats.left(Protocol::Hls);
            }
        }
    }
}
