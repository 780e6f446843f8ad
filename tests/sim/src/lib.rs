//! The simulator.

mod control;
mod encoder;
mod footage;
mod hls;
mod ledger;
mod link_world;
mod log_world;
mod pace;
mod plane;
mod reference;
mod server;
mod server_world;
mod trace;
mod viewer;
mod watched;
mod wire;

use link_world::LinkWorld;
use log_world::LogWorld;
use pace::World;
use server_world::ServerWorld;
use shard::{Driver, Rng, sim};

/// Runs a seed; the digest of what happened, or what was broken.
pub fn run(seed: u64, steps: u64) -> Result<u64, String> {
    let mut rng = Rng::new(seed);
    trace::begin();
    let driver = rng.pick(&[Driver::IoUring, Driver::Epoll]);
    sim::reset(rng.next(), driver);
    let result = match seed % 10 {
        0..6 => play(&mut ServerWorld::new(rng), steps),
        6 | 7 => play(&mut LogWorld::new(rng), steps),
        _ => play(&mut LinkWorld::new(rng), steps),
    };
    sim::kill();
    result.map_err(|(step, failures)| report(seed, step, &failures))
}

/// Lets so many steps happen and then everybody go; at a failure the step and what was broken.
fn play(world: &mut impl World, steps: u64) -> Result<u64, (u64, Vec<String>)> {
    for step in 1..=steps + 1 {
        trace::set_step(step);
        if step <= steps {
            world.step();
        } else {
            world.end();
        }
        let failures = sim::take_failures();
        if !failures.is_empty() {
            return Err((step.min(steps), failures));
        }
    }
    Ok(trace::digest())
}

/// Broken promises that a report lists.
const SHOWN: usize = 8;

fn report(seed: u64, step: u64, failures: &[String]) -> String {
    format!(
        "seed {seed} fails at step {step}:\n{}\n\nthe last events:\n{}\n\nrepeat it with: make sim SEED={seed} STEPS={step}",
        failures[..failures.len().min(SHOWN)].join("\n"),
        trace::last()
    )
}
