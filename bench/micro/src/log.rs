//! The log: each frame is pushed, then read by a few cursors.

use std::hint::black_box;

use stream::{Cursor, Limits, Log, Read};

use crate::{Case, footage};

/// Long enough for the log to forget as much as it takes in.
const SECONDS: i64 = 20;
/// The fan-out, the packager, and relays to other shards.
const READERS: usize = 4;

pub(crate) fn case() -> Case {
    let mut entries = footage::entries(SECONDS).into_iter();
    let messages = entries.len();
    let mut log = Log::new(Limits::default());
    log.push(entries.next().expect("entries begin with the tracks"));
    let mut cursors: [Cursor; READERS] = std::array::from_fn(|_| log.join());
    let work = move || {
        for entry in entries.by_ref() {
            log.push(entry);
            for cursor in &mut cursors {
                while !matches!(black_box(log.read(cursor)), Read::Empty) {}
            }
        }
    };
    Case { messages, work: Box::new(work) }
}
