//! Codec headers: configuration records and parameter sets, parsed only, never decoded.
//!
//! Everything here reads bytes that a stranger sent: each read is checked, each count has a limit,
//! and what breaks a rule is an [`Error`] that says so.

pub mod aac;
mod advice;
pub mod av1;
mod av1_sequence;
mod bits;
mod error;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod flac;
pub mod h264;
mod h264_sps;
pub mod hevc;
mod hevc_sps;
pub mod mp3;
pub mod nal;
pub mod opus;
mod parameter_sets;
pub mod vp9;

use std::fmt::Write;

use bytes::Bytes;

pub use advice::{Advice, Reach, advice};
pub use error::Error;

use crate::CodecConfig;

/// The largest width and height of a picture, in pixels (AV1's and VP9's own limit).
pub const MAX_DIMENSION: u32 = 65_536;
/// The highest sample rate, in Hz.
pub const MAX_SAMPLE_RATE: u32 = 384_000;

/// A codec that can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the codecs' own names")]
pub enum Codec {
    H264,
    Hevc,
    Av1,
    Vp9,
    Aac,
    Opus,
    Flac,
    Mp3,
}

impl Codec {
    /// The codec of a configuration.
    pub const fn of(config: &CodecConfig) -> Self {
        match config {
            CodecConfig::H264 { .. } => Self::H264,
            CodecConfig::Hevc { .. } => Self::Hevc,
            CodecConfig::Av1 { .. } => Self::Av1,
            CodecConfig::Vp9 { .. } => Self::Vp9,
            CodecConfig::Aac { .. } => Self::Aac,
            CodecConfig::Opus { .. } => Self::Opus,
            CodecConfig::Flac { .. } => Self::Flac,
            CodecConfig::Mp3 { .. } => Self::Mp3,
        }
    }
}

/// Reads a codec's configuration record, in the forms that encoders send (see each codec's `parse`).
/// For MP3, `record` is a frame.
pub fn parse(codec: Codec, record: &Bytes) -> Result<CodecConfig, Error> {
    match codec {
        Codec::H264 => h264::parse(record),
        Codec::Hevc => hevc::parse(record),
        Codec::Av1 => av1::parse(record),
        Codec::Vp9 => vp9::parse(record),
        Codec::Aac => aac::parse(record),
        Codec::Opus => opus::parse(record),
        Codec::Flac => flac::parse(record),
        Codec::Mp3 => mp3::parse(record),
    }
}

/// The configuration that a frame itself carries, when it differs from the current one: parameter
/// sets of H.264 and HEVC, AV1's sequence header, the size in a VP9 keyframe, an MP3 header.
///
/// To be asked for each keyframe (for MP3 each frame), with `data` in [`crate::Frame::data`]'s form.
/// `current` is `None` before a configuration came; of another codec it counts as `None`. Gives
/// `None` for the other codecs, and when the frame carries nothing new or not enough.
pub fn in_band(
    codec: Codec,
    current: Option<&CodecConfig>,
    data: &[u8],
) -> Result<Option<CodecConfig>, Error> {
    match (codec, current) {
        (Codec::H264, Some(CodecConfig::H264 { record, .. })) => h264::in_band(Some(record), data),
        (Codec::H264, _) => h264::in_band(None, data),
        (Codec::Hevc, Some(CodecConfig::Hevc { record, .. })) => hevc::in_band(Some(record), data),
        (Codec::Hevc, _) => hevc::in_band(None, data),
        (Codec::Av1, Some(CodecConfig::Av1 { record, .. })) => av1::in_band(Some(record), data),
        (Codec::Av1, _) => av1::in_band(None, data),
        (Codec::Vp9, Some(CodecConfig::Vp9 { record, info })) => {
            vp9::in_band(Some((record, info)), data)
        }
        (Codec::Vp9, _) => vp9::in_band(None, data),
        (Codec::Mp3, Some(CodecConfig::Mp3 { info })) => mp3::in_band(Some(info), data),
        (Codec::Mp3, _) => mp3::in_band(None, data),
        (Codec::Aac | Codec::Opus | Codec::Flac, _) => Ok(None),
    }
}

/// What the NAL units of an H.264 or HEVC access unit are, as far as they concern delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessUnit {
    /// It has slices of a picture.
    pub picture: bool,
    /// Decoding may start here: an IDR picture, or one of HEVC's other kinds (CRA, BLA).
    pub random_access: bool,
    /// It is an IDR picture: nothing after it refers to anything before it.
    pub idr: bool,
    /// It repeats or changes parameter sets.
    pub parameter_sets: bool,
    /// No other picture refers to it (H.264 `nal_ref_idc` 0); always false for HEVC.
    pub disposable: bool,
}

impl AccessUnit {
    /// Looks through an access unit in [`crate::Frame::data`]'s form; `None` for other codecs.
    pub fn of(codec: Codec, data: &[u8]) -> Option<Self> {
        match codec {
            Codec::H264 => Some(h264::inspect(data)),
            Codec::Hevc => Some(hevc::inspect(data)),
            _ => None,
        }
    }
}

/// The samples of an audio frame in units of [`crate::AudioInfo::sample_rate`]; `None` for video and
/// for a frame whose own header is needed (Opus, FLAC) and broken.
pub fn frame_samples(config: &CodecConfig, data: &[u8]) -> Option<u32> {
    match config {
        CodecConfig::Opus { .. } => opus::packet_samples(data),
        CodecConfig::Flac { .. } => flac::frame_samples(data),
        CodecConfig::Aac { info, .. } | CodecConfig::Mp3 { info } => Some(info.samples_per_frame),
        _ => None,
    }
}

/// Colour as ITU-T H.273 numbers it; 2 is "not specified".
#[derive(Clone, Copy, Debug)]
struct Colour {
    primaries: u8,
    transfer: u8,
    matrix: u8,
    full_range: bool,
}

impl Default for Colour {
    fn default() -> Self {
        Self { primaries: 2, transfer: 2, matrix: 2, full_range: false }
    }
}

impl Colour {
    /// Whether it is what a codec string without colour fields means (BT.709, limited range), or not
    /// specified.
    fn is_default(self) -> bool {
        let known = [self.primaries, self.transfer, self.matrix];
        !self.full_range && known.iter().all(|value| matches!(value, 1 | 2))
    }

    /// Appends the colour fields of an AV1 or VP9 codec string; `pad` stands before the range.
    fn push_to(self, text: &mut String, pad: &str) {
        let Self { primaries, transfer, matrix, full_range } = self;
        let range = u8::from(full_range);
        let _ = write!(text, ".{primaries:02}.{transfer:02}.{matrix:02}.{pad}{range}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fixtures::{AVCC_180P, DFLA, DOPS, bytes};
    use super::*;

    #[test]
    fn the_samples_of_a_frame_come_from_the_codec_or_the_frame() {
        let aac = parse(Codec::Aac, &Bytes::from_static(&[0x12, 0x10])).unwrap();
        assert_eq!(frame_samples(&aac, &[]), Some(1024));
        let opus = parse(Codec::Opus, &bytes(DOPS)).unwrap();
        assert_eq!(frame_samples(&opus, &[0xfc]), Some(960));
        let flac = parse(Codec::Flac, &bytes(DFLA)).unwrap();
        assert_eq!(frame_samples(&flac, &[0xff, 0xf8, 0xaa, 8, 0]), Some(1024));
        let video = parse(Codec::H264, &bytes(AVCC_180P)).unwrap();
        assert_eq!(frame_samples(&video, &[0; 8]), None);
    }

    proptest! {
        #[test]
        fn any_access_unit_is_read_without_a_panic(data: Vec<u8>) {
            for codec in [Codec::H264, Codec::Hevc, Codec::Aac] {
                let _ = AccessUnit::of(codec, &data);
                let _ = in_band(codec, None, &data);
            }
        }
    }
}
