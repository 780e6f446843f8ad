use super::FourCc;
use crate::codec;

/// Why a message's body, or an FLV file, was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end before the structure does.
    #[error("the publisher's {what} ends too early")]
    Truncated {
        /// The structure.
        what: &'static str,
    },
    /// A codec that is known and not carried.
    #[error("the codec {codec} is not supported; set the encoder to {instead}")]
    UnsupportedCodec {
        /// The codec's name.
        codec: &'static str,
        /// What to use in its place.
        instead: &'static str,
    },
    /// A codec that is not known at all, or a picture's codec in an audio message.
    #[error("the codec '{0}' is not supported; set the encoder to H.264 and AAC")]
    UnknownCodec(FourCc),
    /// A codec's configuration was refused.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// AV1 in an MPEG-2 transport stream.
    #[error("AV1 in the form of MPEG-2 TS is not supported; send AV1 as Enhanced RTMP's av01")]
    Mpeg2Ts,
    /// A message that breaks Enhanced RTMP's rules.
    #[error("the publisher's Enhanced RTMP message is not valid: {why}")]
    Invalid {
        /// The rule that it breaks.
        why: &'static str,
    },
    /// More tracks than a stream may have.
    #[error("the publisher's message has more than {limit} tracks")]
    TooManyTracks {
        /// The most tracks.
        limit: usize,
    },
    /// The bytes are no FLV file.
    #[error("this is not an FLV file: {why}")]
    NotFlv {
        /// What is wrong.
        why: &'static str,
    },
    /// A tag larger than the reader was told to hold.
    #[error("a tag has {len} bytes, more than the limit of {limit}")]
    TagTooLong {
        /// The tag's length.
        len: usize,
        /// The longest that is taken.
        limit: usize,
    },
}
