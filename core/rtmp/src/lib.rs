//! RTMP, both directions, without input or output of its own.
//!
//! A session takes the bytes of one connection and gives bytes and events back:
//!
//! ```text
//! handle_input(now, bytes)   what arrived, cut anywhere
//! handle_timeout(now)        when next_timeout() has come
//! poll_output()              until None: Send, Event, Close
//! ```
//!
//! Time is a value ([`Millis`]), randomness is a value, and all that a peer can make grow has a limit
//! ([`Limits`]). An [`Error`] names what the peer did wrong; after one the connection is to be closed.
//!
//! - [`server::ServerSession`] takes publishers and players in.
//! - [`client::ClientSession`] publishes to and plays from any server.
//! - [`media_header`] is the way of media to players: the caller writes headers and shared bodies by
//!   itself, many messages and many viewers at a time.
//!
//! Sources: Adobe's Real Time Messaging Protocol 1.0 (2012), called "RTMP" below; Enhanced RTMP v2
//! (Veovera), called "E-RTMP"; the digest handshake is known from the encoders that use it.

mod address;
mod aggregate;
mod capabilities;
mod chunk;
mod clock;
mod command;
mod control;
mod error;
mod handshake;
mod limits;
mod link;
mod media_header;
mod message;
mod receipts;
mod watchdog;

pub mod client;
pub mod server;

pub use address::{Secret, Url};
pub use error::Error;
pub use limits::Limits;
pub use media_header::{Header, MediaKind, OUT_CHUNK_SIZE, media_header};

/// How many random bytes a session is made from. They tell handshakes apart and protect nothing.
pub const RANDOM_LEN: usize = 8;

/// Milliseconds of a monotonic clock: the caller's, with any origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// This moment and then some.
    pub const fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(duration.as_millis() as u64))
    }
}

/// What a session wants its caller to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E> {
    /// Write these bytes to the connection: whole RTMP messages, after the handshake.
    Send(bytes::Bytes),
    /// Something happened.
    Event(E),
    /// Close the connection once all that was sent has left. Told once, last of all.
    Close,
}
