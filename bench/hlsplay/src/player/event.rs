use crate::demux::AccessUnit;

/// What kind of thing a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A playlist of any kind.
    Playlist,
    /// An initialization section.
    Init,
    /// A segment.
    Segment,
    /// A part of a segment.
    Part,
}

impl Resource {
    /// Its name in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Playlist => "playlist",
            Self::Init => "initialization section",
            Self::Segment => "segment",
            Self::Part => "part",
        }
    }
}

/// What happened to a player.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'e> {
    /// A playlist is in hand; `blocked`: the server was asked to hold it back until something is new.
    #[expect(missing_docs, reason = "told above")]
    Playlist { lane: usize, blocked: bool },
    /// A segment is in hand, `took_us` microseconds after it was asked for; by the playlist it brings
    /// `media_us` of media that was not there before.
    #[expect(missing_docs, reason = "told above")]
    Segment { lane: usize, took_us: u64, media_us: u64 },
    /// A part is in hand, likewise.
    #[expect(missing_docs, reason = "told above")]
    Part { lane: usize, took_us: u64, media_us: u64 },
    /// Timestamps or formats change with the segment that begins now.
    #[expect(missing_docs, reason = "told above")]
    Discontinuity { lane: usize },
    /// A coded picture or sound is in hand. Never told of players that do not parse media.
    #[expect(missing_docs, reason = "told above")]
    Unit { lane: usize, unit: AccessUnit<'e> },
    /// The server answered with a status of 400 or above; `reason` is the start of what it said.
    #[expect(missing_docs, reason = "told above")]
    HttpError { lane: usize, resource: Resource, status: u16, reason: &'e str },
    /// An answer never came or makes no sense, as `reason` says.
    #[expect(missing_docs, reason = "told above")]
    Broken { lane: usize, resource: Resource, reason: &'e str },
    /// Segments that will not be played: they left the playlist too early, or could not be had.
    #[expect(missing_docs, reason = "told above")]
    Missed { lane: usize, segments: u64 },
    /// Segment numbers began anew, and playing with them.
    #[expect(missing_docs, reason = "told above")]
    BegunAnew { lane: usize },
    /// Playback begins.
    Started,
    /// Playback goes on after it stood still for so long.
    #[expect(missing_docs, reason = "told above")]
    Resumed { stalled_us: u64 },
    /// All of a stream that has ended is in hand.
    #[expect(missing_docs, reason = "told above")]
    Ended { lane: usize },
    /// The player gives up on a playlist, for the last reason that was told.
    #[expect(missing_docs, reason = "told above")]
    Failed { lane: usize },
}

/// What takes the events, in order.
pub type Emit<'o> = dyn FnMut(Event<'_>) + 'o;

/// What a player counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests that were to be sent.
    pub requests: u64,
    /// Answers with a status of 400 and above, broken and missing ones.
    pub errors: u64,
    /// Playlists in hand.
    pub playlists: u64,
    /// Those of them that the server was asked to hold back.
    pub blocked_reloads: u64,
    /// Segments in hand.
    pub segments: u64,
    /// Parts in hand.
    pub parts: u64,
}
