//! Playlists as servers really write them: unknown tags and attributes are passed over, what a player
//! cannot do without is an error with its line.

mod attributes;
mod lines;
mod media;
mod multivariant;
mod tags;

pub use media::{ByteRange, Map, Media, Part, Segment, Span};
pub use multivariant::{Audio, Multivariant, Variant};

/// The longest playlist in bytes: a day of segments of two seconds is under 3 MiB.
pub const MAX_BYTES: usize = 8 << 20;
/// The most segments of a playlist.
pub const MAX_SEGMENTS: usize = 1 << 16;
/// The most parts of a playlist.
pub const MAX_PARTS: usize = 1 << 14;
/// The most initialization sections of a playlist.
pub const MAX_MAPS: usize = 1 << 10;
/// The most variants, and the most audio renditions, of a multivariant playlist.
pub const MAX_VARIANTS: usize = 256;

/// Why a playlist cannot be used. The server is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the playlist: {what}")]
pub struct PlaylistError {
    /// The line, from 1; the last one for what is missing.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Whether a playlist lists variants rather than segments.
pub fn is_multivariant(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("#EXT-X-STREAM-INF:"))
}
