//! HTTP/1.1 for a media server, without any I/O: request heads and bodies in, response heads out,
//! and the server's side of WebSocket framing.
//!
//! Pure: bytes in, values out. No clock, file, socket or thread; the date comes in as a value.
//!
//! A connection keeps one buffer of received bytes and one [`RequestParser`]. It asks the parser after
//! every read, handles the [`Request`] that borrows the buffer, takes the body with a [`BodyReader`],
//! answers with a [`ResponseHead`], and drops the bytes that were used. A [`HttpError`] writes its own
//! response and says whether the connection can go on.

mod body;
mod cors;
mod date;
mod error;
mod etag;
mod fields;
mod gzip;
mod known;
mod limits;
mod method;
mod parse;
mod path;
mod problem;
mod query;
mod range;
mod request;
mod response;
mod scan;
mod status;
mod target;

pub mod chunk;
pub mod forwarded;
pub mod mime;
pub mod ws;

pub use body::{Body, BodyPart, BodyReader};
pub use cors::{Cors, CorsError, CorsPolicy, Origins, write_preflight};
pub use date::http_date;
pub use error::HttpError;
pub use etag::{not_modified, range_applies};
pub use fields::Fields;
pub use limits::Limits;
pub use method::{Method, Version};
pub use parse::{Parsed, RequestParser, parse};
pub use path::Path;
pub use problem::{PROBLEM_TYPE_PREFIX, Problem, problem};
pub use query::Query;
pub use range::{ByteRange, RangeSpec};
pub use request::Request;
pub use response::{CONTINUE, CacheControl, HeaderError, ResponseHead};
pub use status::Status;
