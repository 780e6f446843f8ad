//! The steady state of the fan-out allocates nothing per frame and viewer: each viewer more, on a real
//! socket, costs no allocation, on io_uring and on epoll, by RTMP, FLV and WebSocket-FLV.
//!
//! One test function, because the allocator counts for the whole process.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

mod stage;
mod viewers;

use std::alloc::System;
use std::sync::Arc;
use std::sync::mpsc::channel;

use shard::{Driver, Health, Preference};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use stream::Protocol;

use stage::Stage;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Frames until every buffer has its size and the log forgets as much as it takes in.
const WARM_UP: usize = 80;
/// Frames that are counted.
const FRAMES: usize = 80;
const FEW: usize = 50;
const MANY: usize = 200;

#[test]
fn a_viewer_more_costs_no_allocation_for_any_frame() {
    for driver in drivers() {
        for protocol in [Protocol::Rtmp, Protocol::Flv, Protocol::WsFlv] {
            let [few, many] = [FEW, MANY].map(|viewers| measure(driver, protocol, viewers));
            let name = format!("{} on {}", protocol.label(), driver.name());
            let found =
                format!("{name}, {FRAMES} frames: {few} with {FEW} viewers, {many} with {MANY}");
            println!("{found}");
            // One allocation for each frame and viewer would be 12,000 more. A socket that happens to
            // be full for a moment may add a few.
            assert!(many.abs_diff(few) < FRAMES, "{found}");
        }
    }
}

/// The modes that this machine has.
fn drivers() -> Vec<Driver> {
    match shard::choose(Preference::Auto).unwrap() {
        (Driver::IoUring, _) => vec![Driver::IoUring, Driver::Epoll],
        (Driver::Epoll, reason) => {
            println!("no io_uring here: {reason:?}");
            vec![Driver::Epoll]
        }
    }
}

/// Requests to the allocator (allocations, growths and frees) while [`FRAMES`] frames go to so many
/// viewers who keep up.
fn measure(driver: Driver, protocol: Protocol, viewers: usize) -> usize {
    let (report, reported) = channel();
    let health = Arc::new(Health::default());
    let shard = shard::start_anywhere(0, driver, Arc::clone(&health), move || async move {
        let mut stage = Stage::open(driver, health, protocol, viewers).await;
        stage.play(WARM_UP).await;
        let before = ALLOCATOR.stats();
        stage.play(FRAMES).await;
        let counted = ALLOCATOR.stats() - before;
        stage.finish(WARM_UP + FRAMES);
        let requests = counted.allocations + counted.reallocations + counted.deallocations;
        report.send(requests).unwrap();
    });
    shard.unwrap().join().unwrap();
    reported.recv().unwrap()
}
