use bytes::Bytes;

use crate::codec::{self, Codec, nal};
use crate::{Timestamp, Track, TrackId};

/// What an audio or video message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A track's configuration; its frames follow.
    Config {
        /// The track, its record in [`crate::CodecConfig`]'s form.
        track: Track,
        /// The bytes of a NAL unit's length in the track's frames, 4 from nearly every encoder: to be
        /// given to [`nal::to_length_prefixed`] for each H.264 or HEVC frame of the track.
        length_size: u8,
    },
    /// A coded frame. It may come before any configuration.
    Frame(CodedFrame),
    /// The track's sequence ended; a configuration precedes its next frame.
    EndOfSequence(TrackId),
    /// Valid and without effect here; the text says what it was.
    Ignored(&'static str),
}

/// A coded frame as its message carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedFrame {
    /// The track.
    pub track: TrackId,
    /// The codec that the message names.
    pub codec: Codec,
    /// What the presentation time is after the message's timestamp, in whole milliseconds. Negative
    /// from encoders that let the first frame's decoding time be later than its presentation.
    pub composition: Timestamp,
    /// Nanoseconds to add to the message's timestamp, under a million (ModEx
    /// `TimestampOffsetNano`).
    pub nano_offset: u32,
    /// Whether the message calls the frame a keyframe; [`codec::AccessUnit`] tells what it is. Always
    /// true for audio.
    pub keyframe: bool,
    /// The frame, a slice of the message's body; never empty. H.264 and HEVC as the encoder sent
    /// them: [`nal::to_length_prefixed`] makes [`crate::Frame::data`] of it.
    pub data: Bytes,
}

impl Message {
    /// A configuration from a sequence header's content.
    pub(super) fn config(id: TrackId, codec: Codec, record: &Bytes) -> Result<Self, codec::Error> {
        // libaom behind ffmpeg sends the record empty; its keyframes carry what it should say.
        if record.is_empty() && codec == Codec::Av1 {
            return Ok(Self::Ignored("an AV1 sequence header without content"));
        }
        let track = Track { id, config: codec::parse(codec, record)? };
        Ok(Self::Config { track, length_size: nal::length_size(codec, record) })
    }

    /// A frame, or nothing if it has no bytes.
    pub(super) fn frame(frame: CodedFrame) -> Self {
        if frame.data.is_empty() {
            return Self::Ignored("a frame without content");
        }
        Self::Frame(frame)
    }
}
