//! HLS and LL-HLS: frames in, CMAF parts and playlists out.
//!
//! Two halves meet in [`Event`]. The [`Packager`] runs once per stream, on its home shard: it turns
//! entries of the stream into parts, each a small header and the frames' own bytes. The owner writes
//! the bytes to one append-only file per rendition and replaces them by their [`Range`] (see
//! [`Event::place`]). A [`Presentation`] is built from the events so placed, on every shard that has
//! viewers: it renders playlists, resolves names to ranges and decides what a request has to wait for.
//!
//! Pure: no clock, file, socket or thread. Wall-clock time comes in as Unix milliseconds.
//! Specification: RFC 8216bis (draft-pantos-hls-rfc8216bis), ISO/IEC 14496-12, CMAF (ISO/IEC 23000-19).

mod config;
mod event;
mod mp4;
mod packager;
mod presentation;

pub use config::Config;
pub use event::{
    AudioTraits, Event, Lineup, Part, Range, Rendition, SegmentEnd, SegmentStart, VideoTraits,
};
pub use mp4::ConfigError;
pub use packager::Packager;
pub use presentation::{Expired, Lookup, Presentation, Readiness, Target, date_time};
