//! The AV1 sequence header OBU (AV1 5.5).

use super::bits::Bits;
use super::parameter_sets::reduced_rate;
use super::{Colour, Error};
use crate::{Chroma, VideoInfo};

const WHAT: &str = "AV1 sequence header";

/// What a sequence header says.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    pub(super) profile: u8,
    pub(super) level: u8,
    pub(super) tier: bool,
    pub(super) bit_depth: u8,
    pub(super) chroma: Chroma,
    pub(super) chroma_position: u8,
    pub(super) size: (u32, u32),
    pub(super) frame_rate: Option<(u32, u32)>,
    pub(super) colour: Colour,
}

impl Sequence {
    /// The picture, with its codec string (AV1 in ISOBMFF, 5).
    pub(super) fn info(&self) -> VideoInfo {
        let tier = if self.tier { 'H' } else { 'M' };
        let mut codec_string =
            format!("av01.{}.{:02}{tier}.{:02}", self.profile, self.level, self.bit_depth);
        let chroma = match (self.chroma, self.chroma_position) {
            (Chroma::Monochrome, _) => ".1.110",
            (Chroma::Yuv420, 1) => ".0.111",
            (Chroma::Yuv420, 2) => ".0.112",
            (Chroma::Yuv420, _) => ".0.110",
            (Chroma::Yuv422, _) => ".0.100",
            (Chroma::Yuv444, _) => ".0.000",
        };
        // The defaults may be left out, but only all of them together.
        if !self.colour.is_default() || chroma != ".0.110" {
            codec_string.push_str(chroma);
            self.colour.push_to(&mut codec_string, "");
        }
        VideoInfo {
            width: self.size.0,
            height: self.size.1,
            codec_string,
            frame_rate: self.frame_rate,
            chroma: self.chroma,
            bit_depth: self.bit_depth,
            interlaced: false,
        }
    }
}

/// Reads the payload of a sequence header OBU.
pub(super) fn parse(payload: &[u8]) -> Result<Sequence, Error> {
    let mut bits = Bits::new(payload, WHAT);
    let mut sequence = Sequence { profile: bits.read(3)? as u8, ..Sequence::default() };
    if sequence.profile > 2 {
        let value = u32::from(sequence.profile);
        return Err(Error::OutOfRange { what: WHAT, field: "seq_profile", value });
    }
    bits.skip(1)?;
    let reduced = bits.flag()?;
    if reduced {
        sequence.level = bits.read(5)? as u8;
    } else {
        operating_points(&mut bits, &mut sequence)?;
    }
    let width_bits = bits.read(4)? + 1;
    let height_bits = bits.read(4)? + 1;
    sequence.size = (bits.read(width_bits)? + 1, bits.read(height_bits)? + 1);
    tools(&mut bits, reduced)?;
    colour_config(&mut bits, &mut sequence)?;
    Ok(sequence)
}

fn operating_points(bits: &mut Bits<'_>, sequence: &mut Sequence) -> Result<(), Error> {
    let mut delay_length = None;
    if bits.flag()? {
        let (units, scale) = (bits.read(32)?, bits.read(32)?);
        // equal_picture_interval
        if bits.flag()? {
            let ticks = u64::from(bits.ue()?) + 1;
            sequence.frame_rate =
                reduced_rate(u64::from(scale), u64::from(units).saturating_mul(ticks));
        }
        // decoder_model_info_present_flag
        if bits.flag()? {
            delay_length = Some(bits.read(5)? as usize + 1);
            bits.skip(32 + 5 + 5)?;
        }
    }
    let display_delay = bits.flag()?;
    let points = bits.read(5)? + 1;
    for point in 0..points {
        bits.skip(12)?;
        let level = bits.read(5)? as u8;
        let tier = level > 7 && bits.flag()?;
        if point == 0 {
            (sequence.level, sequence.tier) = (level, tier);
        }
        if let Some(length) = delay_length
            && bits.flag()?
        {
            bits.skip(2 * length + 1)?;
        }
        if display_delay && bits.flag()? {
            bits.skip(4)?;
        }
    }
    Ok(())
}

/// The fields between the size and the colour: which coding tools are on.
fn tools(bits: &mut Bits<'_>, reduced: bool) -> Result<(), Error> {
    // frame_id_numbers_present_flag
    if !reduced && bits.flag()? {
        bits.skip(4 + 3)?;
    }
    // Superblock size, filter intra, intra edge filter.
    bits.skip(3)?;
    if !reduced {
        // Interintra, masked, warped, dual filter.
        bits.skip(4)?;
        let order_hint = bits.flag()?;
        if order_hint {
            bits.skip(2)?;
        }
        let screen_content = bits.flag()? || bits.flag()?;
        // seq_choose_integer_mv, or else the value itself.
        if screen_content && !bits.flag()? {
            bits.skip(1)?;
        }
        if order_hint {
            bits.skip(3)?;
        }
    }
    // Superres, CDEF, restoration.
    bits.skip(3)
}

fn colour_config(bits: &mut Bits<'_>, sequence: &mut Sequence) -> Result<(), Error> {
    let high = bits.flag()?;
    sequence.bit_depth = match (high, sequence.profile) {
        (true, 2) if bits.flag()? => 12,
        (true, _) => 10,
        (false, _) => 8,
    };
    let monochrome = sequence.profile != 1 && bits.flag()?;
    if bits.flag()? {
        sequence.colour.primaries = bits.read(8)? as u8;
        sequence.colour.transfer = bits.read(8)? as u8;
        sequence.colour.matrix = bits.read(8)? as u8;
    }
    let colour = &mut sequence.colour;
    if monochrome {
        colour.full_range = bits.flag()?;
        sequence.chroma = Chroma::Monochrome;
        return Ok(());
    }
    // sRGB: BT.709 primaries, sRGB transfer, identity matrix.
    if (colour.primaries, colour.transfer, colour.matrix) == (1, 13, 0) {
        colour.full_range = true;
        sequence.chroma = Chroma::Yuv444;
        return Ok(());
    }
    colour.full_range = bits.flag()?;
    sequence.chroma = match (sequence.profile, sequence.bit_depth) {
        (0, _) => Chroma::Yuv420,
        (1, _) => Chroma::Yuv444,
        // subsampling_x, then subsampling_y.
        (_, 12) if !bits.flag()? => Chroma::Yuv444,
        (_, 12) if bits.flag()? => Chroma::Yuv420,
        _ => Chroma::Yuv422,
    };
    if sequence.chroma == Chroma::Yuv420 {
        sequence.chroma_position = bits.read(2)? as u8;
    }
    Ok(())
}
