//! What a player of any protocol tells of what it got.

use media::Timestamp;

use crate::stamp::Stamp;

/// An access unit in a player's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Picture or sound.
    pub video: bool,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// Its decode time on the stream's own timeline.
    pub dts: Timestamp,
    /// What our publisher wrote into it; `None` for other publishers' pictures, and for sound.
    pub stamp: Option<Stamp>,
}
