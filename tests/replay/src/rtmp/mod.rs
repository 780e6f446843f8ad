//! The sessions of `rtmp`.

mod client;
mod handshake;
mod server;
mod wire;

pub(crate) use client::rtmp_client;
pub(crate) use handshake::rtmp_handshake;
pub(crate) use server::rtmp_server;
