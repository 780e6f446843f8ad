//! What the whole-server tests are made of: a server in a fresh directory on free ports, publishers and
//! players that others wrote (ffmpeg, `rml_rtmp`, Chromium), a plain HTTP client that can misbehave, and a
//! checker of live playlists.
//!
//! Everything here panics with a message when it cannot go on: its only users are tests. Nothing sleeps for
//! a fixed time to let something happen: [`wait::eventually`] polls with a deadline.

#![allow(clippy::unwrap_used, reason = "only tests use this crate, and a panic is how they fail")]

pub mod analysis;
pub mod api;
pub mod browser;
pub mod checker;
pub mod flv;
pub mod http;
pub mod mariadb;
pub mod play;
pub mod process;
pub mod publish;
pub mod rtmp;
pub mod server;
pub mod services;
pub mod site_token;
pub mod sources;
mod tcp;
pub mod tools;
pub mod wait;
pub mod websocket;
