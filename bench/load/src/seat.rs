//! A player's seat: one player of the run, over all its stays, with what it counts.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use media::Timestamp;
use shard::Conn;

use crate::arrival::Arrival;
use crate::drain::Drain;
use crate::ended::Ended;
use crate::engine::Engine;
use crate::life::Life;
use crate::meter::Meter;
use crate::roles::Role;
use crate::schedule::unix_micros;
use crate::tally::Http;
use crate::target::{Protocol, Target};
use crate::{flv, hls, rtmp_play};

/// How long a connection may take to be made.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// How long leaving players stay and are away: so much, and up to as much more.
const STAY_MS: u64 = 4000;
const AWAY_MS: u64 = 2000;

/// A player. Drivers of protocols tell it what happens.
pub(crate) struct Seat {
    pub(crate) engine: Rc<Engine>,
    /// Its number among the players of the run.
    pub(crate) index: usize,
    pub(crate) role: Role,
    /// Whether its pictures are to be looked at one by one for the whole run.
    pub(crate) parsed: bool,
    meter: RefCell<Meter>,
    bytes: Cell<u64>,
    /// When the present connection began, and when data came last on both clocks.
    began: Cell<u64>,
    moment: Cell<(u64, u64)>,
    visits: Cell<u64>,
    let_in: Cell<bool>,
    inside: Cell<bool>,
    pictured: Cell<bool>,
    stalled: Cell<bool>,
}

impl Seat {
    pub(crate) fn new(engine: Rc<Engine>, index: usize, (role, parsed): (Role, bool)) -> Self {
        Self {
            engine,
            index,
            role,
            parsed,
            meter: RefCell::default(),
            bytes: Cell::new(0),
            began: Cell::new(0),
            moment: Cell::new((0, 0)),
            visits: Cell::new(0),
            let_in: Cell::new(false),
            inside: Cell::new(false),
            pictured: Cell::new(false),
            stalled: Cell::new(false),
        }
    }

    /// Plays until the connection ends; leaving players come back.
    pub(crate) async fn occupy(self: Rc<Self>) {
        loop {
            let playing = self.play();
            let ended = match self.role {
                Role::Leaving => shard::timeout(self.some(STAY_MS), playing).await,
                _ => Some(playing.await),
            };
            self.leave(ended);
            if self.role != Role::Leaving {
                return;
            }
            shard::sleep(self.some(AWAY_MS)).await;
            self.visits.set(self.visits.get() + 1);
        }
    }

    async fn play(self: &Rc<Self>) -> Ended {
        match self.target().protocol {
            Protocol::Rtmp => rtmp_play::play(self).await,
            Protocol::Flv | Protocol::WsFlv => flv::play(self).await,
            Protocol::Hls => hls::play(self).await,
        }
    }

    /// The stream that it plays.
    pub(crate) fn target(&self) -> &Target {
        &self.engine.plan.targets[self.stream()]
    }

    /// The number of that stream.
    pub(crate) fn stream(&self) -> usize {
        self.index % self.engine.plan.targets.len().max(1)
    }

    /// Connects to the target's address, and counts how long that took. A driver that opens further
    /// connections calls it again: only the first one of a stay counts.
    pub(crate) async fn connect(&self) -> Result<Conn, Ended> {
        let plan = &self.engine.plan;
        let from = match plan.source_ips.len() {
            0 => None,
            count => Some(plan.source_ips[self.index % count]),
        };
        let begins = plan.schedule.now();
        let connecting = Conn::connect(self.target().address, from);
        let conn = shard::timeout(CONNECT, connecting).await;
        let conn = conn.ok_or_else(|| Ended::late("connection"))??;
        if !self.inside.get() {
            self.began.set(begins);
            let took = plan.schedule.now() - begins;
            self.engine.tally.borrow_mut().connect.record(took);
        }
        Ok(conn)
    }

    /// The server lets it play: RTMP's Play.Start, an HTTP status of success.
    pub(crate) fn accepted(&self) {
        if self.inside.replace(true) {
            return;
        }
        if self.role == Role::Steady {
            self.engine.playing.set(self.engine.playing.get() + 1);
        }
        if !self.let_in.replace(true) {
            self.engine.tally.borrow_mut().connections.connected += 1;
        }
    }

    /// Bytes came just now: to be told after each read, before the arrivals that were in it.
    pub(crate) fn received(&self, bytes: usize) {
        self.moment.set((self.engine.plan.schedule.now(), unix_micros()));
        self.count_bytes(bytes);
    }

    /// Counts bytes alone.
    pub(crate) fn count_bytes(&self, bytes: usize) {
        let (engine, bytes) = (&self.engine, bytes as u64);
        engine.recent_bytes.set(engine.recent_bytes.get() + bytes);
        if self.role == Role::Steady {
            engine.steady_bytes.set(engine.steady_bytes.get() + bytes);
        }
        if engine.open.get() {
            self.bytes.set(self.bytes.get() + bytes);
            engine.tally.borrow_mut().bytes += bytes;
        }
    }

    /// An access unit is in hand, as of the last [`Seat::received`].
    pub(crate) fn arrived(&self, arrival: &Arrival) {
        let (now, unix) = self.moment.get();
        let engine = &self.engine;
        let mut tally = engine.tally.borrow_mut();
        if arrival.video && !self.pictured.replace(true) && self.role == Role::Steady {
            tally.first_frame.record(now.saturating_sub(self.began.get()));
        }
        let verdict = self.meter.borrow_mut().take(arrival, now, unix);
        if self.role != Role::Steady || !self.parsed {
            return;
        }
        if let Some(latency) = verdict.latency_us {
            engine.recent.borrow_mut().record(latency);
        }
        if !engine.open.get() || !arrival.video {
            return;
        }
        if let Some(latency) = verdict.latency_us {
            tally.latency.record(latency);
        }
        tally.frames.received += 1;
        tally.frames.lost += verdict.change.lost;
        tally.frames.doubled += u64::from(verdict.change.doubled);
        tally.frames.reordered += u64::from(verdict.change.reordered);
        drop(tally);
        if let Some(stalled) = verdict.stalled_us {
            self.resumed(stalled);
        }
    }

    /// Playback goes on after it stood still for so long.
    pub(crate) fn resumed(&self, stalled_us: u64) {
        if self.role != Role::Steady || !self.engine.open.get() {
            return;
        }
        self.stalled.set(true);
        let players = &mut self.engine.tally.borrow_mut().players;
        players.stalls += 1;
        players.stalled_seconds += stalled_us as f64 / 1e6;
    }

    /// So much media is in hand, by its playlist: from now on that says whether the player is slow, and
    /// [`Seat::resumed`] whether it stalls.
    pub(crate) fn has_media(&self, duration: Timestamp) {
        self.meter.borrow_mut().add_media(duration);
    }

    /// Whether its times count.
    pub(crate) fn is_measured(&self) -> bool {
        self.role == Role::Steady && self.parsed
    }

    /// Counts what an HLS player does; nothing outside of the window.
    pub(crate) fn http(&self, count: impl FnOnce(&mut Http)) {
        if self.engine.open.get() {
            count(&mut self.engine.tally.borrow_mut().http);
        }
    }

    /// Media comes in bursts of this length (see [`Meter::set_burst`]).
    pub(crate) fn set_burst(&self, burst: Timestamp) {
        self.meter.borrow_mut().set_burst(burst);
    }

    /// Whether its pictures need no more looking at: from its first one on, unless it is parsed.
    pub(crate) fn is_to_be_drained(&self) -> bool {
        self.pictured.get() && !(self.parsed && self.role == Role::Steady)
    }

    /// Counts and throws away what comes, until the connection ends.
    pub(crate) async fn drain(self: &Rc<Self>, conn: Conn, life: Life) -> Ended {
        let drain: &Drain = &self.engine.drain;
        drain.hold(self, conn, life).await
    }

    pub(crate) fn open_window(&self) {
        self.bytes.set(0);
        self.meter.borrow_mut().open_window();
    }

    pub(crate) fn was_let_in(&self) -> bool {
        self.let_in.get()
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.meter.borrow().has_begun()
    }

    pub(crate) fn has_stalled(&self) -> bool {
        self.stalled.get()
    }

    /// Bytes in the window.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Whether it received less than 0.95 of the window's media; of a drained player less than 0.95 of
    /// the bytes that are fair.
    pub(crate) fn is_slow(&self, window_us: u64, fair: u64) -> bool {
        if self.parsed || self.meter.borrow().is_told() {
            return self.meter.borrow().is_slow(window_us as f64 / 1e6);
        }
        (self.bytes.get() as f64) < 0.95 * fair as f64
    }

    /// The stay is over: by the player itself when `ended` is `None`.
    fn leave(&self, ended: Option<Ended>) {
        let inside = self.inside.replace(false);
        self.pictured.set(false);
        if inside && self.role == Role::Steady {
            self.engine.playing.set(self.engine.playing.get().saturating_sub(1));
        }
        let Some(ended) = ended else { return };
        let mut tally = self.engine.tally.borrow_mut();
        if self.role != Role::Steady && self.let_in.get() {
            tally.misbehaving.closed_by_server += 1;
            return;
        }
        let connections = &mut tally.connections;
        match &ended {
            _ if inside => connections.lost += 1,
            Ended::Refused(_) => connections.refused += 1,
            Ended::Broken(_) => connections.failed += 1,
        }
        connections.because(&ended.to_string());
    }

    /// A time between `base` and twice that, another one for each player and visit.
    fn some(&self, base: u64) -> Duration {
        // The finaliser of SplitMix64, a known mixer.
        let mut mixed = (self.index as u64) << 32 ^ self.visits.get() << 16 ^ base;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis(base + (mixed ^ mixed >> 31) % base)
    }
}
