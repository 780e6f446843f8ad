//! The whole crate by its public face: without Redis, and with real servers that the tests start.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod events;
mod limits;
mod outages;
mod registry;
mod server;
mod values;
