//! The server's side of WebSocket (RFC 6455): the handshake, frames out, messages in. No extensions,
//! so no compression: media is compressed already.

mod close;
mod frame;
mod handshake;
mod reader;

pub use close::CloseCode;
pub use frame::{
    FrameHeader, MAX_CONTROL, binary_header, text_header, write_close, write_ping, write_pong,
};
pub use handshake::{accept, accept_key, write_accepted};
pub use reader::{Message, MessageReader, WsError};
