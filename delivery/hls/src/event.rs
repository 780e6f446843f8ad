use std::sync::Arc;

use media::{Timestamp, TrackId};

/// What the packager tells, in order. `B` is what stands for bytes: the bytes themselves as
/// `Vec<Bytes>` out of the packager, their [`Range`] once they lie in the rendition's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<B> {
    /// From here on these are the renditions. The first event; repeated when the set changes.
    Lineup(Arc<Lineup>),
    /// An initialization segment, which the segments that name its number need.
    Init {
        /// The rendition.
        track: TrackId,
        /// Its number: unique within the session and rendition.
        number: u32,
        /// `ftyp` and `moov`.
        bytes: B,
    },
    /// A segment begins; its parts follow.
    SegmentStart(SegmentStart),
    /// A part of the rendition's open segment is complete.
    Part(Part<B>),
    /// The rendition's open segment is complete.
    SegmentEnd(SegmentEnd),
    /// The session is over: nothing follows.
    End {
        /// When, in Unix milliseconds.
        wall_ms: i64,
    },
}

impl<B> Event<B> {
    /// The same event with its bytes replaced by what `put` makes of them, such as their place in the
    /// rendition's file. The parts of one segment have to be placed one behind the other.
    pub fn place<C, E>(
        &self,
        put: impl FnOnce(TrackId, &B) -> Result<C, E>,
    ) -> Result<Event<C>, E> {
        Ok(match self {
            Self::Lineup(lineup) => Event::Lineup(Arc::clone(lineup)),
            Self::Init { track, number, bytes } => {
                Event::Init { track: *track, number: *number, bytes: put(*track, bytes)? }
            }
            Self::SegmentStart(start) => Event::SegmentStart(*start),
            Self::Part(part) => Event::Part(Part {
                track: part.track,
                msn: part.msn,
                index: part.index,
                duration: part.duration,
                independent: part.independent,
                bytes: put(part.track, &part.bytes)?,
            }),
            Self::SegmentEnd(end) => Event::SegmentEnd(*end),
            Self::End { wall_ms } => Event::End { wall_ms: *wall_ms },
        })
    }
}

/// A run of bytes in a rendition's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Range {
    /// Where it starts.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
}

/// The renditions of a presentation and what is constant for all of its playlists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineup {
    /// The session, part of every file name.
    pub session: u32,
    /// `EXT-X-TARGETDURATION` in seconds: the same in every lineup of a session.
    pub target_duration: u32,
    /// Complete segments in a playlist.
    pub window: usize,
    /// Video first, then audio, each in the order of the track numbers; never empty.
    pub renditions: Vec<Rendition>,
}

/// One rendition: one track of the stream, in files and a playlist of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// The track that it carries; names its playlist: `v0`, `a1`.
    pub track: TrackId,
    /// RFC 6381 `codecs` string.
    pub codec: String,
    /// `PART-TARGET` in milliseconds: constant for a rendition's life.
    pub part_target_ms: u32,
    /// For video: what the multivariant playlist says of the picture.
    pub video: Option<VideoTraits>,
    /// For audio: what the multivariant playlist says of the sound.
    pub audio: Option<AudioTraits>,
}

/// What a multivariant playlist says of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoTraits {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames in 1000 seconds; 0 when unknown.
    pub frame_rate_milli: u32,
}

/// What a multivariant playlist says of a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioTraits {
    /// Channels.
    pub channels: u8,
}

/// The beginning of a segment of one rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentStart {
    /// The rendition.
    pub track: TrackId,
    /// Media sequence number; one more than the rendition's last, except after a pause of it.
    pub msn: u64,
    /// Discontinuity sequence number, counted from 0 and equal in all renditions at one `msn`.
    pub discontinuity: u32,
    /// The number of the initialization segment.
    pub init: u32,
    /// Whether it begins with a sample at which decoding can start.
    pub independent: bool,
    /// When its first sample was captured, in Unix milliseconds.
    pub program_date_time: i64,
}

/// A partial segment: one `moof` and `mdat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<B> {
    /// The rendition.
    pub track: TrackId,
    /// The segment.
    pub msn: u64,
    /// Its place in the segment, from 0.
    pub index: u32,
    /// The sum of its samples' durations.
    pub duration: Timestamp,
    /// Whether it holds a sample at which decoding can start.
    pub independent: bool,
    /// `moof` and `mdat`.
    pub bytes: B,
}

/// The end of a segment of one rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentEnd {
    /// The rendition.
    pub track: TrackId,
    /// The segment.
    pub msn: u64,
    /// The sum of its parts' durations; for a segment without parts (a gap) the time that it stands for.
    pub duration: Timestamp,
    /// When it ended, in Unix milliseconds.
    pub wall_ms: i64,
}
