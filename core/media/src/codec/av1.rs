//! AV1: the `av1C` record (AV1 in ISOBMFF, 2.3) and the OBUs of a temporal unit.

use bytes::{BufMut, Bytes, BytesMut};

use super::Error;
use super::av1_sequence::{self, Sequence};
use super::parameter_sets::check_length;
use crate::{Chroma, CodecConfig, VideoInfo};

const WHAT: &str = "AV1 configuration (av1C)";
const SEQUENCE_HEADER: u8 = 1;
/// The most OBUs of a temporal unit that are looked at: a sequence header comes first but for a
/// temporal delimiter and metadata.
const MAX_OBUS: usize = 64;

/// Reads an `av1C` record. One without a sequence header, which the format allows, gives size 0;
/// the first keyframe then tells ([`super::in_band`]).
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    let &[version, profile_level, flags, _] =
        record.first_chunk().ok_or(Error::Truncated { what: WHAT })?;
    if version != 0x81 {
        let value = u32::from(version);
        return Err(Error::OutOfRange { what: WHAT, field: "its marker and version", value });
    }
    let info = match sequence_header(&record[4..]) {
        Some(obu) => av1_sequence::parse(obu.payload)?.info(),
        None => from_record(profile_level, flags),
    };
    Ok(CodecConfig::Av1 { record: record.clone(), info })
}

/// The configuration in the sequence header of a temporal unit, when it has one and it differs.
pub(super) fn in_band(current: Option<&[u8]>, data: &[u8]) -> Result<Option<CodecConfig>, Error> {
    let Some(new) = sequence_header(data) else {
        return Ok(None);
    };
    let old = current.and_then(|record| sequence_header(record.get(4..)?));
    if old.is_some_and(|old| old.payload == new.payload) {
        return Ok(None);
    }
    check_length("AV1 sequence header", new.payload)?;
    let sequence = av1_sequence::parse(new.payload)?;
    let mut record = BytesMut::with_capacity(new.payload.len() + 8);
    record.put_slice(&head(&sequence));
    record.put_u8(SEQUENCE_HEADER << 3 | 2);
    put_leb128(&mut record, new.payload.len() as u32);
    record.put_slice(new.payload);
    Ok(Some(CodecConfig::Av1 { record: record.freeze(), info: sequence.info() }))
}

/// The four bytes of an `av1C` record before its OBUs.
fn head(sequence: &Sequence) -> [u8; 4] {
    let (sub_x, sub_y) = match sequence.chroma {
        Chroma::Monochrome | Chroma::Yuv420 => (1, 1),
        Chroma::Yuv422 => (1, 0),
        Chroma::Yuv444 => (0, 0),
    };
    let flags = u8::from(sequence.tier) << 7
        | u8::from(sequence.bit_depth > 8) << 6
        | u8::from(sequence.bit_depth > 10) << 5
        | u8::from(sequence.chroma == Chroma::Monochrome) << 4
        | sub_x << 3
        | sub_y << 2
        | sequence.chroma_position;
    [0x81, sequence.profile << 5 | sequence.level, flags, 0]
}

fn from_record(profile_level: u8, flags: u8) -> VideoInfo {
    let bit = |at: u8| flags >> at & 1 == 1;
    let chroma = match (bit(4), bit(3), bit(2)) {
        (true, ..) => Chroma::Monochrome,
        (_, true, true) => Chroma::Yuv420,
        (_, true, false) => Chroma::Yuv422,
        _ => Chroma::Yuv444,
    };
    let bit_depth = match (bit(6), bit(5)) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    let sequence = Sequence {
        profile: profile_level >> 5,
        level: profile_level & 0x1f,
        tier: bit(7),
        bit_depth,
        chroma,
        chroma_position: flags & 3,
        ..Sequence::default()
    };
    sequence.info()
}

struct Obu<'a> {
    kind: u8,
    payload: &'a [u8],
}

fn sequence_header(data: &[u8]) -> Option<Obu<'_>> {
    let mut rest = data;
    for _ in 0..MAX_OBUS {
        let (obu, after) = split_obu(rest)?;
        if obu.kind == SEQUENCE_HEADER {
            return Some(obu);
        }
        rest = after;
    }
    None
}

/// The first OBU of low overhead data (AV1 5.3); one without a size goes to the end.
fn split_obu(data: &[u8]) -> Option<(Obu<'_>, &[u8])> {
    let (&header, mut rest) = data.split_first()?;
    if header & 0x80 != 0 {
        return None;
    }
    if header & 4 != 0 {
        rest = rest.get(1..)?;
    }
    let mut size = rest.len();
    if header & 2 != 0 {
        (size, rest) = leb128(rest)?;
    }
    let (payload, rest) = rest.split_at_checked(size)?;
    Some((Obu { kind: header >> 3 & 0xf, payload }, rest))
}

fn leb128(data: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for at in 0..8 {
        let byte = *data.get(at)?;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, &data[at + 1..]));
        }
    }
    None
}

fn put_leb128(out: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::fixtures::{AV1_KEYFRAME, AV1C_180P, bytes};

    #[test]
    fn a_record_gives_size_and_codec_string() {
        let config = parse(&bytes(AV1C_180P)).unwrap();
        let info = config.video().unwrap();
        assert_eq!((info.width, info.height), (320, 180));
        assert_eq!(info.codec_string, "av01.0.00M.08");
        assert_eq!((info.chroma, info.bit_depth), (Chroma::Yuv420, 8));
    }

    #[test]
    fn a_record_without_a_sequence_header_gives_all_but_the_size() {
        let record = Bytes::from_static(&[0x81, 0x08, 0x4c, 0]);
        let config = parse(&record).unwrap();
        let info = config.video().unwrap();
        assert_eq!((info.width, info.bit_depth), (0, 10));
        assert_eq!(info.codec_string, "av01.0.08M.10");
    }

    #[test]
    fn a_keyframe_makes_the_record_that_the_encoder_should_have_sent() {
        let frame = bytes(AV1_KEYFRAME);
        let config = in_band(None, &frame).unwrap().unwrap();
        let info = config.video().unwrap();
        assert_eq!((info.width, info.height), (320, 180));
        assert_eq!(in_band(Some(&config.record()), &frame), Ok(None));
        assert_eq!(parse(&config.record()).unwrap(), config);
    }

    #[test]
    fn a_record_cut_in_its_head_is_refused() {
        assert!(parse(&Bytes::from_static(&[0x81, 0, 0])).is_err());
        assert!(parse(&Bytes::from_static(&[0x01, 0, 0, 0])).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(mut data: Vec<u8>) {
            let _ = in_band(None, &data);
            data.splice(0..0, [0x81, 0, 0, 0, 0x0a, data.len() as u8]);
            let _ = parse(&data.into());
        }
    }
}
