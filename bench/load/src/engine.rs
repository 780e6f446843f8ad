//! One shard's part of a run of players: the seats, what they count, and the clock that they share.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::board::Board;
use crate::drain::Drain;
use crate::histogram::Times;
use crate::options::Play;
use crate::roles::{Casting, Role};
use crate::schedule::Schedule;
use crate::seat::Seat;
use crate::tally::Tally;
use crate::target::Target;

/// How often drained players are read.
const TICK_US: u64 = 100_000;
/// How often the board is told how the run goes.
const REPORT_US: u64 = 1_000_000;

/// What a shard is given.
pub(crate) struct Plan {
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) board: Arc<Board>,
    pub(crate) options: Play,
    /// The streams, in the order of their numbers.
    pub(crate) targets: Vec<Target>,
    pub(crate) per_second: f64,
    pub(crate) source_ips: Vec<IpAddr>,
    pub(crate) shard: usize,
    pub(crate) shards: usize,
}

/// A shard's engine.
pub(crate) struct Engine {
    pub(crate) plan: Plan,
    pub(crate) tally: RefCell<Tally>,
    /// Latencies since the board was told last.
    pub(crate) recent: RefCell<Times>,
    /// Whether the window is open.
    pub(crate) open: Cell<bool>,
    /// Well-behaved players that play now.
    pub(crate) playing: Cell<u64>,
    /// Bytes a second of a well-behaved player.
    pub(crate) rate: Cell<f64>,
    /// Bytes of all players since the board was told last; those of the well-behaved ones.
    pub(crate) recent_bytes: Cell<u64>,
    pub(crate) steady_bytes: Cell<u64>,
    pub(crate) drain: Drain,
    seats: RefCell<Vec<Rc<Seat>>>,
}

impl Engine {
    /// Plays from now to the end of the window and gives the counts.
    pub(crate) async fn run(plan: Plan) -> Tally {
        let engine = Rc::new(Self {
            plan,
            tally: RefCell::default(),
            recent: RefCell::default(),
            open: Cell::new(false),
            playing: Cell::new(0),
            rate: Cell::new(0.0),
            recent_bytes: Cell::new(0),
            steady_bytes: Cell::new(0),
            drain: Drain::default(),
            seats: RefCell::default(),
        });
        shard::spawn("ramp", Rc::clone(&engine).ramp());
        engine.tick().await;
        engine.finish().await
    }

    /// Seats one player after the other.
    async fn ramp(self: Rc<Self>) {
        let Play { players, parse_one_in, shares, .. } = self.plan.options;
        let casting = Casting::new(players, shares, parse_one_in);
        for index in (self.plan.shard..players).step_by(self.plan.shards) {
            let due = (index as f64 / self.plan.per_second * 1e6) as u64;
            sleep_until(&self.plan.schedule, due).await;
            let seat = Rc::new(Seat::new(Rc::clone(&self), index, casting.of(index)));
            self.seats.borrow_mut().push(Rc::clone(&seat));
            self.count_role(seat.role, seat.parsed);
            shard::spawn("player", seat.occupy());
        }
    }

    fn count_role(&self, role: Role, parsed: bool) {
        let mut tally = self.tally.borrow_mut();
        tally.connections.asked += 1;
        let misbehaving = &mut tally.misbehaving;
        match role {
            Role::Frozen => misbehaving.frozen += 1,
            Role::Slow => misbehaving.slow_reading += 1,
            Role::Pausing => misbehaving.pausing += 1,
            Role::Leaving => misbehaving.leaving += 1,
            Role::Steady => {
                tally.players.well_behaved += 1;
                tally.players.parsed += u64::from(parsed);
            }
        }
    }

    /// Reads the drained players, opens the window, tells the board; until the window closes.
    async fn tick(&self) {
        let schedule = &self.plan.schedule;
        let (mut next, mut told, mut last) = (0, 0, 0);
        loop {
            let now = schedule.now();
            self.drain.read_all(self, now, now - last);
            last = now;
            if !self.open.get() && now >= schedule.opens() {
                self.open_window(now);
            }
            let over = now >= schedule.closes();
            if over || now >= told + REPORT_US {
                self.report(now - told);
                told = now;
            }
            if over {
                let mut tally = self.tally.borrow_mut();
                tally.window_us = now.saturating_sub(tally.window_us);
                self.open.set(false);
                return;
            }
            next = (next + TICK_US).max(now);
            let edge = if self.open.get() { schedule.closes() } else { schedule.opens() };
            sleep_until(schedule, next.min(edge)).await;
        }
    }

    fn open_window(&self, now: u64) {
        let mut tally = self.tally.borrow_mut();
        // Until the window closes, this is when it opened.
        tally.window_us = now;
        tally.bytes = 0;
        self.recent.borrow_mut().clear();
        self.seats.borrow().iter().for_each(|seat| seat.open_window());
        self.open.set(true);
    }

    fn report(&self, passed_us: u64) {
        let steady = self.steady_bytes.take() as f64 / self.playing.get().max(1) as f64;
        self.rate.set(steady * 1e6 / passed_us as f64);
        let tally = self.tally.borrow();
        let mut recent = self.recent.borrow_mut();
        let bytes = (self.recent_bytes.take(), passed_us);
        self.plan.board.tell(self.plan.shard, &tally, bytes, &recent);
        recent.clear();
    }

    /// What can only be said at the end.
    async fn finish(self: Rc<Self>) -> Tally {
        let window_us = self.tally.borrow().window_us;
        let seats = self.seats.take();
        let fair = fair_bytes(&seats, self.plan.targets.len());
        for seat in seats.iter().filter(|seat| seat.role == Role::Steady && seat.was_let_in()) {
            let mut tally = self.tally.borrow_mut();
            tally.players.without_a_frame += u64::from(!seat.has_begun());
            tally.players.stalled_players += u64::from(seat.has_stalled());
            tally.players.slow += u64::from(seat.is_slow(window_us, fair[seat.stream()]));
        }
        self.drain.find_closed(&self).await;
        self.tally.take()
    }
}

/// What a parsed player of each stream received, as a measure for the drained ones.
fn fair_bytes(seats: &[Rc<Seat>], streams: usize) -> Vec<u64> {
    let mut sums = vec![(0_u64, 0_u64); streams];
    for seat in seats.iter().filter(|seat| seat.parsed && seat.was_let_in()) {
        let (bytes, count) = &mut sums[seat.stream()];
        *bytes += seat.bytes();
        *count += 1;
    }
    sums.into_iter().map(|(bytes, count)| bytes / count.max(1)).collect()
}

/// Waits until the run's clock shows `due`.
pub(crate) async fn sleep_until(schedule: &Schedule, due: u64) {
    let left = due.saturating_sub(schedule.now());
    if left > 0 {
        shard::sleep(Duration::from_micros(left)).await;
    } else {
        shard::yield_now().await;
    }
}
