//! The parsers of `http1`.

mod body;
mod request;
mod websocket;

pub(crate) use body::http_body;
pub(crate) use request::http_request;
pub(crate) use websocket::websocket;
