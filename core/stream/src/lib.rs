//! A live stream as one structure: a bounded log of frames in groups, one writer, many cursors.
//!
//! The log is the GOP cache, the send queue and the slow-reader rule at once: a joiner starts at the
//! newest group, a reader that falls off the log jumps there and is counted, and nothing is queued
//! for any single reader. Pure: no clock, file, socket or thread; readers are woken by the standard
//! library's task wakers.

pub mod control;

mod directory;
mod hub;
mod live;
mod log;
mod meter;
mod session;
mod signal;
mod stats;
mod timeline;

pub use directory::{Directory, Listing, Publishing};
pub use hub::Hub;
pub use live::{Publisher, Stream};
pub use log::{Cursor, Limits, Log, Read};
pub use meter::{Measured, Meter};
pub use session::{BadSessionId, MAX_AGENT, Session, SessionId, Side, agent};
pub use signal::Signal;
pub use stats::{Protocol, StreamStats};
pub use timeline::{Placed, Timeline};
