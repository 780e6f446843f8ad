use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::event::{Event, Events};
use crate::limit::{self, Limit, Verdict};
use crate::metrics::Metrics;
use crate::registry::{self, Claim, Home};
use crate::remote::{ANSWER, Link, Remote};
use crate::shared::Shared;
use crate::worker::Task;
use crate::{Error, keeper, keys, values, worker};

/// This node, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, unlike all others'. A node that comes back under its old name takes its streams back.
    pub name: String,
    /// Where viewers find its media.
    pub media_url: String,
    /// Where its HTTP API is.
    pub api_url: String,
}

/// Where Redis is.
#[derive(Clone)]
pub struct Redis {
    url: String,
    password: Option<String>,
}

impl Redis {
    /// A URL (`redis://`, `rediss://` for TLS, or `unix://` with a path) and the password for one that
    /// holds none.
    pub fn new(url: impl Into<String>, password: Option<String>) -> Self {
        Self { url: url.into(), password }
    }

    fn client(&self) -> Result<Client, Error> {
        let info = self.url.as_str().into_connection_info().map_err(|_| Error::Url)?;
        // Events come on the connection of commands, which is a matter of version 3.
        let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = self.password.as_ref().filter(|_| settings.password().is_none()) {
            settings = settings.set_password(password);
        }
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            // Of the process. Whoever installed one before has the same.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Client::open(info.set_redis_settings(settings)).map_err(|_| Error::Url)
    }
}

/// Shows nothing, for both parts may be secret.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis(..)")
    }
}

/// What this node shares with the others. Clones are the same; with the last one its tasks end, and what
/// the node holds expires.
#[derive(Debug, Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
    _tasks: Arc<Tasks>,
}

impl Cluster {
    /// Starts this node's part, with tasks on the present tokio runtime (it panics outside of one). A
    /// Redis that is away is no error: it is connected to when it comes.
    ///
    /// # Errors
    ///
    /// [`Error::Url`]: the operator's to mend.
    pub fn start(node: Node, redis: Option<Redis>) -> Result<Self, Error> {
        let Some(redis) = redis else {
            let shared = Arc::new(Shared::new(node, None));
            return Ok(Self { shared, _tasks: Arc::default() });
        };
        let client = redis.client()?;
        let channel = keys::channel(client.get_connection_info().redis_settings().db());
        let (remote, jobs) = Remote::new();
        let shared = Arc::new(Shared::new(node, Some(remote)));
        let tasks = Tasks(vec![
            tokio::spawn(keeper::keep(shared.clone(), client)).abort_handle(),
            tokio::spawn(worker::work(shared.clone(), channel, jobs)).abort_handle(),
        ]);
        Ok(Self { shared, _tasks: Arc::new(tasks) })
    }

    /// This node.
    pub fn node(&self) -> &Node {
        &self.shared.node
    }

    /// Whether Redis is there. A change is found out within 5 s.
    pub fn link(&self) -> Link {
        self.shared.remote.as_ref().map_or(Link::Off, Remote::link)
    }

    /// What happened since the start.
    pub fn metrics(&self) -> Metrics {
        self.shared.counts.read(self.shared.holdings().len())
    }

    /// Tells all nodes: the subscribers in this process at once, others by Redis. Never blocks. When
    /// Redis is away for longer than some seconds, or too much waits, the others are told
    /// [`Event::Missed`] in its place.
    pub fn tell(&self, event: Event) {
        self.post(Task::Tell(event.clone()));
        self.shared.tell_here(event);
    }

    /// Subscribes to the events of all nodes.
    pub fn events(&self) -> Events {
        Events(self.shared.events.subscribe())
    }

    /// Takes one from the allowance that `who` has of `limit`: over all nodes, or, while Redis is away,
    /// of this node's own.
    pub async fn take(&self, limit: &Limit, who: &str) -> Verdict {
        limit::take(&self.shared, limit, who).await
    }

    /// Registers `session` of `stream` as this node's, until [`Self::release`]. With `take_over` an older
    /// session that another node has is ended there. An older session never replaces a newer one.
    pub async fn claim(&self, stream: &str, session: u32, take_over: bool) -> Claim {
        registry::claim(&self.shared, stream, session, take_over).await
    }

    /// Lets every node claim the stream without `take_over`, for its publisher is gone and may come back
    /// elsewhere. It stays this node's until then, and is no longer free once it is claimed anew.
    pub async fn offer(&self, stream: &str, session: u32) {
        registry::offer(&self.shared, stream, session).await;
    }

    /// Gives back what [`Self::claim`] registered; nothing if that is another session by now.
    pub fn release(&self, stream: &str, session: u32) {
        if self.shared.holdings().release(stream, session) {
            self.post(Task::Release(vec![(stream.to_owned(), session)]));
        }
    }

    /// Gives all streams back and waits until Redis has taken that, and all events told before, but not
    /// longer than a second. For a node that stops: the others need not wait for its leases' end.
    pub async fn leave(&self) {
        let streams = self.shared.holdings().release_all();
        self.post(Task::Release(streams));
        if self.link() == Link::Up {
            let (done, waiting) = oneshot::channel();
            self.post(Task::Flush(done));
            // A Redis that does not answer is not waited for: the leases end by themselves.
            let _ = timeout(ANSWER * 2, waiting).await;
        }
    }

    /// The node that has the stream, this one included. `None` when nobody has it, and when that cannot be
    /// known, for Redis is away.
    pub async fn home(&self, stream: &str) -> Option<Home> {
        registry::home(&self.shared, stream).await
    }

    /// Keeps a value for all nodes for `ttl`, at most [`crate::MAX_TTL`]. It is a cache: a value may be
    /// gone earlier, and one that is long (2 KB, its key 256 bytes) is not kept at all.
    pub async fn remember(&self, kind: &'static str, key: &str, value: &str, ttl: Duration) {
        values::remember(&self.shared, kind, key, value, ttl).await;
    }

    /// What was remembered, by any node.
    pub async fn recall(&self, kind: &'static str, key: &str) -> Option<String> {
        values::recall(&self.shared, kind, key).await
    }

    /// Drops what was remembered. Where Redis is away this node drops it now, and Redis when it is back.
    pub async fn forget(&self, kind: &'static str, key: &str) {
        values::forget(&self.shared, kind, key).await;
    }

    fn post(&self, task: Task) {
        if let Some(remote) = &self.shared.remote {
            remote.post(&self.shared.counts, task);
        }
    }
}

/// The background tasks, which end with it.
#[derive(Debug, Default)]
struct Tasks(Vec<AbortHandle>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_errors_nor_debug_text_show_a_secret() {
        for url in
            ["http://u:hidden@h", "hidden", "redis://u:hidden@h:99999", "redis://:hidden@h/x"]
        {
            let redis = Redis::new(url, Some("hidden".into()));
            let error = redis.client().unwrap_err();
            assert!(!format!("{redis:?} {error} {error:?}").contains("hidden"));
        }
    }

    #[test]
    fn the_password_is_for_urls_without_one() {
        let password = |url: &str| {
            let client = Redis::new(url, Some("b".into())).client().unwrap();
            client.get_connection_info().redis_settings().password().map(str::to_owned)
        };
        assert_eq!(password("redis://h").as_deref(), Some("b"));
        assert_eq!(password("rediss://user@h").as_deref(), Some("b"));
        assert_eq!(password("redis://:a@h").as_deref(), Some("a"));
    }
}
