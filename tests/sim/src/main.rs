//! `make sim`: seed after seed without end, or one of them again.
//!
//! `SEED` names one seed, `STEPS` says how long each runs, `SEEDS` how many follow from `SEED` on.

use std::io::Write as _;
use std::process::{Command, ExitCode};

/// Steps of each seed when none are asked for.
const STEPS: u64 = 5_000;
/// Seeds that one process runs. A server that is killed leaves circles of its own behind, which only the
/// end of the process gives back.
const BATCH: u64 = 1_000;

fn main() -> ExitCode {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let steps = number("STEPS").unwrap_or(STEPS);
    match (number("SEED"), number("SEEDS")) {
        (Some(seed), None) => run(seed, 1, steps),
        (first, Some(count)) => run(first.unwrap_or(0), count, steps),
        (None, None) => run_on(steps),
    }
}

/// Runs so many seeds; says of each how it went.
fn run(first: u64, count: u64, steps: u64) -> ExitCode {
    let mut failed = false;
    let mut out = std::io::stdout().lock();
    for seed in first..first.saturating_add(count) {
        let told = match sim::run(seed, steps) {
            Ok(digest) => writeln!(out, "seed {seed}: {steps} steps, {digest:016x}"),
            Err(failure) => {
                failed = true;
                writeln!(out, "{failure}\n")
            }
        };
        if told.is_err() {
            break;
        }
    }
    ExitCode::from(u8::from(failed))
}

/// Runs batch after batch until one fails. Where it begins changes with the time, so that two machines
/// do not look at the same.
fn run_on(steps: u64) -> ExitCode {
    let since = std::time::UNIX_EPOCH.elapsed().map_or(0, |passed| passed.as_secs());
    let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
    for batch in 0.. {
        let first = since.wrapping_mul(BATCH).wrapping_add(batch * BATCH);
        let mut command = Command::new(&program);
        command.env("SEED", first.to_string()).env("SEEDS", BATCH.to_string());
        let ended = command.env("STEPS", steps.to_string()).status();
        if !ended.is_ok_and(|status| status.success()) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
