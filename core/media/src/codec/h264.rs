//! H.264: the `avcC` record (ISO/IEC 14496-15, 5.3.3.1) and what its parameter sets say.

use bytes::{BufMut, Bytes, BytesMut};

use super::bits::{Bits, unescape};
use super::parameter_sets::{MAX_SETS, Sets, check_length, merge, read_sets, write_sets};
use super::{Error, h264_sps, nal};
use crate::{CodecConfig, VideoInfo};

const WHAT: &str = "H.264 configuration (avcC)";
const WHAT_SET: &str = "H.264 parameter set";
const SLICE: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const SPS_EXTENSION: u8 = 13;

/// Reads an `avcC` record, or parameter sets in Annex B form, which some encoders send in its place.
///
/// The record of the result announces 4-byte lengths whatever the encoder announced; see
/// [`nal::length_size`] and [`nal::to_length_prefixed`] for its frames.
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    if nal::is_annex_b(record) {
        let (mut sps, mut pps) = (Vec::new(), Vec::new());
        for unit in nal::annex_b(record) {
            match unit_type(unit) {
                SPS if sps.len() < MAX_SETS => sps.push(unit),
                PPS if pps.len() < MAX_SETS => pps.push(unit),
                _ => {}
            }
        }
        return config(build(&sps, &pps)?);
    }
    let mut record = record.clone();
    if record.get(4).is_some_and(|byte| byte & 3 != 3) {
        let mut copy = BytesMut::from(&record[..]);
        copy[4] |= 3;
        record = copy.freeze();
    }
    config(record)
}

/// An `avcC` record of these two NAL units (without start code or length), such as an encoder hands
/// out, for frames with 4-byte lengths.
pub fn record_from(sps: &[u8], pps: &[u8]) -> Result<Bytes, Error> {
    build(&[sps], &[pps])
}

/// The NAL units that a decoder wants before the first frame: the record's SPS, then its PPS.
/// Empty for a record that [`parse`] refuses.
pub fn parameter_sets(record: &[u8]) -> Vec<&[u8]> {
    match split(record) {
        Ok((sps, pps)) => [sps, pps].concat(),
        Err(_) => Vec::new(),
    }
}

/// What the NAL units of an access unit are, as far as they concern delivery.
pub(super) fn inspect(data: &[u8]) -> super::AccessUnit {
    let mut unit = super::AccessUnit::default();
    let mut reference = false;
    for nal in nal::nals(data) {
        match unit_type(nal) {
            kind @ SLICE..=IDR => {
                unit.picture = true;
                unit.idr |= kind == IDR;
                reference |= nal[0] & 0x60 != 0;
            }
            SPS | PPS | SPS_EXTENSION | 15 => unit.parameter_sets = true,
            _ => {}
        }
    }
    unit.random_access = unit.idr;
    unit.disposable = unit.picture && !reference;
    unit
}

/// The record that the parameter sets inside an access unit make together with the current one;
/// `None` when they change nothing or do not suffice.
pub(super) fn in_band(current: Option<&[u8]>, data: &[u8]) -> Result<Option<CodecConfig>, Error> {
    let (mut sps, mut pps) = match current {
        Some(record) => split(record)?,
        None => (Vec::new(), Vec::new()),
    };
    let mut new = 0;
    for unit in nal::nals(data) {
        match unit_type(unit) {
            SPS => merge(WHAT_SET, &mut sps, unit, sps_id, &mut new)?,
            PPS => merge(WHAT_SET, &mut pps, unit, pps_id, &mut new)?,
            _ => {}
        }
    }
    if new == 0 || sps.is_empty() || pps.is_empty() {
        return Ok(None);
    }
    // Sets of one id may follow each other, and the last one may be the one that is known.
    if current.is_some_and(|record| split(record) == Ok((sps.clone(), pps.clone()))) {
        return Ok(None);
    }
    Ok(Some(config(build(&sps, &pps)?)?))
}

fn config(record: Bytes) -> Result<CodecConfig, Error> {
    let (sps, _) = split(&record)?;
    let info: VideoInfo = h264_sps::parse(sps[0])?;
    Ok(CodecConfig::H264 { record, info })
}

fn build(sps: &[&[u8]], pps: &[&[u8]]) -> Result<Bytes, Error> {
    for unit in sps.iter().chain(pps) {
        check_length(WHAT_SET, unit)?;
    }
    let Some([_, profile, compatibility, level]) = sps.first().and_then(|sps| sps.first_chunk())
    else {
        return Err(Error::Truncated { what: "H.264 SPS" });
    };
    let size = sps.iter().chain(pps).map(|unit| unit.len() + 2).sum::<usize>() + 11;
    let mut record = BytesMut::with_capacity(size);
    record.put_slice(&[1, *profile, *compatibility, *level, 0xff, 0xe0 | sps.len() as u8]);
    write_sets(&mut record, sps);
    record.put_u8(pps.len() as u8);
    write_sets(&mut record, pps);
    // These profiles add the chroma format and bit depths (ISO/IEC 14496-15, 5.3.3.1.2).
    if matches!(profile, 100 | 110 | 122 | 144) {
        let info = h264_sps::parse(sps[0])?;
        let depth = 0xf8 | info.bit_depth.saturating_sub(8);
        record.put_slice(&[0xfc | info.chroma as u8, depth, depth, 0]);
    }
    Ok(record.freeze())
}

/// The SPS and the PPS of a record; at least one of each.
fn split(record: &[u8]) -> Result<(Sets<'_>, Sets<'_>), Error> {
    let Some((head, rest)) = record.split_at_checked(6) else {
        return Err(Error::Truncated { what: WHAT });
    };
    if head[0] != 1 {
        let value = u32::from(head[0]);
        return Err(Error::OutOfRange { what: WHAT, field: "its version", value });
    }
    let (sps, rest) = read_sets(WHAT, rest, usize::from(head[5] & 0x1f))?;
    let Some((&count, rest)) = rest.split_first() else {
        return Err(Error::Truncated { what: WHAT });
    };
    let (pps, _) = read_sets(WHAT, rest, usize::from(count))?;
    if sps.is_empty() || sps.iter().any(|unit| unit_type(unit) != SPS) {
        return Err(Error::Invalid { what: WHAT, why: "it holds no sequence parameter set (SPS)" });
    }
    if pps.is_empty() || pps.iter().any(|unit| unit_type(unit) != PPS) {
        return Err(Error::Invalid { what: WHAT, why: "it holds no picture parameter set (PPS)" });
    }
    Ok((sps, pps))
}

fn unit_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |byte| byte & 0x1f)
}

/// `seq_parameter_set_id`: after the header, profile, constraint flags and level.
fn sps_id(unit: &[u8]) -> Result<u32, Error> {
    let rbsp = unescape(&unit[..unit.len().min(16)]);
    let mut bits = Bits::new(&rbsp, "H.264 SPS");
    bits.skip(32)?;
    bits.ue()
}

/// `pic_parameter_set_id`: after the header.
fn pps_id(unit: &[u8]) -> Result<u32, Error> {
    let rbsp = unescape(&unit[..unit.len().min(16)]);
    let mut bits = Bits::new(&rbsp, "H.264 PPS");
    bits.skip(8)?;
    bits.ue()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chroma;
    use crate::codec::fixtures::{self, bytes};
    use crate::codec::{AccessUnit, Codec};

    fn info(record: &str) -> VideoInfo {
        parse(&bytes(record)).unwrap().video().unwrap().clone()
    }

    #[test]
    fn a_plain_record_gives_size_rate_and_codec_string() {
        let info = info(fixtures::AVCC_180P);
        assert_eq!((info.width, info.height), (320, 180));
        assert_eq!(info.codec_string, "avc1.64000d");
        assert_eq!(info.frame_rate, Some((30, 1)));
        assert_eq!((info.chroma, info.bit_depth, info.interlaced), (Chroma::Yuv420, 8, false));
    }

    #[test]
    fn cropping_and_fractional_rates_are_read() {
        let info = info(fixtures::AVCC_1080P);
        assert_eq!((info.width, info.height), (1920, 1080));
        assert_eq!(info.frame_rate, Some((30_000, 1001)));
        assert_eq!(info.codec_string, "avc1.42c028");
    }

    #[test]
    fn formats_that_browsers_cannot_play_are_seen() {
        let odd = info(fixtures::AVCC_422_10_INTERLACED);
        assert_eq!((odd.chroma, odd.bit_depth, odd.interlaced), (Chroma::Yuv422, 10, true));
        assert_eq!((odd.width, odd.height), (320, 180));
        assert_eq!(info(fixtures::AVCC_444).chroma, Chroma::Yuv444);
    }

    #[test]
    fn a_record_built_from_its_parameter_sets_is_the_same_record() {
        for record in [fixtures::AVCC_180P, fixtures::AVCC_1080P, fixtures::AVCC_422_10_INTERLACED]
        {
            let record = bytes(record);
            let sets = parameter_sets(&record);
            assert_eq!(record_from(sets[0], sets[1]).unwrap(), record);
        }
        assert!(record_from(&[0x67], &[]).is_err());
    }

    #[test]
    fn annex_b_in_place_of_the_record_is_understood() {
        let record = bytes(fixtures::AVCC_180P);
        let stream: Vec<u8> =
            parameter_sets(&record).iter().flat_map(|set| [&[0, 0, 0, 1], *set].concat()).collect();
        assert_eq!(parse(&stream.into()).unwrap().record(), record);
    }

    #[test]
    fn a_record_of_two_byte_lengths_is_rewritten() {
        let mut record = bytes(fixtures::AVCC_180P).to_vec();
        record[4] = 0xfd;
        assert_eq!(nal::length_size(Codec::H264, &record), 2);
        assert_eq!(parse(&record.into()).unwrap().record(), bytes(fixtures::AVCC_180P));
    }

    #[test]
    fn a_record_cut_anywhere_is_refused() {
        let record = bytes(fixtures::AVCC_1080P);
        for end in 0..record.len() {
            assert!(parse(&record.slice(..end)).is_err(), "{end}");
        }
    }

    #[test]
    fn access_units_are_told_apart() {
        let idr = [0, 0, 0, 1, 0x67, 0, 0, 0, 2, 0x65, 0x88];
        let expected = AccessUnit {
            picture: true,
            random_access: true,
            idr: true,
            parameter_sets: true,
            disposable: false,
        };
        assert_eq!(inspect(&idr), expected);
        assert!(inspect(&[0, 0, 0, 2, 0x01, 0x9a]).disposable);
        assert!(!inspect(&[0, 0, 0, 2, 0x41, 0x9a]).disposable);
        assert_eq!(inspect(&[0, 0, 0, 1, 0x06]), AccessUnit::default());
    }

    #[test]
    fn an_access_unit_of_nothing_but_new_parameter_sets_is_refused() {
        // All of one id, each other than the one before.
        let frame = |count: u8| -> Vec<u8> {
            let unit = |n: u8| [0, 0, 0, 6, 0x67, 66, 0, 40, 0x80, n];
            (0..count).flat_map(unit).collect()
        };
        assert_eq!(in_band(None, &frame(62)), Ok(None));
        assert!(in_band(None, &frame(63)).is_err());
    }

    #[test]
    fn changed_parameter_sets_in_band_make_a_new_record() {
        let old = bytes(fixtures::AVCC_180P);
        let new = bytes(fixtures::AVCC_1080P);
        let frame = |record: &[u8]| {
            let sets = parameter_sets(record);
            let prefixed =
                sets.iter().flat_map(|set| [&(set.len() as u32).to_be_bytes(), *set].concat());
            prefixed.collect::<Vec<u8>>()
        };
        assert_eq!(in_band(Some(&old), &frame(&old)), Ok(None));
        let changed = in_band(Some(&old), &frame(&new)).unwrap().unwrap();
        assert_eq!(changed.record(), new);
        assert_eq!(in_band(None, &frame(&new)).unwrap().unwrap(), changed);
        assert_eq!(in_band(None, &[0, 0, 0, 2, 0x65, 0x88]), Ok(None));
        let both = [frame(&old), frame(&new)].concat();
        assert_eq!(in_band(Some(&old), &both).unwrap().unwrap(), changed);
        assert_eq!(in_band(Some(&new), &both), Ok(None));
    }
}
