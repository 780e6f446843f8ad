//! The only crate that knows the kernel's I/O: pinned threads on io_uring (epoll where that is
//! refused), sockets, timers, mailboxes and memory files.
//!
//! Sockets are non-blocking in both modes and are read and written by plain calls; the runtime tells
//! when one is ready. So a future that is dropped loses no byte, an idle connection holds no buffer,
//! and `sendfile` never blocks a shard. What io_uring is for is many readiness polls and the batched
//! sends of [`Fanout`], one system call for many viewers.
#![allow(unsafe_code)]

mod acceptor;
mod clock;
mod conn;
mod connect;
mod fanout;
mod health;
mod local;
mod mailbox;
mod memfile;
mod runtime;
mod sys;
mod task;

pub mod limits;

pub use acceptor::{Acceptor, claim_port};
pub use clock::{busy, millis, unix_millis};
pub use conn::{Conn, Handoff};
pub use fanout::Fanout;
pub use health::{Health, PULSE_MS};
pub use local::{Asked, Asking};
pub use mailbox::{Full, Inbox, Mailbox, mailbox};
pub use memfile::{MemFile, MemView};
pub use runtime::{Driver, Preference, Shard, choose, start, start_anywhere};
pub use sys::{block_signals, lower_priority, raise_descriptor_limit};
pub use task::{Stop, panics, sleep, spawn, timeout, yield_now};
