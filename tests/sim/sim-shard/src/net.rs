use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::task::Waker;

use crate::kernel::Driver;
use crate::pipe::{Pipe, Way};

/// Connections, and who listens for them.
#[derive(Default)]
pub(crate) struct Net {
    links: BTreeMap<u64, Link>,
    next: u64,
    /// Counts the server's processes.
    era: u64,
    listeners: BTreeMap<(usize, u16), Listener>,
}

#[derive(Default)]
struct Listener {
    backlog: VecDeque<u64>,
    waker: Option<Waker>,
}

/// A connection: the server's end is a [`crate::Conn`], the client's a [`crate::sim::Peer`].
pub(crate) struct Link {
    pub(crate) peer: SocketAddr,
    pub(crate) port: u16,
    /// The server's process that it was made with.
    era: u64,
    /// From the client to the server.
    pub(crate) up: Pipe,
    /// From the server to the client.
    pub(crate) down: Pipe,
    pub(crate) server: Side,
    pub(crate) client: Side,
    /// Nothing passes any more, and nobody is told.
    pub(crate) cut: bool,
}

/// One end's state.
#[derive(Default)]
pub(crate) struct Side {
    /// It will neither read nor write again.
    pub(crate) closed: bool,
    pub(crate) shut_read: bool,
    pub(crate) shut_write: bool,
    /// The connection was broken off by the other end.
    pub(crate) broken: bool,
    pub(crate) readers: Vec<Waker>,
    pub(crate) writers: Vec<Waker>,
}

impl Side {
    fn wake(&mut self) {
        self.readers.drain(..).chain(self.writers.drain(..)).for_each(Waker::wake);
    }
}

/// Adds a waiter as the driver does.
pub(crate) fn wait(waiters: &mut Vec<Waker>, waker: &Waker, driver: Driver) {
    match driver {
        Driver::Epoll => waiters.clear(),
        Driver::IoUring => waiters.retain(|known| !known.will_wake(waker)),
    }
    waiters.push(waker.clone());
}

impl Net {
    pub(crate) fn listen(&mut self, shard: usize, port: u16) {
        self.listeners.insert((shard, port), Listener::default());
    }

    pub(crate) fn unlisten(&mut self, shard: usize, port: u16) {
        let gone = self.listeners.remove(&(shard, port));
        for id in gone.into_iter().flat_map(|listener| listener.backlog) {
            self.break_off(id);
        }
    }

    /// A new connection, broken at once when nobody listens.
    pub(crate) fn connect(&mut self, shard: usize, port: u16, peer: SocketAddr, way: Way) -> u64 {
        let (id, up) = (self.next, Pipe::new(way));
        self.next += 1;
        let (server, client, down) = (Side::default(), Side::default(), Pipe::new(way));
        let era = self.era;
        let mut link = Link { peer, port, era, up, down, server, client, cut: false };
        match self.listeners.get_mut(&(shard, port)) {
            Some(listener) => {
                listener.backlog.push_back(id);
                listener.waker.take().into_iter().for_each(Waker::wake);
            }
            None => {
                link.client.broken = true;
                link.server.closed = true;
            }
        }
        self.links.insert(id, link);
        id
    }

    pub(crate) fn accept(&mut self, shard: usize, port: u16, waker: &Waker) -> Option<u64> {
        let listener = self.listeners.get_mut(&(shard, port))?;
        let taken = listener.backlog.pop_front();
        if taken.is_none() {
            listener.waker = Some(waker.clone());
        }
        taken
    }

    /// Whether the server's process that a connection was made with still runs.
    pub(crate) fn is_served(&self, id: u64) -> bool {
        self.links.get(&id).is_some_and(|link| link.era == self.era)
    }

    pub(crate) fn link(&mut self, id: u64) -> Option<&mut Link> {
        self.links.get_mut(&id)
    }

    pub(crate) fn deliver(&mut self, now: u64) {
        self.links.values_mut().for_each(|link| link.deliver(now));
    }

    pub(crate) fn next_due(&self, now: u64) -> Option<u64> {
        self.links.values().filter_map(Link::next_due).min().map(|due| due.max(now))
    }

    /// The server's end is dropped: what it sent still leaves, unless input was left unread.
    pub(crate) fn close_server(&mut self, id: u64, now: u64) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.server.closed = true;
        if link.up.unread() > 0 {
            link.break_client();
        }
        link.down.finish(now);
        self.forget(id);
    }

    pub(crate) fn close_client(&mut self, id: u64, now: u64) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.client.closed = true;
        if !link.cut {
            if link.down.unread() > 0 {
                link.break_server();
            }
            link.up.finish(now);
        }
        self.forget(id);
    }

    /// Both ends are told that the connection is no more.
    pub(crate) fn break_off(&mut self, id: u64) {
        if let Some(link) = self.links.get_mut(&id) {
            link.break_client();
            link.break_server();
            link.down.clear();
        }
    }

    /// The server's process is gone: its system closes what is left.
    pub(crate) fn close_all(&mut self, now: u64) {
        self.era += 1;
        self.listeners.clear();
        let all: Vec<u64> = self.links.keys().copied().collect();
        for id in all {
            self.close_server(id, now);
        }
    }

    /// Connections that the server still holds.
    pub(crate) fn held_by_server(&self) -> usize {
        self.links.values().filter(|link| !link.server.closed).count()
    }

    fn forget(&mut self, id: u64) {
        if self.links.get(&id).is_some_and(|link| link.server.closed && link.client.closed) {
            self.links.remove(&id);
        }
    }
}

impl Link {
    fn deliver(&mut self, now: u64) {
        if self.cut {
            return;
        }
        if self.up.deliver(now) {
            if self.server.closed && self.up.unread() > 0 {
                // Nobody will read it, and the sender is told so.
                self.break_client();
            }
            self.server.readers.drain(..).for_each(Waker::wake);
        }
        if self.down.deliver(now) && self.client.closed && self.down.unread() > 0 {
            self.break_server();
        }
        if self.down.has_room() {
            self.server.writers.drain(..).for_each(Waker::wake);
        }
    }

    fn next_due(&self) -> Option<u64> {
        let due = self.up.next_due().into_iter().chain(self.down.next_due()).min();
        due.filter(|_| !self.cut)
    }

    /// The client is told that the connection is no more; what was sent to it before comes first.
    pub(crate) fn break_client(&mut self) {
        if !self.cut {
            self.client.broken = true;
        }
        self.up.clear();
    }

    pub(crate) fn break_server(&mut self) {
        self.server.broken = true;
        self.server.wake();
    }

    /// The server's end shut down in one or both directions.
    pub(crate) fn shut_server(&mut self, read: bool, write: bool, now: u64) {
        self.server.shut_read |= read;
        if write && !std::mem::replace(&mut self.server.shut_write, true) {
            self.down.finish(now);
        }
        self.server.wake();
    }
}
