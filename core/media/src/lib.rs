//! The vocabulary of media that every other crate speaks: time, tracks, frames, codec headers, and
//! the FLV framing that RTMP and HTTP-FLV share.
//!
//! Pure: bytes in, values out. No clock, file, socket or thread.

mod entry;
mod frame;
mod time;
mod track;

pub mod amf0;
pub mod codec;
pub mod flv;
pub mod metadata;

pub use entry::{Entry, Metadata, TrackSet};
pub use frame::Frame;
pub use time::Timestamp;
pub use track::{AudioInfo, Chroma, CodecConfig, Kind, Track, TrackId, VideoInfo};
