//! The HEVC sequence parameter set, up to the bit depths (H.265 7.3.2.2.1).

use std::fmt::Write;

use super::bits::{Bits, unescape};
use super::parameter_sets::check_length;
use super::{Error, MAX_DIMENSION};
use crate::{Chroma, VideoInfo};

const WHAT: &str = "HEVC SPS";

/// What an SPS says.
pub(super) struct Sps {
    /// `sps_seq_parameter_set_id`.
    pub(super) id: u32,
    /// The picture.
    pub(super) info: VideoInfo,
    /// The general profile, tier and level: 12 bytes, the same in an `hvcC` record.
    pub(super) profile_tier_level: [u8; 12],
    /// 1 to 7.
    pub(super) temporal_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub(super) temporal_id_nested: bool,
}

/// Reads an SPS NAL unit.
pub(super) fn parse(unit: &[u8]) -> Result<Sps, Error> {
    check_length(WHAT, unit)?;
    let rbsp = unescape(unit);
    let mut bits = Bits::new(&rbsp, WHAT);
    bits.skip(16 + 4)?;
    let layers = bits.read(3)?;
    if layers > 6 {
        return Err(Error::OutOfRange { what: WHAT, field: "sps_max_sub_layers", value: layers });
    }
    let nested = bits.flag()?;
    let general = profile_tier_level(&mut bits, layers)?;
    let id = bits.ue_up_to(15, "sps_seq_parameter_set_id")?;
    let format = bits.ue_up_to(3, "chroma_format_idc")?;
    let separate_planes = format == 3 && bits.flag()?;
    let size = (
        bits.ue_up_to(MAX_DIMENSION, "pic_width_in_luma_samples")?,
        bits.ue_up_to(MAX_DIMENSION, "pic_height_in_luma_samples")?,
    );
    let chroma = match format {
        0 => Chroma::Monochrome,
        1 => Chroma::Yuv420,
        2 => Chroma::Yuv422,
        _ => Chroma::Yuv444,
    };
    let (width, height) = crop(&mut bits, size, chroma)?;
    let luma = bits.ue_up_to(8, "bit_depth_luma_minus8")?;
    let other = bits.ue_up_to(8, "bit_depth_chroma_minus8")?;
    let source = general[5];
    let info = VideoInfo {
        width,
        height,
        codec_string: codec_string(&general),
        frame_rate: None,
        chroma: if separate_planes { Chroma::Yuv444 } else { chroma },
        bit_depth: luma.max(other) as u8 + 8,
        // general_interlaced_source_flag without general_progressive_source_flag.
        interlaced: source & 0xc0 == 0x40,
    };
    Ok(Sps {
        id,
        info,
        profile_tier_level: general,
        temporal_layers: layers as u8 + 1,
        temporal_id_nested: nested,
    })
}

/// `profile_tier_level( 1, layers )` (H.265 7.3.3): the general part is kept, the layers' skipped.
fn profile_tier_level(bits: &mut Bits<'_>, layers: u32) -> Result<[u8; 12], Error> {
    let mut general = [0; 12];
    for byte in &mut general {
        *byte = bits.read(8)? as u8;
    }
    if layers == 0 {
        return Ok(general);
    }
    let mut to_skip = 0;
    for layer in 0..8 {
        // Pairs of flags for the layers there are, two reserved bits for each other one.
        let present = bits.read(2)?;
        if layer < layers {
            to_skip += (present >> 1 & 1) * 88 + (present & 1) * 8;
        }
    }
    bits.skip(to_skip as usize)?;
    Ok(general)
}

fn crop(bits: &mut Bits<'_>, (w, h): (u32, u32), chroma: Chroma) -> Result<(u32, u32), Error> {
    let mut cropped = (w, h);
    if bits.flag()? {
        let unit_x = if matches!(chroma, Chroma::Yuv420 | Chroma::Yuv422) { 2 } else { 1 };
        let unit_y = if chroma == Chroma::Yuv420 { 2 } else { 1 };
        let mut offsets = [0; 4];
        for offset in &mut offsets {
            *offset = bits.ue_up_to(MAX_DIMENSION, "a conformance window offset")?;
        }
        let [left, right, top, bottom] = offsets;
        cropped =
            (w.saturating_sub((left + right) * unit_x), h.saturating_sub((top + bottom) * unit_y));
    }
    if cropped.0 == 0 || cropped.1 == 0 {
        return Err(Error::Invalid { what: WHAT, why: "nothing is left after cropping" });
    }
    Ok(cropped)
}

/// ISO/IEC 14496-15 Annex E.3: profile, compatibility flags in reverse bit order, tier and level,
/// constraint bytes without the zero bytes at their end.
fn codec_string(general: &[u8; 12]) -> String {
    let [first, f0, f1, f2, f3, constraints @ .., level] = general;
    let space = ["", "A", "B", "C"][usize::from(first >> 6)];
    let profile = first & 0x1f;
    let flags = u32::from_be_bytes([*f0, *f1, *f2, *f3]).reverse_bits();
    let tier = if first & 0x20 == 0 { 'L' } else { 'H' };
    let mut text = format!("hvc1.{space}{profile}.{flags:x}.{tier}{level}");
    let used = constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    for byte in &constraints[..used] {
        let _ = write!(text, ".{byte:x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codec_string_is_that_of_the_standards_example() {
        // Main profile, main tier, level 3.1, progressive and frame-only constraints.
        let general = [1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];
        assert_eq!(codec_string(&general), "hvc1.1.6.L93.b0");
        let high = [0x62, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 153];
        assert_eq!(codec_string(&high), "hvc1.A2.4.H153");
    }

    #[test]
    fn temporal_layers_are_passed_over() {
        let mut bytes = vec![0x42, 1, 0b0000_0011, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 60];
        // One layer with a profile and a level, seven reserved pairs; then 88 + 8 bits.
        bytes.extend_from_slice(&[0b1100_0000, 0]);
        bytes.extend_from_slice(&[0xff; 12]);
        // ue: id 0, format 1, width 320 (00000000 101000001), height 180 (0000000 10110101).
        let fields = "1".to_owned() + "010" + "00000000101000001" + "000000010110101";
        let tail = fields + "0" + "1" + "1" + "10000000";
        let tail: Vec<u8> = tail
            .as_bytes()
            .chunks(8)
            .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0')))
            .collect();
        bytes.extend_from_slice(&tail);
        let sps = parse(&bytes).unwrap();
        assert_eq!((sps.info.width, sps.info.height), (320, 180));
        assert_eq!((sps.temporal_layers, sps.temporal_id_nested), (2, true));
    }
}
