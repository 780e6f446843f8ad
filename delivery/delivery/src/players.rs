//! The viewers of one stream on one shard that get it frame by frame (RTMP, FLV, WebSocket-FLV).
//!
//! Those that keep up stand at the same place in the log and share one batch; one that is behind is
//! served by itself when its socket has room. Nothing is queued for anyone but the rest of the
//! message that a full socket cut in two.

mod player;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use shard::Conn;
use slab::Slab;
use stream::control::StreamId;
use stream::{Cursor, Log, Session, SessionId, Stream};

use crate::Context;
use crate::gather;
use crate::wire::Wire;
use player::{Player, Sent, gather};

/// A viewer whose socket takes nothing for this long is given up.
const STALLED: Duration = Duration::from_secs(30);
/// Control messages that wait behind a full socket; over it the viewer is given up.
const MAX_REST: usize = 64;

/// The frame-by-frame viewers of a stream on this shard.
pub(crate) struct Players {
    stream: Rc<Stream>,
    context: Rc<Context>,
    inner: RefCell<Inner>,
}

/// A viewer that comes.
pub(crate) struct Guest {
    pub(crate) conn: Rc<Conn>,
    /// Where the viewer really comes from.
    pub(crate) address: IpAddr,
    pub(crate) wire: Wire,
    /// How its program presents itself.
    pub(crate) agent: Option<Arc<str>>,
    /// What goes before the stream.
    pub(crate) prelude: Bytes,
}

/// What a viewer leaves behind.
pub(crate) struct Gone {
    /// What it still has to get before anything else may be sent to it.
    pub(crate) rest: VecDeque<Bytes>,
    /// It was told to go.
    pub(crate) cut: bool,
}

#[derive(Default)]
struct Inner {
    players: Slab<Player>,
    /// The log index where they stand.
    front: u64,
    running: bool,
    scratch: Vec<u8>,
    results: Vec<(usize, io::Result<Option<usize>>)>,
}

impl Players {
    pub(crate) fn new(context: Rc<Context>, stream: Rc<Stream>) -> Rc<Self> {
        Rc::new(Self { stream, context, inner: RefCell::default() })
    }

    /// Adds a viewer at the newest group and sends it what there is.
    pub(crate) fn join(self: &Rc<Self>, guest: Guest) -> usize {
        let (key, start) = {
            let mut inner = self.inner.borrow_mut();
            let id = self.context.next_session();
            let player = Player::new(guest, id, self.stream.log().join());
            (inner.players.insert(player), !std::mem::replace(&mut inner.running, true))
        };
        self.serve(key);
        if start {
            let players = Rc::clone(self);
            shard::spawn("fan-out", async move { players.run().await });
        }
        key
    }

    /// Takes a viewer out.
    pub(crate) fn leave(&self, key: usize) -> Gone {
        let mut inner = self.inner.borrow_mut();
        let Player { rest, cut, .. } = inner.players.remove(key);
        if inner.players.is_empty() {
            drop(inner);
            self.context.forget(self);
            // Wakes the fan-out task, which ends.
            self.stream.flush();
        }
        Gone { rest, cut }
    }

    /// Tells a viewer to go: whoever reads its connection takes it out. Whether it was there.
    pub(crate) fn cut(&self, id: SessionId) -> bool {
        let mut inner = self.inner.borrow_mut();
        let found = inner.players.iter_mut().find(|(_, player)| player.id() == id);
        let Some((_, player)) = found else { return false };
        player.cut = true;
        player.conn.interrupt();
        true
    }

    /// Whether a viewer was told to go.
    pub(crate) fn is_cut(&self, key: usize) -> bool {
        self.inner.borrow().players.get(key).is_some_and(|player| player.cut)
    }

    /// Who watches, at most `limit`.
    pub(crate) fn sessions(&self, limit: usize) -> Vec<Session> {
        let inner = self.inner.borrow();
        inner.players.iter().take(limit).map(|(_, player)| player.session()).collect()
    }

    /// Sends a control message between two media messages.
    pub(crate) fn control(self: &Rc<Self>, key: usize, message: Bytes) {
        {
            let mut inner = self.inner.borrow_mut();
            let Some(player) = inner.players.get_mut(key) else { return };
            if player.rest.len() >= MAX_REST {
                player.conn.close();
                return;
            }
            player.rest.push_back(message);
        }
        self.serve(key);
    }

    /// Stops sending media to a viewer; when it goes on, it does so at the newest group.
    pub(crate) fn pause(self: &Rc<Self>, key: usize, paused: bool) {
        {
            let mut inner = self.inner.borrow_mut();
            let Some(player) = inner.players.get_mut(key) else { return };
            if player.paused && !paused {
                player.cursor = self.stream.log().join();
            }
            player.paused = paused;
        }
        self.serve(key);
    }

    /// Whether these are the viewers of this very stream, not of an ended one with the same id.
    pub(crate) fn is_of(&self, stream: &Rc<Stream>) -> bool {
        Rc::ptr_eq(&self.stream, stream)
    }

    /// The stream that is watched.
    pub(crate) fn id(&self) -> &StreamId {
        self.stream.id()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inner.borrow().players.is_empty()
    }

    async fn run(self: Rc<Self>) {
        let mut seen = self.stream.signal().count();
        let mut cost = Duration::ZERO;
        self.flush();
        loop {
            if self.is_empty() || self.stream.has_ended() {
                break;
            }
            seen = self.stream.signal().changed(seen).await;
            let (settings, load) = (self.context.settings(), self.context.health.load());
            // Viewers are spread evenly, so all shards together take so much.
            let all = cost * settings.shards as u32;
            let viewers = self.inner.borrow().players.len();
            let window = gather::window(settings.gather, load, viewers, all);
            if !window.is_zero() {
                shard::sleep(window).await;
                seen = self.stream.signal().count();
            }
            let start = shard::busy();
            self.flush();
            cost = (cost * 7 + shard::busy().saturating_sub(start)) / 8;
        }
        self.inner.borrow_mut().running = false;
        if self.stream.has_ended() {
            for (_, player) in &self.inner.borrow().players {
                match player.wire {
                    // Its session tells the player that the stream is over.
                    Wire::Rtmp => player.conn.interrupt(),
                    Wire::Flv | Wire::WsFlv => player.conn.close(),
                }
            }
        }
    }

    /// Sends everything new to all that keep up: one batch for each wire form, then the next.
    fn flush(self: &Rc<Self>) {
        let mut slow = Vec::new();
        {
            let log = self.stream.log();
            let inner = &mut *self.inner.borrow_mut();
            if inner.front < log.first() {
                // Nobody stands there any more.
                inner.front = log.join().position();
            }
            while inner.front < log.end() {
                let front = inner.front;
                let mut after = None;
                for wire in [Wire::Rtmp, Wire::Flv, Wire::WsFlv] {
                    after = self.flush_wire(inner, &log, wire, &mut slow).or(after);
                }
                // When nobody stands at the front, who comes next defines it anew.
                let Some(next) = after.filter(|next| *next > front) else { break };
                inner.front = next;
            }
        }
        for key in slow {
            self.watch(key);
        }
        self.catch_up();
    }

    /// One shared batch for the viewers of one wire form at the front; returns where it ends.
    fn flush_wire(
        &self,
        inner: &mut Inner,
        log: &Log,
        wire: Wire,
        slow: &mut Vec<usize>,
    ) -> Option<u64> {
        let front = inner.front;
        let at_front = |player: &Player| {
            player.wire == wire
                && !player.blocked
                && !player.paused
                && player.rest.is_empty()
                && player.cursor == Cursor::running_at(front)
        };
        // All that stand at one place of the log have the same tracks.
        let (_, first) = inner.players.iter().find(|(_, player)| at_front(player))?;
        let scratch = std::mem::take(&mut inner.scratch);
        let run = gather(log, Cursor::running_at(front), &first.tracks, wire, scratch);
        let slices = run.batch.slices();
        let mut results = std::mem::take(&mut inner.results);
        let targets = inner.players.iter().filter(|(_, player)| at_front(player));
        if slices.is_empty() {
            results.extend(targets.map(|(key, _)| (key, Ok(Some(0)))));
        } else {
            let conns = targets.map(|(key, player)| (key, &*player.conn));
            let mut fanout = self.context.fanout.borrow_mut();
            fanout.send(&slices, conns, |key, sent| results.push((key, sent)));
        }
        drop(slices);
        let mut total = Sent::default();
        for (key, sent) in results.drain(..) {
            let player = &mut inner.players[key];
            total.add(player.sent(&run, &sent));
            if player.blocked {
                slow.push(key);
            }
        }
        self.count(&total);
        inner.results = results;
        let end = run.cursor.position();
        inner.scratch = run.batch.into_scratch();
        Some(end)
    }

    /// Serves those that are neither at the front nor waiting for their socket: they joined before
    /// there was a group to start from.
    fn catch_up(self: &Rc<Self>) {
        let end = self.stream.log().end();
        let behind: Vec<usize> = {
            let inner = self.inner.borrow();
            let behind = |player: &Player| {
                !player.blocked && !player.paused && player.cursor != Cursor::running_at(end)
            };
            inner.players.iter().filter(|(_, player)| behind(player)).map(|(key, _)| key).collect()
        };
        for key in behind {
            self.serve(key);
        }
    }

    /// Sends one viewer all that its socket takes.
    fn serve(self: &Rc<Self>, key: usize) {
        let blocked = {
            let inner = &mut *self.inner.borrow_mut();
            let Some(player) = inner.players.get_mut(key) else { return };
            if player.blocked {
                return;
            }
            let log = self.stream.log();
            let sent = player.serve(&log, &mut inner.scratch);
            self.count(&sent);
            if player.cursor == Cursor::running_at(log.end()) && inner.front != log.end() {
                // The first that is up to date takes the front there if nobody holds it.
                let front = inner.front;
                let held = inner.players.iter().any(|(other, player)| {
                    other != key && !player.blocked && player.cursor == Cursor::running_at(front)
                });
                if !held {
                    inner.front = log.end();
                }
            }
            inner.players[key].blocked
        };
        if blocked {
            self.watch(key);
        }
    }

    fn count(&self, sent: &Sent) {
        let counters = &self.context.counters;
        counters.bytes_out.fetch_add(sent.bytes, Relaxed);
        counters.frames_out.fetch_add(sent.messages, Relaxed);
        let stats = self.stream.stats();
        stats.bytes_out.fetch_add(sent.bytes, Relaxed);
        if sent.skipped > 0 {
            stats.skipped.fetch_add(sent.skipped, Relaxed);
            stats.skips.fetch_add(1, Relaxed);
            counters.skipped.fetch_add(sent.skipped, Relaxed);
            counters.skips.fetch_add(1, Relaxed);
        }
    }

    /// Whether the viewer of this connection is still here.
    fn holds(&self, key: usize, conn: &Rc<Conn>) -> bool {
        let inner = self.inner.borrow();
        inner.players.get(key).is_some_and(|player| Rc::ptr_eq(&player.conn, conn))
    }

    /// Waits for room in a full socket and serves it then.
    fn watch(self: &Rc<Self>, key: usize) {
        let players = Rc::clone(self);
        let Some(conn) = self.inner.borrow().players.get(key).map(|player| Rc::clone(&player.conn))
        else {
            return;
        };
        shard::spawn("slow viewer", async move {
            let mut room = pin!(conn.writable());
            // Who was taken out is served by somebody else, who alone may wait for room then.
            let waiting = poll_fn(|context| {
                if players.holds(key, &conn) {
                    room.as_mut().poll(context).map(Some)
                } else {
                    Poll::Ready(None)
                }
            });
            match shard::timeout(STALLED, waiting).await {
                Some(None) => {}
                Some(Some(Ok(()))) => {
                    if let Some(player) = players.inner.borrow_mut().players.get_mut(key) {
                        player.blocked = false;
                    }
                    players.serve(key);
                }
                Some(Some(Err(_))) => conn.close(),
                None => {
                    tracing::info!(peer = %conn.peer(), stream = %players.stream.id(), "viewer reads nothing, closing");
                    players.context.counters.stalled.fetch_add(1, Relaxed);
                    conn.close();
                }
            }
        });
    }
}
