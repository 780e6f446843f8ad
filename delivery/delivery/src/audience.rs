//! Who watches by HLS: there is no connection to count, so a viewer is an address and program that
//! asked for a playlist of late. Signed viewer sessions will count better.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use stream::{Protocol, StreamStats};

/// A viewer that asked for no playlist for this long is gone.
const GONE_MS: u64 = 15_000;
/// How often those that are gone are taken out.
const SWEEP: Duration = Duration::from_secs(2);
/// Viewers that are told apart; further ones are not counted.
const MAX_COUNTED: usize = 100_000;

/// The HLS viewers of one stream on one shard.
#[derive(Debug)]
pub(crate) struct Audience {
    stats: Arc<StreamStats>,
    /// When each viewer was last seen (monotonic ms).
    seen: RefCell<HashMap<u64, u64>>,
}

impl Audience {
    /// Counts the viewers of a stream until nobody holds this any more.
    pub(crate) fn start(stats: Arc<StreamStats>) -> Rc<Self> {
        let audience = Rc::new(Self { stats, seen: RefCell::default() });
        let weak = Rc::downgrade(&audience);
        shard::spawn("audience", async move {
            loop {
                shard::sleep(SWEEP).await;
                let Some(audience) = weak.upgrade() else { break };
                audience.sweep(shard::millis());
            }
        });
        audience
    }

    /// A playlist was asked for.
    pub(crate) fn saw(&self, address: IpAddr, program: Option<&str>) {
        let mut hasher = DefaultHasher::new();
        (address, program).hash(&mut hasher);
        let mut seen = self.seen.borrow_mut();
        if seen.len() >= MAX_COUNTED {
            return;
        }
        if seen.insert(hasher.finish(), shard::millis()).is_none() {
            self.stats.joined(Protocol::Hls);
        }
    }

    fn sweep(&self, now_ms: u64) {
        self.seen.borrow_mut().retain(|_, at| {
            let stays = now_ms.saturating_sub(*at) < GONE_MS;
            if !stays {
                self.stats.left(Protocol::Hls);
            }
            stays
        });
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        for _ in self.seen.borrow().iter() {
            self.stats.left(Protocol::Hls);
        }
    }
}
