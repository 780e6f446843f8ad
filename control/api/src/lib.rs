//! The control plane's HTTP port: the REST API, its description, health, readiness and metrics. Answers are
//! JSON; errors are `application/problem+json` (RFC 9457).
//!
//! A request passes [`headers`], [`request_id`] and [`access`], which finds out who calls, counts the request
//! against its limit and looks up in one table ([`access::RULES`]) whether the caller may.

mod access;
mod address;
mod attempts;
mod auth;
mod body;
mod caller;
mod counts;
mod docs;
mod framing;
mod headers;
mod health;
mod live;
mod metrics;
mod moderators;
mod once;
mod openapi;
mod page;
mod problem;
mod request_id;
mod server;
mod streams;
mod tokens;
mod users;
mod work;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Router, middleware};
use cluster::Cluster;
use control::{Authority, Current, InForce, Lifecycle, Probe, Vitals};
use store::Store;

pub use attempts::{FixedLimit, LOGIN_LIMITS};
pub use live::{LiveItem, LivePage};
pub use openapi::document;
pub use page::MAX_PAGE;
pub use server::{Limits, Peer, serve};
pub use tokens::{Tokens, TokensError};
pub use work::{MAX_HASHING_WAITING, MAX_READERS};

use attempts::Attempts;
use caller::Callers;
use counts::Counts;
use work::Work;

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// What the port's answers are made from.
pub struct Api {
    /// The database.
    pub store: Store,
    /// Decides who publishes.
    pub authority: Arc<Authority>,
    /// What nodes share: limits and events.
    pub cluster: Cluster,
    /// The media plane.
    pub probe: Arc<dyn Probe>,
    /// The server's phase.
    pub lifecycle: Lifecycle,
    /// Whether database and storage are there.
    pub vitals: Vitals,
    /// Makes and checks access tokens.
    pub tokens: Tokens,
    /// The configuration in force.
    pub current: Current,
    /// The product's version.
    pub version: &'static str,
    /// When the server started.
    pub started: Instant,
    /// Log lines that a full queue lost: see [`control::logs::LogGuard::dropped`].
    pub dropped_log_lines: Arc<AtomicU64>,
}

/// What every handler shares.
#[derive(Clone)]
struct Shared {
    api: Arc<Api>,
    work: Work,
    callers: Callers,
    attempts: Attempts,
    counts: Arc<Counts>,
}

impl Shared {
    fn in_force(&self) -> Arc<InForce> {
        self.api.current.get()
    }
}

/// The port's routes. Within a tokio runtime: it listens to what other nodes tell.
pub fn router(api: Api) -> Router {
    let work = Work::new(api.store.clone());
    let callers = Callers::new(work.clone());
    tokio::spawn(callers.clone().listen(api.cluster.events()));
    let shared = Shared {
        work,
        attempts: Attempts::new(api.cluster.clone()),
        callers,
        counts: Arc::default(),
        api: Arc::new(api),
    };
    let (routes, _) = openapi::routes().split_for_parts();
    routes
        .route("/metrics", get(metrics::metrics))
        .merge(docs::routes())
        .route_layer(middleware::from_fn_with_state(shared.clone(), access::check))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(framing::check))
        .layer(middleware::from_fn_with_state(shared.clone(), request_id::add))
        .layer(middleware::from_fn_with_state(shared.clone(), headers::add))
        .with_state(shared)
}

#[cfg(test)]
mod tests;
