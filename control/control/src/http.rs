//! The control plane's HTTP port: health, readiness, metrics, and what is live. Answers are JSON;
//! errors are `application/problem+json` (RFC 9457).

mod headers;
mod health;
mod live;
mod metrics;
mod problem;
mod server;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use store::Store;
use tokio::sync::Semaphore;

pub use headers::Cors;
pub use live::{LiveItem, LivePage, MAX_PAGE};
pub(crate) use problem::problem_type;
pub use server::{Limits, serve};

use crate::{Lifecycle, Links, Probe, Vitals};

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Requests that read the database at a time; more wait.
pub const MAX_READERS: usize = 8;

/// What the port's answers are made from.
pub struct Api {
    /// The database.
    pub store: Store,
    /// Builds the URLs in answers.
    pub links: Links,
    /// The media plane.
    pub probe: Arc<dyn Probe>,
    /// The server's phase.
    pub lifecycle: Lifecycle,
    /// Whether database and storage are there.
    pub vitals: Vitals,
    /// Whose scripts may read answers.
    pub cors: Cors,
    /// The product's version.
    pub version: &'static str,
    /// When the server started.
    pub started: Instant,
    /// Log lines that a full queue lost: see [`crate::logs::LogGuard::dropped`].
    pub dropped_log_lines: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Shared {
    api: Arc<Api>,
    readers: Arc<Semaphore>,
}

/// The port's routes.
pub fn router(api: Api) -> Router {
    let cors = api.cors.clone();
    let shared = Shared { api: Arc::new(api), readers: Arc::new(Semaphore::new(MAX_READERS)) };
    Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/api/streams/live", get(live::live))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(cors, headers::add))
        .with_state(shared)
}

#[cfg(test)]
mod tests;
