//! VP9: the `vpcC` record (VP Codec ISO Media File Format Binding) and the keyframe header.

use bytes::{BufMut, Bytes, BytesMut};

use super::bits::Bits;
use super::{Colour, Error};
use crate::{Chroma, CodecConfig, VideoInfo};

const WHAT: &str = "VP9 configuration (vpcC)";
const FRAME: &str = "VP9 frame header";
/// The version and flags that begin a `vpcC` box's body.
const VERSION: [u8; 4] = [1, 0, 0, 0];
/// Luma samples of a picture and the level that allows them (VP9 levels, 1.0 to 6.0).
const LEVELS: [(u64, u8); 9] = [
    (36_864, 10),
    (73_728, 11),
    (122_880, 20),
    (245_760, 21),
    (552_960, 30),
    (983_040, 31),
    (2_228_224, 40),
    (8_912_896, 50),
    (u64::MAX, 60),
];

/// Reads a `vpcC` record, with or without the version and flags that a box's body begins with; the
/// record of the result has them.
///
/// The record does not tell the size, which is 0 until the first keyframe tells ([`super::in_band`]).
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    // A bare record has the bit depth, 8 or more, where the box's body has a flag byte of 0.
    let boxed = record.starts_with(&VERSION) && record.get(6).is_some_and(|byte| byte >> 4 >= 8);
    let fields = if boxed { record.slice(4..) } else { record.clone() };
    let &[profile, level, format, primaries, transfer, matrix, ..] = &fields[..] else {
        return Err(Error::Truncated { what: WHAT });
    };
    if profile > 3 {
        let value = u32::from(profile);
        return Err(Error::OutOfRange { what: WHAT, field: "its profile", value });
    }
    let bit_depth = format >> 4;
    if !matches!(bit_depth, 8 | 10 | 12) {
        let value = u32::from(bit_depth);
        return Err(Error::OutOfRange { what: WHAT, field: "its bit depth", value });
    }
    let subsampling = format >> 1 & 7;
    if subsampling > 3 {
        let value = u32::from(subsampling);
        return Err(Error::OutOfRange { what: WHAT, field: "its chroma subsampling", value });
    }
    let colour = Colour { primaries, transfer, matrix, full_range: format & 1 == 1 };
    let header = Header { profile, bit_depth, subsampling, colour, size: (0, 0) };
    let record = if boxed { record.clone() } else { [&VERSION, &fields[..]].concat().into() };
    Ok(CodecConfig::Vp9 { record, info: header.info(level) })
}

/// The configuration in a keyframe's header, when it differs.
pub(super) fn in_band(
    current: Option<(&[u8], &VideoInfo)>,
    data: &[u8],
) -> Result<Option<CodecConfig>, Error> {
    let Some(mut header) = Header::read(data)? else {
        return Ok(None);
    };
    let samples = u64::from(header.size.0) * u64::from(header.size.1);
    let mut level =
        LEVELS.iter().find(|(most, _)| samples <= *most).map_or(60, |&(_, level)| level);
    if let Some((&[_, _, _, _, profile, declared, format, primaries, transfer, matrix], info)) =
        current.and_then(|(record, info)| Some((record.first_chunk()?, info)))
        && (profile, format >> 4) == (header.profile, header.bit_depth)
    {
        if (info.width, info.height) == header.size {
            return Ok(None);
        }
        // The record knows the colours and the frame rate behind the level, the header does not.
        level = level.max(declared);
        header.subsampling = format >> 1 & 7;
        header.colour = Colour { primaries, transfer, matrix, full_range: format & 1 == 1 };
    }
    Ok(Some(CodecConfig::Vp9 { record: header.record(level), info: header.info(level) }))
}

struct Header {
    profile: u8,
    bit_depth: u8,
    /// As in the record: 0 and 1 are 4:2:0, 2 is 4:2:2, 3 is 4:4:4.
    subsampling: u8,
    colour: Colour,
    size: (u32, u32),
}

impl Header {
    /// The uncompressed header of a keyframe (VP9 6.2); `None` for other frames.
    fn read(data: &[u8]) -> Result<Option<Self>, Error> {
        let mut bits = Bits::new(data, FRAME);
        if bits.read(2)? != 2 {
            return Err(Error::Invalid { what: FRAME, why: "it lacks the frame marker" });
        }
        let profile = bits.read(1)? as u8 | (bits.read(1)? as u8) << 1;
        if profile == 3 {
            bits.skip(1)?;
        }
        // show_existing_frame, then frame_type: 1 is not a keyframe.
        if bits.flag()? || bits.flag()? {
            return Ok(None);
        }
        bits.skip(2)?;
        if bits.read(24)? != 0x49_83_42 {
            return Err(Error::Invalid { what: FRAME, why: "it lacks the keyframe's sync code" });
        }
        let bit_depth = match (profile >= 2, profile) {
            (true, _) if bits.flag()? => 12,
            (true, _) => 10,
            (false, _) => 8,
        };
        let mut colour = Colour::default();
        let mut subsampling = 1;
        let odd_profile = profile & 1 == 1;
        if bits.read(3)? == 7 {
            // RGB.
            (colour.matrix, colour.full_range, subsampling) = (0, true, 3);
            bits.skip(usize::from(odd_profile))?;
        } else {
            colour.full_range = bits.flag()?;
            if odd_profile {
                subsampling = if bits.read(3)? >> 2 == 1 { 2 } else { 3 };
            }
        }
        let size = (bits.read(16)? + 1, bits.read(16)? + 1);
        Ok(Some(Self { profile, bit_depth, subsampling, colour, size }))
    }

    fn info(&self, level: u8) -> VideoInfo {
        let mut codec_string = format!("vp09.{:02}.{level:02}.{:02}", self.profile, self.bit_depth);
        if self.subsampling > 1 || !self.colour.is_default() {
            let subsampling = format!(".{:02}", self.subsampling);
            codec_string.push_str(&subsampling);
            self.colour.push_to(&mut codec_string, "0");
        }
        VideoInfo {
            width: self.size.0,
            height: self.size.1,
            codec_string,
            frame_rate: None,
            chroma: match self.subsampling {
                0 | 1 => Chroma::Yuv420,
                2 => Chroma::Yuv422,
                _ => Chroma::Yuv444,
            },
            bit_depth: self.bit_depth,
            interlaced: false,
        }
    }

    fn record(&self, level: u8) -> Bytes {
        let colour = &self.colour;
        let format = self.bit_depth << 4 | self.subsampling << 1 | u8::from(colour.full_range);
        let mut record = BytesMut::with_capacity(12);
        record.put_slice(&VERSION);
        record.put_slice(&[self.profile, level, format]);
        record.put_slice(&[colour.primaries, colour.transfer, colour.matrix, 0, 0]);
        record.freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::fixtures::{VP9_KEYFRAME, VPCC, bytes};

    #[test]
    fn a_record_is_read_with_and_without_version_and_flags() {
        let record = bytes(VPCC);
        let config = parse(&record).unwrap();
        let info = config.video().unwrap();
        assert_eq!(info.codec_string, "vp09.00.11.08");
        assert_eq!((info.width, info.chroma, info.bit_depth), (0, Chroma::Yuv420, 8));
        assert_eq!(parse(&record.slice(4..)).unwrap(), config);
        assert_eq!(config.record(), record);
    }

    #[test]
    fn the_first_keyframe_adds_the_size() {
        let config = parse(&bytes(VPCC)).unwrap();
        let frame = bytes(VP9_KEYFRAME);
        let current = (&config.record()[..], config.video().unwrap());
        let full = in_band(Some(current), &frame).unwrap().unwrap();
        let info = full.video().unwrap();
        assert_eq!((info.width, info.height), (320, 180));
        assert_eq!(info.codec_string, "vp09.00.11.08");
        assert_eq!(full.record(), config.record());
        assert_eq!(in_band(Some((&full.record(), info)), &frame), Ok(None));
    }

    #[test]
    fn a_keyframe_alone_is_enough() {
        let config = in_band(None, &bytes(VP9_KEYFRAME)).unwrap().unwrap();
        assert_eq!(config.rfc6381(), "vp09.00.11.08");
        assert_eq!(in_band(None, &[0x86, 0]), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(data: Vec<u8>) {
            let _ = in_band(None, &data);
            let _ = parse(&data.into());
        }
    }
}
