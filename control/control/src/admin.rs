//! Administration: users and streams, by the same rules whether a server runs or not.
//!
//! The command line sends a [`Request`] to the running server's socket ([`call`]), or, when none runs,
//! has it executed on the database ([`run`]). On the socket each line is one JSON request, answered by
//! one line of JSON.

mod client;
mod execute;
mod live;
mod render;
mod request;
mod response;
mod socket;

pub use client::{CallError, RunError, call, run};
pub use execute::{Admin, ReloadOrder};
pub use render::{render_json, render_text};
pub use request::Request;
pub use response::{
    Fault, Reloaded, Removed, Response, SessionView, SettingChange, StreamView, UserView,
    problem_type,
};
pub use socket::AdminSocket;

/// The name of the socket in the data directory.
pub const SOCKET_NAME: &str = "control.sock";
/// The longest request line, in bytes.
pub const MAX_REQUEST: usize = 64 * 1024;
/// The longest answer line, in bytes: a list of [`store::MAX_LISTED`] streams is some 10 MB.
pub const MAX_RESPONSE: usize = 64 * 1024 * 1024;
/// Connections of the socket at a time; more are closed at once.
pub const MAX_CONNECTIONS: usize = 16;

#[cfg(test)]
mod tests;
