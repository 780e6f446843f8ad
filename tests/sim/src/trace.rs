//! What happened of late, for the report of a failure.

use std::cell::RefCell;
use std::collections::VecDeque;

/// Events that a failure shows.
const SHOWN: usize = 30;

#[derive(Default)]
struct Trace {
    step: u64,
    last: VecDeque<String>,
    digest: u64,
}

thread_local! {
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// Forgets everything.
pub(crate) fn begin() {
    TRACE.set(Trace::default());
}

/// From here on events belong to this step.
pub(crate) fn set_step(step: u64) {
    TRACE.with_borrow_mut(|trace| trace.step = step);
}

/// Notes an event.
pub(crate) fn note_event(event: &str) {
    TRACE.with_borrow_mut(|trace| {
        let line = format!("step {:>5} at {:>7} ms: {event}", trace.step, shard::millis());
        for byte in line.bytes() {
            trace.digest = (trace.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if trace.last.len() == SHOWN {
            trace.last.pop_front();
        }
        trace.last.push_back(line);
    });
}

/// The last events, oldest first.
pub(crate) fn last() -> String {
    TRACE.with_borrow(|trace| {
        let lines: Vec<&str> = trace.last.iter().map(String::as_str).collect();
        lines.join("\n")
    })
}

/// Equal for two runs in which the same happened.
pub(crate) fn digest() -> u64 {
    TRACE.with_borrow(|trace| trace.digest)
}

/// Notes an event.
macro_rules! note {
    ($($part:tt)*) => { $crate::trace::note_event(&format!($($part)*)) };
}

/// Notes that a promise was broken; the run ends with it.
macro_rules! broken {
    ($($part:tt)*) => { ::shard::sim::fail(format!($($part)*)) };
}

/// Notes what was broken unless a condition holds.
macro_rules! check {
    ($condition:expr, $($part:tt)*) => {
        if !$condition {
            $crate::trace::broken!($($part)*);
        }
    };
}

pub(crate) use {broken, check, note};
