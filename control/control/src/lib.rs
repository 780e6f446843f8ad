//! The control plane: what decides, administers, tells and records, on the tokio runtime. It knows
//! streams by their ids and never sees a byte of media; shards ask it questions and tell it what
//! happened, in the words of [`stream::control`].
//!
//! - [`Authority`] answers the shards and orders streams to be cut.
//! - [`admin`] administers users and streams, over a socket or directly on the database.
//! - [`stats`] says how a live stream is.
//! - [`Current`] is the configuration in force, for whoever answers.
//! - [`logs`] takes log lines from every thread without ever making one wait.

pub mod admin;
mod authority;
mod clock;
mod current;
mod first_admin;
mod lifecycle;
mod links;
mod lock;
pub mod logs;
mod probe;
pub mod stats;
mod vitals;

pub use admin::problem_type;
pub use authority::{
    Authority, AuthoritySettings, MAX_COMMANDS, MAX_LOOK_UPS, MAX_QUESTIONS, ShardCommand,
};
pub use clock::now;
pub use current::{Current, InForce, Reloader, Reloads};
pub use first_admin::{DEFAULT_ADMIN_EMAIL, FirstAdmin, FirstAdminError, first_administrator};
pub use lifecycle::{Lifecycle, Phase};
pub use links::{Links, Outputs};
pub use lock::{DataDirLock, LockError};
pub use probe::{
    Asked, CutError, MAX_SESSIONS, Probe, Runtime, SHARD_ANSWER, ShardHealth, ShardMetrics,
};
pub use stats::StreamStats;
pub use vitals::Vitals;
