//! The packager and the presentation together, through the public interface only.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checker;
mod delta;
mod ffmpeg;
mod fragments;
mod further;
mod golden;
mod properties;
mod requests;
mod rig;
mod scenarios;
mod source;
