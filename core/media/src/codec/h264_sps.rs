//! The H.264 sequence parameter set, read by `h264-reader` with the strictness taken out that would
//! refuse streams which every player shows.

use std::fmt::Write;

use h264_reader::nal::sps::{ChromaFormat, FrameMbsFlags, SeqParameterSet, TimingInfo};
use h264_reader::rbsp::{BitRead, BitReader, BitReaderError, Integer, Primitive};

use super::bits::unescape;
use super::parameter_sets::{check_length, reduced_rate};
use super::{Error, MAX_DIMENSION};
use crate::{Chroma, VideoInfo};

const WHAT: &str = "H.264 SPS";
/// Level 6.2, the highest.
const HIGHEST_LEVEL: u8 = 62;

/// Reads an SPS NAL unit.
pub(super) fn parse(unit: &[u8]) -> Result<VideoInfo, Error> {
    check_length(WHAT, unit)?;
    let mut rbsp = unescape(unit.get(1..).unwrap_or_default());
    let (Some(&profile), Some(&constraints), Some(&level)) =
        (rbsp.first(), rbsp.get(1), rbsp.get(2))
    else {
        return Err(Error::Truncated { what: WHAT });
    };
    // The reader refuses pictures and buffers over the limits of the declared level. Encoders
    // understate levels and players do not mind, so it is shown the highest.
    rbsp[2] = HIGHEST_LEVEL;
    let sps = SeqParameterSet::from_bits(BitReader::new(&rbsp[..]))
        .or_else(|_| SeqParameterSet::from_bits(WithoutVui(BitReader::new(&rbsp[..]))))
        .map_err(|_| Error::Invalid { what: WHAT, why: "its fields break the standard's rules" })?;
    let mut info = describe(&sps)?;
    let _ = write!(info.codec_string, "avc1.{profile:02x}{constraints:02x}{level:02x}");
    Ok(info)
}

fn describe(sps: &SeqParameterSet) -> Result<VideoInfo, Error> {
    for (field, value) in [
        ("its width in macroblocks", sps.pic_width_in_mbs_minus1),
        ("its height in macroblocks", sps.pic_height_in_map_units_minus1),
    ] {
        if value >= MAX_DIMENSION / 16 {
            return Err(Error::OutOfRange { what: WHAT, field, value });
        }
    }
    let (width, height) = sps
        .pixel_dimensions()
        .ok()
        .filter(|&(width, height)| width > 0 && height > 0)
        .ok_or(Error::Invalid { what: WHAT, why: "nothing is left after cropping" })?;
    // Of pictures that may be coded as fields the SPS gives half the height.
    if height > MAX_DIMENSION {
        return Err(Error::OutOfRange { what: WHAT, field: "its height", value: height });
    }
    let chroma = match sps.chroma_info.chroma_format {
        ChromaFormat::Monochrome => Chroma::Monochrome,
        ChromaFormat::YUV420 => Chroma::Yuv420,
        ChromaFormat::YUV422 => Chroma::Yuv422,
        ChromaFormat::YUV444 => Chroma::Yuv444,
        ChromaFormat::Invalid(value) => {
            return Err(Error::OutOfRange { what: WHAT, field: "its chroma format", value });
        }
    };
    let depth =
        sps.chroma_info.bit_depth_luma_minus8.max(sps.chroma_info.bit_depth_chroma_minus8) + 8;
    let timing = sps.vui_parameters.as_ref().and_then(|vui| vui.timing_info.as_ref());
    Ok(VideoInfo {
        width,
        height,
        codec_string: String::new(),
        frame_rate: timing.and_then(frame_rate),
        chroma,
        bit_depth: depth,
        interlaced: sps.frame_mbs_flags != FrameMbsFlags::Frames,
    })
}

/// A tick is half a frame (H.264 E.2.1).
fn frame_rate(timing: &TimingInfo) -> Option<(u32, u32)> {
    reduced_rate(u64::from(timing.time_scale), u64::from(timing.num_units_in_tick) * 2)
}

/// Reads an SPS as though it ended before its VUI, which says nothing that decoding needs and which
/// encoders get wrong most often.
struct WithoutVui<'a>(BitReader<&'a [u8]>);

impl BitRead for WithoutVui<'_> {
    fn read_ue(&mut self, name: &'static str) -> Result<u32, BitReaderError> {
        self.0.read_ue(name)
    }

    fn read_se(&mut self, name: &'static str) -> Result<i32, BitReaderError> {
        self.0.read_se(name)
    }

    fn read_bit(&mut self, name: &'static str) -> Result<bool, BitReaderError> {
        if name == "vui_parameters_present_flag" { Ok(false) } else { self.0.read_bit(name) }
    }

    fn read<const BITS: u32, I: Integer>(
        &mut self,
        name: &'static str,
    ) -> Result<I, BitReaderError> {
        self.0.read::<BITS, I>(name)
    }

    fn read_var<I: Integer>(&mut self, bits: u32, name: &'static str) -> Result<I, BitReaderError> {
        self.0.read_var(bits, name)
    }

    fn read_to<V: Primitive>(&mut self, name: &'static str) -> Result<V, BitReaderError> {
        self.0.read_to(name)
    }

    fn skip(&mut self, bits: u32, name: &'static str) -> Result<(), BitReaderError> {
        self.0.skip(bits, name)
    }

    fn byte_aligned(&self) -> bool {
        self.0.byte_aligned()
    }

    fn has_more_rbsp_data(&mut self, name: &'static str) -> Result<bool, BitReaderError> {
        self.0.has_more_rbsp_data(name)
    }

    fn finish_rbsp(self) -> Result<(), BitReaderError> {
        Ok(())
    }

    fn finish_sei_payload(self) -> Result<(), BitReaderError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::fixtures::{AVCC_1080P, bytes};

    fn sps_1080p() -> Vec<u8> {
        bytes(AVCC_1080P)[8..31].to_vec()
    }

    #[test]
    fn an_understated_level_is_accepted_and_kept_in_the_codec_string() {
        let mut sps = sps_1080p();
        sps[3] = 10;
        let info = parse(&sps).unwrap();
        assert_eq!((info.width, info.height), (1920, 1080));
        assert_eq!(info.codec_string, "avc1.42c00a");
    }

    #[test]
    fn a_damaged_vui_costs_only_the_frame_rate() {
        let mut sps = sps_1080p();
        sps.truncate(sps.len() - 3);
        let info = parse(&sps).unwrap();
        assert_eq!((info.width, info.height, info.frame_rate), (1920, 1080, None));
    }

    #[test]
    fn absurd_sizes_are_refused() {
        // 66, level 40, ue 0 0 2 0, no gaps, then 2^31 macroblocks by one.
        let sps = [0x67, 66, 0, 40, 0b1101_1100, 0, 0, 0, 0b0100_0000, 0, 0, 0, 0b1011_1100];
        assert!(parse(&sps).is_err());
    }

    #[test]
    fn a_picture_of_fields_is_held_to_the_same_height() {
        // 66, level 40, ue 0 0 2 0, no gaps, 1 macroblock by `rows` and one (ue of 23 bits), fields.
        let sps = |rows: u64| {
            let bits = 0b1101_1101 << 32 | (rows + 1) << 9 | 0b00_1001 << 3;
            [&[0x67, 66, 0, 40][..], &bits.to_be_bytes()[3..]].concat()
        };
        assert_eq!(parse(&sps(2047)).map(|info| info.height), Ok(65_536));
        assert!(parse(&sps(2048)).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(unit: Vec<u8>) {
            let _ = parse(&unit);
        }

        #[test]
        fn a_damaged_sps_is_read_without_a_panic(at in 4_usize..23, value: u8, other in 4_usize..23) {
            let mut sps = sps_1080p();
            sps[at] = value;
            sps[other] ^= value;
            let _ = parse(&sps);
        }
    }
}
