//! How the run goes, on standard error: one line that is rewritten on a terminal, else one each 10 s.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use crate::board::Glance;
use crate::histogram::Times;
use crate::summary::Own;
use crate::watch::{self, Thread, Used};

/// Glances between two lines where there is no terminal.
const QUIET: u64 = 10;

/// The progress line.
pub(crate) struct Progress {
    terminal: bool,
    glances: u64,
    so_far: Times,
    /// The runner's threads at the last glance, and when that was.
    threads: (Vec<Thread>, Instant),
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            glances: 0,
            so_far: Times::default(),
            threads: (watch::own().1, Instant::now()),
        }
    }

    /// The window opens: what came before is forgotten.
    pub(crate) fn open(&mut self) {
        self.so_far.clear();
    }

    /// Shows how the run goes.
    pub(crate) fn show(&mut self, glance: &Glance, open: bool) {
        self.so_far.add(&glance.recent);
        let line = line(glance, &self.so_far, open) + self.doubt();
        if !open {
            self.so_far.clear();
        }
        let mut error = std::io::stderr().lock();
        // Progress that cannot be shown is no reason to stop.
        if self.terminal {
            drop(write!(error, "\r\x1b[K{line}"));
            drop(error.flush());
        } else if self.glances % QUIET == QUIET - 1 {
            drop(writeln!(error, "{line}"));
        }
        self.glances += 1;
    }

    /// What is to be said of the runner itself since the last glance.
    fn doubt(&mut self) -> &'static str {
        let now = (watch::own().1, Instant::now());
        let (before, then) = std::mem::replace(&mut self.threads, now);
        let (after, now) = &self.threads;
        let passed = now.duration_since(then).as_secs_f64();
        let threads: Vec<Thread> = watch::between(&before, after).collect();
        let own = Own::new(Used::default(), &threads, passed);
        match (own.bottleneck, own.was_kept_waiting()) {
            (true, _) => ", THE RUNNER IS THE BOTTLENECK",
            (false, true) => ", THE RUNNER WAITS FOR A CORE",
            (false, false) => "",
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if self.terminal {
            drop(write!(std::io::stderr(), "\r\x1b[K"));
        }
    }
}

fn line(glance: &Glance, so_far: &Times, open: bool) -> String {
    let Glance { connected, trouble, reason, lost_frames, stalls, .. } = glance;
    let mbit = glance.bytes_per_second * 8.0 / 1e6;
    let phase = if open { "measuring" } else { "warming up" };
    let times = so_far.spread().map_or(String::new(), |spread| {
        format!(", p50 {:.1} ms, p99 {:.1} ms", spread.p50, spread.p99)
    });
    let trouble = match (trouble, reason) {
        (0, _) => String::new(),
        (_, None) => format!(" ({trouble} refused, failed or lost)"),
        (_, Some(reason)) => format!(" ({trouble} refused, failed or lost: {reason})"),
    };
    format!(
        "{phase}: {connected} connected{trouble}, {mbit:.1} Mbit/s{times}, {lost_frames} frames lost, {stalls} stalls"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_matters() {
        let mut times = Times::default();
        times.record(12_000);
        let reason = Some("HTTP 404".into());
        let glance = Glance {
            connected: 7,
            trouble: 1,
            reason,
            stalls: 2,
            bytes_per_second: 2_305_000.0,
            ..Glance::default()
        };
        assert_eq!(
            line(&glance, &times, true),
            "measuring: 7 connected (1 refused, failed or lost: HTTP 404), 18.4 Mbit/s, p50 12.0 ms, p99 12.0 ms, 0 frames lost, 2 stalls"
        );
    }
}
