use std::sync::Arc;

use crate::{CodecConfig, Frame, Kind, Track, TrackId};

/// What travels on a stream, in order: frames, and what changes how they are to be read.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A coded frame of one of the current tracks.
    Frame(Frame),
    /// From here on these tracks are current. Sent before the first frame, when a track is added or
    /// its codec configuration changes, and when a publisher comes back.
    Tracks(Arc<TrackSet>),
    /// The publisher's `onMetaData`.
    Metadata(Arc<Metadata>),
}

/// The tracks of a stream that are current together. Immutable: a change is a new set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackSet {
    /// Video tracks first, then audio, each kind in the order of its numbers.
    pub tracks: Vec<Track>,
    /// Counts the interruptions (a publisher's return, a codec change) up to this set: frames after a
    /// set with another number do not continue the ones before it.
    pub discontinuity: u32,
}

impl TrackSet {
    /// The most tracks of a stream.
    pub const MAX_TRACKS: usize = 8;

    /// The track with this id.
    pub fn get(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// Whether any track carries pictures.
    pub fn has_video(&self) -> bool {
        self.tracks.iter().any(|track| track.id.kind == Kind::Video)
    }

    /// The configuration of the default video track.
    pub fn video(&self) -> Option<&CodecConfig> {
        self.get(TrackId::video(0)).map(|track| &track.config)
    }

    /// The configuration of the default audio track.
    pub fn audio(&self) -> Option<&CodecConfig> {
        self.get(TrackId::audio(0)).map(|track| &track.config)
    }
}

/// The part of a publisher's `onMetaData` that we keep: typed, and bounded in size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Width in pixels.
    pub width: Option<f64>,
    /// Height in pixels.
    pub height: Option<f64>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// kbit/s of video.
    pub video_data_rate: Option<f64>,
    /// kbit/s of audio.
    pub audio_data_rate: Option<f64>,
    /// Samples a second.
    pub audio_sample_rate: Option<f64>,
    /// Channels: FLV's `stereo` flag, or the count where a publisher sends one.
    pub audio_channels: Option<f64>,
    /// The encoder's own name, at most [`Metadata::MAX_ENCODER`] bytes.
    pub encoder: Option<String>,
}

impl Metadata {
    /// The longest encoder name that is kept, in bytes.
    pub const MAX_ENCODER: usize = 128;
}
