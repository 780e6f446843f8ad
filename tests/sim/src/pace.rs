//! How time passes in a world: from one thing that is due to the next, and never before all that can
//! happen at a moment has happened.

use shard::sim;

use crate::trace::broken;

/// Rounds at one moment that are taken for a world which never comes to rest.
const RESTLESS: usize = 20_000;
/// Polls at one moment that are taken for tasks which wake each other for ever.
const LIVELOCK: usize = 100_000;

/// A world that is simulated.
pub(crate) trait World {
    /// One thing may happen, and some time passes.
    fn step(&mut self);
    /// Everybody goes, and nothing may be left.
    fn end(&mut self);
    /// Looks at what a task of the server has just done.
    fn observe(&mut self);
    /// Lets everybody around the server do what they can at this moment; whether there was anything.
    fn pump(&mut self) -> bool;
    /// When somebody around the server has something to do next.
    fn next_due(&self) -> Option<u64>;
    /// Checks what must hold when nothing can happen before time passes.
    fn check(&mut self);
}

/// Lets so many milliseconds pass.
pub(crate) fn pass(world: &mut impl World, ms: u64) {
    let end = shard::millis() + ms;
    let (mut moment, mut rounds) = (0, 0);
    loop {
        settle(world);
        world.check();
        let now = shard::millis();
        rounds = if moment == now { rounds + 1 } else { 0 };
        moment = now;
        if rounds > RESTLESS {
            broken!("the world does not come to rest");
            return;
        }
        let due = world.next_due().into_iter().chain(sim::next_due()).min();
        match due.filter(|due| *due <= end) {
            Some(due) => sim::advance_to(due.max(now)),
            None if now < end => sim::advance_to(end),
            None => return,
        }
    }
}

/// Lets everything happen that can at this moment.
fn settle(world: &mut impl World) {
    for _ in 0..RESTLESS {
        sim::advance_to(shard::millis());
        let mut polls = 0;
        while sim::run_one() {
            world.observe();
            polls += 1;
            if polls == LIVELOCK {
                broken!("the tasks wake each other without end");
                return;
            }
        }
        if !world.pump() && polls == 0 {
            return;
        }
    }
    broken!("this moment does not end");
}
