//! The face of `core/shard` over a virtual clock, a virtual network and a scheduler of its own, so that
//! the real shell (`core/link`, `ingest`, `delivery` and the binary's media plane) runs under the
//! simulator unchanged.
//!
//! One thread is all shards: a task belongs to the shard that spawned it, and which of the ready tasks
//! runs next is drawn. All that is drawn comes from one seed ([`Rng`]), so a run can be repeated.
//! [`sim`] is what the simulator holds in its hands: time, scheduling, and the far ends of connections.

mod acceptor;
mod clock;
mod conn;
mod fanout;
mod health;
mod kernel;
#[path = "../../../../core/shard/src/local.rs"]
mod local;
mod mailbox;
mod memfile;
mod net;
mod peer;
mod pipe;
mod rng;
mod task;

pub use acceptor::Acceptor;
pub use clock::{busy, millis, unix_millis};
pub use conn::{Conn, Handoff};
pub use fanout::Fanout;
pub use health::Health;
pub use kernel::Driver;
pub use local::{Asked, Asking};
pub use mailbox::{Full, Inbox, Mailbox, mailbox};
pub use memfile::{MemFile, MemView};
pub use rng::Rng;
pub use task::{Stop, sleep, spawn, timeout, yield_now};

/// What the simulator does to this world from outside.
pub mod sim {
    pub use crate::kernel::{
        advance_to, fail, kill, next_due, on_shard, reset, run_one, take_failures, tasks,
        turn_wall_clock,
    };
    pub use crate::peer::{End, Peer};
    pub use crate::pipe::Way;
}
