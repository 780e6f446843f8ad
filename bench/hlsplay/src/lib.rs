//! A player of HLS and LL-HLS for load tests, without any I/O: it behaves towards a server as a
//! browser's player does, and tells what it got.
//!
//! Pure: bytes and the time in, requests and events out. No clock, file, socket or thread. The owner
//! connects, writes what [`http::write_request`] made, gives received bytes to a
//! [`http::ResponseReader`], and what that finds to a [`Player`].
//!
//! Specification: RFC 8216bis (draft-pantos-hls-rfc8216bis), RFC 9112, ISO/IEC 14496-12,
//! ISO/IEC 13818-1.

pub mod demux;
pub mod http;
pub mod player;
pub mod playlist;
mod url;

pub use player::{Action, Event, Options, Player, Request, Want};
pub use url::{Origin, Url, UrlError};
