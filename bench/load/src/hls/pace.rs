//! How fast a player reads, by its role.

use std::time::Duration;

use crate::roles::Role;
use crate::seat::Seat;

/// What slow players take at a time, in bytes.
const SIP: usize = 8 << 10;
/// How long a pausing player reads nothing, and how long it reads then.
const PAUSE_US: u64 = 5_000_000;

/// The reading of one answer.
pub(super) struct Pace<'s> {
    seat: &'s Seat,
    begun: bool,
}

impl<'s> Pace<'s> {
    pub(super) fn new(seat: &'s Seat) -> Self {
        Self { seat, begun: false }
    }

    /// The most bytes to take at a time.
    pub(super) fn most(&self) -> usize {
        if self.seat.role == Role::Slow { SIP } else { usize::MAX >> 1 }
    }

    /// Waits until the player would read on. All read their first picture at once.
    pub(super) async fn wait(&mut self) {
        let begun = std::mem::replace(&mut self.begun, true);
        if !self.seat.is_to_be_drained() {
            return;
        }
        let engine = &self.seat.engine;
        match self.seat.role {
            Role::Frozen => std::future::pending().await,
            Role::Slow if begun => {
                let rate = engine.rate.get() * engine.plan.options.slow_rate;
                if rate > 0.0 {
                    shard::sleep(Duration::from_secs_f64(SIP as f64 / rate)).await;
                }
            }
            Role::Pausing => {
                let now = engine.plan.schedule.now();
                if (now / PAUSE_US).is_multiple_of(2) {
                    shard::sleep(Duration::from_micros(PAUSE_US - now % PAUSE_US)).await;
                }
            }
            Role::Slow | Role::Steady | Role::Leaving => {}
        }
    }
}
