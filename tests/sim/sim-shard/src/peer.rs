use std::net::SocketAddr;

use crate::kernel::with;
use crate::net::Link;
use crate::pipe::Way;

/// The client's end of a connection, in the simulator's hands. Dropping it closes it.
#[derive(Debug)]
pub struct Peer(u64);

/// How a connection ended, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server has said all.
    Finished,
    /// It was broken off.
    Broken,
}

impl Peer {
    /// Connects to a port of a shard.
    pub fn connect(shard: usize, port: u16, from: SocketAddr, way: Way) -> Self {
        Self(with(|kernel| kernel.net.connect(shard, port, from, way)))
    }

    /// Sends what there is room for; how much that was.
    pub fn write(&self, bytes: &[u8]) -> usize {
        with(|kernel| {
            let Some(link) = kernel.net.link(self.0) else { return 0 };
            if link.client.broken || link.client.shut_write {
                return bytes.len();
            }
            link.up.send(kernel.now, &[bytes], &mut kernel.rng)
        })
    }

    /// Takes up to `max` bytes of what has arrived.
    pub fn read(&self, max: usize) -> Vec<u8> {
        self.link(|link| {
            let mut buffer = vec![0; max.min(link.down.unread())];
            link.down.read(&mut buffer);
            buffer
        })
        .unwrap_or_default()
    }

    /// How the connection ended, once all that arrived was read.
    pub fn end(&self) -> Option<End> {
        self.link(|link| match link.down.unread() {
            0 if link.client.broken && link.down.is_empty() => Some(End::Broken),
            0 if link.down.ended => Some(End::Finished),
            _ => None,
        })
        .unwrap_or(Some(End::Broken))
    }

    /// Whether nothing is on its way to the client, the connection's end included, and the server is not
    /// kept from sending.
    pub fn is_quiet(&self) -> bool {
        self.is_served()
            && self
                .link(|link| link.down.is_empty() && !link.down.is_ending() && !link.down.is_full())
                == Some(true)
    }

    /// Whether all that the client sent has been read by the server.
    pub fn is_heard(&self) -> bool {
        let heard =
            |link: &mut Link| link.up.is_empty() && !link.client.broken && !link.client.shut_write;
        self.is_served() && self.link(heard) == Some(true)
    }

    /// Sends nothing more, and reads on.
    pub fn finish(&self) {
        with(|kernel| {
            let now = kernel.now;
            if let Some(link) = kernel.net.link(self.0) {
                link.client.shut_write = true;
                link.up.finish(now);
            }
        });
    }

    /// Breaks the connection off: the server is told at once.
    pub fn reset(&self) {
        with(|kernel| kernel.net.break_off(self.0));
    }

    /// Cuts the line: nothing passes any more, and nobody is told.
    pub fn cut(&self) {
        self.link(|link| link.cut = true);
    }

    /// Nothing arrives at either end for so many milliseconds.
    pub fn stall(&self, ms: u64) {
        with(|kernel| {
            let until = kernel.now + ms;
            if let Some(link) = kernel.net.link(self.0) {
                link.up.hold_until(until);
                link.down.hold_until(until);
            }
        });
    }

    /// Connections that the server holds.
    pub fn held_by_server() -> usize {
        with(|kernel| kernel.net.held_by_server())
    }

    fn is_served(&self) -> bool {
        with(|kernel| kernel.net.is_served(self.0))
    }

    fn link<R>(&self, act: impl FnOnce(&mut Link) -> R) -> Option<R> {
        with(|kernel| kernel.net.link(self.0).map(act))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        with(|kernel| kernel.net.close_client(self.0, kernel.now));
    }
}
