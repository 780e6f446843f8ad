//! Players whose media is counted and thrown away inside the kernel. Those that behave well read at once
//! what comes, as real players do: a kernel whose program reads late acknowledges late, and then a
//! server that leaves Nagle's algorithm on joins messages that it could not join for a real audience.
//! The others read in one loop over all of them ten times a second.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use shard::Conn;
use slab::Slab;

use crate::ended::Ended;
use crate::engine::Engine;
use crate::life::Life;
use crate::roles::Role;
use crate::seat::Seat;

/// More than any socket holds.
const ALL: usize = 1 << 30;
/// How long a pausing player reads nothing, and how long it reads then.
const PAUSE_US: u64 = 5_000_000;
/// At the end, how often and with what pause the sockets of those that read nothing are emptied, to
/// find out whether the server has closed them.
const FAREWELLS: u32 = 10;
const FAREWELL: Duration = Duration::from_millis(100);

/// The connections of a shard that are read late.
#[derive(Default)]
pub(crate) struct Drain {
    slots: RefCell<Slab<Slot>>,
}

struct Slot {
    conn: Conn,
    seat: Rc<Seat>,
    life: Life,
    since: u64,
    /// Bytes that a slow reader may take.
    allowance: f64,
    ended: Option<Ended>,
    waker: Option<Waker>,
}

impl Drain {
    /// Drains a connection until it ends. Dropping the future closes it.
    pub(crate) async fn hold(&self, seat: &Rc<Seat>, conn: Conn, life: Life) -> Ended {
        match seat.role {
            Role::Steady | Role::Leaving => read_at_once(seat, &conn, life).await,
            Role::Frozen | Role::Slow | Role::Pausing => self.read_late(seat, conn, life).await,
        }
    }

    async fn read_late(&self, seat: &Rc<Seat>, conn: Conn, life: Life) -> Ended {
        let slot = Slot {
            conn,
            seat: Rc::clone(seat),
            life,
            since: seat.engine.plan.schedule.now(),
            allowance: 0.0,
            ended: None,
            waker: None,
        };
        let place = Place { drain: self, key: self.slots.borrow_mut().insert(slot) };
        std::future::poll_fn(|context| {
            let mut slots = self.slots.borrow_mut();
            let slot = &mut slots[place.key];
            match slot.ended.take() {
                Some(ended) => Poll::Ready(ended),
                None => {
                    slot.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Reads the connections of those that read late once, as their roles allow after `passed_us`.
    pub(crate) fn read_all(&self, engine: &Engine, now: u64, passed_us: u64) {
        let slow = engine.rate.get() * engine.plan.options.slow_rate * passed_us as f64 / 1e6;
        for (_, slot) in self.slots.borrow_mut().iter_mut() {
            let most = match slot.seat.role {
                Role::Frozen => 0,
                Role::Pausing if ((now - slot.since) / PAUSE_US).is_multiple_of(2) => 0,
                Role::Steady | Role::Leaving | Role::Pausing => ALL,
                Role::Slow => {
                    slot.allowance += slow;
                    slot.allowance as usize
                }
            };
            if most > 0 && slot.ended.is_none() {
                slot.read(most, now);
            }
        }
    }

    /// Counts those whose connection the server has closed while they read nothing or too little.
    pub(crate) async fn find_closed(&self, engine: &Engine) {
        let hides = |slot: &Slot| matches!(slot.seat.role, Role::Frozen | Role::Slow);
        if !self.slots.borrow().iter().any(|(_, slot)| hides(slot)) {
            return;
        }
        for _ in 0..FAREWELLS {
            let now = engine.plan.schedule.now();
            for (_, slot) in self.slots.borrow_mut().iter_mut() {
                if hides(slot) && slot.ended.is_none() {
                    slot.read(ALL, now);
                }
            }
            // Meanwhile the tasks of those that ended count them.
            shard::sleep(FAREWELL).await;
        }
    }
}

impl Slot {
    fn read(&mut self, most: usize, now: u64) {
        let ended = match self.conn.discard(most) {
            Ok(None) => return,
            Ok(Some(0)) => Ended::closed(),
            Ok(Some(count)) => {
                self.allowance -= count as f64;
                self.seat.count_bytes(count);
                self.life.show(&self.conn, count, now);
                return;
            }
            Err(error) => error.into(),
        };
        self.ended = Some(ended);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

async fn read_at_once(seat: &Seat, conn: &Conn, mut life: Life) -> Ended {
    loop {
        match conn.discard(ALL) {
            Ok(Some(0)) => return Ended::closed(),
            Ok(Some(count)) => {
                seat.count_bytes(count);
                life.show(conn, count, seat.engine.plan.schedule.now());
            }
            Ok(None) => {}
            Err(error) => return error.into(),
        }
        if let Err(error) = conn.readable().await {
            return error.into();
        }
    }
}

/// A connection's place among those that read late; given up when its player leaves.
struct Place<'a> {
    drain: &'a Drain,
    key: usize,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // At the end of the run the shard drops everything in any order.
        if let Ok(mut slots) = self.drain.slots.try_borrow_mut() {
            drop(slots.try_remove(self.key));
        }
    }
}
