use std::fmt;

use super::Error;
use crate::Kind;
use crate::codec::Codec;

/// A codec's four characters in Enhanced RTMP.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The characters of a codec.
    pub const fn of(codec: Codec) -> Self {
        Self(*match codec {
            Codec::H264 => b"avc1",
            Codec::Hevc => b"hvc1",
            Codec::Av1 => b"av01",
            Codec::Vp9 => b"vp09",
            Codec::Aac => b"mp4a",
            Codec::Opus => b"Opus",
            Codec::Flac => b"fLaC",
            Codec::Mp3 => b".mp3",
        })
    }

    /// The codec that stands in a message of this kind under these characters.
    pub(super) fn codec(self, kind: Kind) -> Result<Codec, Error> {
        let unsupported = |codec, instead| Err(Error::UnsupportedCodec { codec, instead });
        match (kind, &self.0) {
            (Kind::Video, b"avc1") => Ok(Codec::H264),
            (Kind::Video, b"hvc1") => Ok(Codec::Hevc),
            (Kind::Video, b"av01") => Ok(Codec::Av1),
            (Kind::Video, b"vp09") => Ok(Codec::Vp9),
            (Kind::Video, b"vp08") => unsupported("VP8", "H.264"),
            (Kind::Video, b"vvc1") => unsupported("VVC (H.266)", "H.264"),
            (Kind::Audio, b"mp4a") => Ok(Codec::Aac),
            (Kind::Audio, b"Opus") => Ok(Codec::Opus),
            (Kind::Audio, b"fLaC") => Ok(Codec::Flac),
            (Kind::Audio, b".mp3") => Ok(Codec::Mp3),
            (Kind::Audio, b"ac-3") => unsupported("AC-3 (Dolby Digital)", "AAC"),
            (Kind::Audio, b"ec-3") => unsupported("E-AC-3 (Dolby Digital Plus)", "AAC"),
            _ => Err(Error::UnknownCodec(self)),
        }
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FourCc({self})")
    }
}
