//! Measurements against marks in absolute time. They depend on the machine, so `make test` leaves them out:
//! `cargo nextest run --release --profile e2e -p e2e --features measure --test measure --no-capture`.

#[path = "../suite/common.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod common;
mod latency;
mod playlists;
