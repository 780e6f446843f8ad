//! One shard's part of a run of publishers.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use shard::Stop;

use crate::board::Board;
use crate::engine::sleep_until;
use crate::histogram::Times;
use crate::publisher::Publisher;
use crate::schedule::Schedule;
use crate::tally::Tally;
use crate::tape::Tape;
use crate::target::Target;

/// How long the publishers' farewells may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often the board is told how the run goes.
const REPORT_US: u64 = 1_000_000;

/// What a shard is given.
pub(crate) struct Plan {
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) board: Arc<Board>,
    pub(crate) tape: Arc<Tape>,
    /// One for each publisher.
    pub(crate) targets: Vec<Target>,
    pub(crate) per_second: f64,
    pub(crate) source_ips: Vec<IpAddr>,
    pub(crate) shard: usize,
    pub(crate) shards: usize,
}

/// One shard's part of a run of publishers.
pub(crate) struct Studio {
    pub(crate) plan: Plan,
    pub(crate) tally: RefCell<Tally>,
    /// Latenesses since the board was told last.
    recent: RefCell<Times>,
    recent_bytes: Cell<u64>,
    told: Cell<u64>,
    open: Cell<bool>,
    running: Cell<usize>,
    /// Set when the publishers are to take leave.
    pub(crate) over: Stop,
}

impl Studio {
    /// Publishes from now to the end of the window and gives the counts.
    pub(crate) async fn run(plan: Plan) -> Tally {
        let studio = Rc::new(Self {
            plan,
            tally: RefCell::default(),
            recent: RefCell::default(),
            recent_bytes: Cell::new(0),
            told: Cell::new(0),
            open: Cell::new(false),
            running: Cell::new(0),
            over: Stop::default(),
        });
        shard::spawn("ramp", Rc::clone(&studio).ramp());
        studio.watch().await;
        // From here on nothing is counted; the server is told that the streams end.
        studio.over.set();
        let farewell = async {
            while studio.running.get() > 0 {
                shard::sleep(Duration::from_millis(10)).await;
            }
        };
        shard::timeout(FAREWELL, farewell).await;
        studio.tally.take()
    }

    async fn ramp(self: Rc<Self>) {
        let plan = &self.plan;
        for index in (plan.shard..plan.targets.len()).step_by(plan.shards) {
            let due = (index as f64 / plan.per_second * 1e6) as u64;
            sleep_until(&plan.schedule, due).await;
            if self.over.is_set() {
                return;
            }
            self.tally.borrow_mut().connections.asked += 1;
            self.running.set(self.running.get() + 1);
            shard::spawn("publisher", Publisher::run(Rc::clone(&self), index));
        }
    }

    /// Opens and closes the window, and tells the board meanwhile.
    async fn watch(&self) {
        while let Some(due) = self.look() {
            sleep_until(&self.plan.schedule, due).await;
        }
    }

    /// One round of [`Self::watch`]; gives the time of the next.
    fn look(&self) -> Option<u64> {
        let Plan { schedule, board, shard, .. } = &self.plan;
        let now = schedule.now();
        let mut tally = self.tally.borrow_mut();
        let mut recent = self.recent.borrow_mut();
        if !self.open.get() && now >= schedule.opens() {
            self.open.set(true);
            recent.clear();
            // Until the window closes, this is when it opened.
            tally.window_us = now;
        }
        let bytes = (self.recent_bytes.take(), now - self.told.replace(now));
        board.tell(*shard, &tally, bytes, &recent);
        recent.clear();
        if now >= schedule.closes() {
            self.open.set(false);
            tally.window_us = now - tally.window_us;
            return None;
        }
        let edge = if self.open.get() { schedule.closes() } else { schedule.opens() };
        Some(edge.min(now + REPORT_US))
    }

    /// Counts a message that was due at `due` and is sent now.
    pub(crate) fn count_message(&self, picture: bool, now: u64, due: u64) {
        let late = now.saturating_sub(due);
        self.recent.borrow_mut().record(late);
        if self.open.get() {
            let mut tally = self.tally.borrow_mut();
            tally.sent.late.record(late);
            tally.sent.frames += u64::from(picture);
        }
    }

    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.recent_bytes.set(self.recent_bytes.get() + bytes as u64);
        if self.open.get() {
            self.tally.borrow_mut().bytes += bytes as u64;
        }
    }

    /// A publisher is gone.
    pub(crate) fn count_off(&self) {
        self.running.set(self.running.get().saturating_sub(1));
    }
}
