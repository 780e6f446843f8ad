//! What the nodes of a site share while they run: events, the registry of live streams, rate limits and
//! short-lived values. It is in Redis, or in this process where there is none.
//!
//! [`Cluster`] is the whole surface. Nothing here must outlive the process (that is the store's), and
//! nothing waits for Redis longer than [`ANSWER`]: a Redis that is away, hangs or comes back empty
//! makes this node go on by itself, and what it holds is registered again when Redis is back.
//!
//! Redis 6 or newer, one server or a primary with replicas; not Redis Cluster, whose nodes would each
//! have a part of what one script touches.

mod cluster;
mod error;
mod event;
mod expiring;
mod keeper;
mod keys;
mod limit;
mod metrics;
mod registry;
mod remote;
mod shared;
mod values;
mod worker;

pub use cluster::{Cluster, Node, Redis};
pub use error::Error;
pub use event::{Event, Events};
pub use limit::{Limit, Verdict};
pub use metrics::Metrics;
pub use registry::{Claim, Home};
pub use remote::{ANSWER, Link};
pub use values::MAX_TTL;
