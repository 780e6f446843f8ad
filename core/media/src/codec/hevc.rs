//! HEVC: the `hvcC` record (ISO/IEC 14496-15, 8.3.3.1) and what its parameter sets say.

use bytes::{BufMut, Bytes, BytesMut};

use super::bits::{Bits, unescape};
use super::hevc_sps::{self, Sps};
use super::parameter_sets::{MAX_SETS, Sets, check_length, merge, read_sets, write_sets};
use super::{AccessUnit, Error, nal};
use crate::CodecConfig;

const WHAT: &str = "HEVC configuration (hvcC)";
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;
/// The bytes of a record before its arrays.
const HEAD: usize = 23;
/// The most arrays of a record: there are under ten kinds of NAL units that may stand in one.
const MAX_ARRAYS: u8 = 16;

/// Reads an `hvcC` record, or parameter sets in Annex B form, which some encoders send in its place.
///
/// The record of the result announces 4-byte lengths whatever the encoder announced; see
/// [`nal::length_size`] and [`nal::to_length_prefixed`] for its frames.
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    if nal::is_annex_b(record) {
        let mut sets = ParameterSets::default();
        for unit in nal::annex_b(record) {
            if let Some(of_kind) = sets.of_kind(unit_type(unit))
                && of_kind.len() < MAX_SETS
            {
                of_kind.push(unit);
            }
        }
        return sets.config();
    }
    let sps = split(record)?.first_sps()?;
    let mut record = record.clone();
    if record[21] & 3 != 3 {
        let mut copy = BytesMut::from(&record[..]);
        copy[21] |= 3;
        record = copy.freeze();
    }
    Ok(CodecConfig::Hevc { record, info: sps.info })
}

/// The NAL units that a decoder wants before the first frame: the record's VPS, SPS and PPS.
/// Empty for a record that [`parse`] refuses.
pub fn parameter_sets(record: &[u8]) -> Vec<&[u8]> {
    match split(record) {
        Ok(sets) => [sets.vps, sets.sps, sets.pps].concat(),
        Err(_) => Vec::new(),
    }
}

/// What the NAL units of an access unit are, as far as they concern delivery.
pub(super) fn inspect(data: &[u8]) -> AccessUnit {
    let mut unit = AccessUnit::default();
    for nal in nal::nals(data) {
        match unit_type(nal) {
            kind @ 0..=31 => {
                unit.picture = true;
                // BLA 16 to 18, IDR 19 and 20, CRA 21 (H.265 table 7-1).
                unit.random_access |= matches!(kind, 16..=21);
                unit.idr |= matches!(kind, 19 | 20);
            }
            VPS | SPS | PPS => unit.parameter_sets = true,
            _ => {}
        }
    }
    unit
}

/// The record that the parameter sets inside an access unit make together with the current one;
/// `None` when they change nothing or do not suffice.
pub(super) fn in_band(current: Option<&[u8]>, data: &[u8]) -> Result<Option<CodecConfig>, Error> {
    let mut sets = match current {
        Some(record) => split(record)?,
        None => ParameterSets::default(),
    };
    let mut new = 0;
    for unit in nal::nals(data) {
        let kind = unit_type(unit);
        if let Some(of_kind) = sets.of_kind(kind) {
            merge("HEVC parameter set", of_kind, unit, |unit| id(kind, unit), &mut new)?;
        }
    }
    if new == 0 || !sets.is_complete() {
        return Ok(None);
    }
    // Sets of one id may follow each other, and the last one may be the one that is known.
    if current.is_some_and(|record| split(record).is_ok_and(|known| known == sets)) {
        return Ok(None);
    }
    sets.config().map(Some)
}

#[derive(Default, PartialEq)]
struct ParameterSets<'a> {
    vps: Sets<'a>,
    sps: Sets<'a>,
    pps: Sets<'a>,
}

impl<'a> ParameterSets<'a> {
    fn of_kind(&mut self, kind: u8) -> Option<&mut Sets<'a>> {
        match kind {
            VPS => Some(&mut self.vps),
            SPS => Some(&mut self.sps),
            PPS => Some(&mut self.pps),
            _ => None,
        }
    }

    fn is_complete(&self) -> bool {
        !(self.vps.is_empty() || self.sps.is_empty() || self.pps.is_empty())
    }

    fn first_sps(&self) -> Result<Sps, Error> {
        match self.sps.first() {
            Some(unit) if self.is_complete() => hevc_sps::parse(unit),
            _ => {
                let why = "it does not hold a VPS, an SPS and a PPS";
                Err(Error::Invalid { what: WHAT, why })
            }
        }
    }

    fn config(&self) -> Result<CodecConfig, Error> {
        let sps = self.first_sps()?;
        for unit in [&self.vps, &self.sps, &self.pps].into_iter().flatten() {
            check_length("HEVC parameter set", unit)?;
        }
        let depth = 0xf8 | sps.info.bit_depth.saturating_sub(8);
        let mut record = BytesMut::with_capacity(256);
        record.put_u8(1);
        record.put_slice(&sps.profile_tier_level);
        // No restriction on segmentation or parallel decoding is known; the frame rate is not given.
        record.put_slice(&[0xf0, 0, 0xfc, 0xfc | sps.info.chroma as u8, depth, depth, 0, 0]);
        let layers = sps.temporal_layers << 3 | u8::from(sps.temporal_id_nested) << 2;
        record.put_slice(&[layers | 3, 3]);
        for (kind, sets) in [(VPS, &self.vps), (SPS, &self.sps), (PPS, &self.pps)] {
            // The top bit says that all sets of this kind are here.
            record.put_u8(0x80 | kind);
            record.put_u16(sets.len() as u16);
            write_sets(&mut record, sets);
        }
        Ok(CodecConfig::Hevc { record: record.freeze(), info: sps.info })
    }
}

fn split(record: &[u8]) -> Result<ParameterSets<'_>, Error> {
    let Some((head, mut rest)) = record.split_at_checked(HEAD) else {
        return Err(Error::Truncated { what: WHAT });
    };
    // Version 0 is what encoders sent before the standard was final; the layout is the same.
    if head[0] > 1 {
        let value = u32::from(head[0]);
        return Err(Error::OutOfRange { what: WHAT, field: "its version", value });
    }
    let arrays = head[22];
    if arrays > MAX_ARRAYS {
        let value = u32::from(arrays);
        return Err(Error::OutOfRange { what: WHAT, field: "its number of arrays", value });
    }
    let mut sets = ParameterSets::default();
    for _ in 0..arrays {
        let (&[kind, high, low], after) =
            rest.split_first_chunk().ok_or(Error::Truncated { what: WHAT })?;
        let count = usize::from(u16::from_be_bytes([high, low]));
        let (units, after) = read_sets(WHAT, after, count)?;
        if let Some(of_kind) = sets.of_kind(kind & 0x3f) {
            of_kind.extend(units);
        }
        rest = after;
    }
    let most = sets.vps.len().max(sets.sps.len()).max(sets.pps.len());
    if most > MAX_SETS {
        return Err(Error::Invalid { what: WHAT, why: "it holds too many parameter sets" });
    }
    Ok(sets)
}

fn unit_type(unit: &[u8]) -> u8 {
    // A header is two bytes; one alone is no NAL unit, 63 is a type without meaning.
    if unit.len() < 2 { 63 } else { unit[0] >> 1 & 0x3f }
}

fn id(kind: u8, unit: &[u8]) -> Result<u32, Error> {
    if kind == SPS {
        return hevc_sps::parse(unit).map(|sps| sps.id);
    }
    let rbsp = unescape(&unit[..unit.len().min(16)]);
    let mut bits = Bits::new(&rbsp, "HEVC parameter set");
    bits.skip(16)?;
    if kind == VPS { bits.read(4) } else { bits.ue() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Codec;
    use crate::codec::fixtures::{HVCC_180P, HVCC_422_10, bytes};
    use crate::{Chroma, VideoInfo};

    fn info(record: &str) -> VideoInfo {
        parse(&bytes(record)).unwrap().video().unwrap().clone()
    }

    #[test]
    fn a_plain_record_gives_size_and_codec_string() {
        let info = info(HVCC_180P);
        assert_eq!((info.width, info.height), (320, 180));
        assert_eq!(info.codec_string, "hvc1.1.6.L60.90");
        assert_eq!((info.chroma, info.bit_depth, info.interlaced), (Chroma::Yuv420, 8, false));
    }

    #[test]
    fn range_extensions_are_read() {
        let info = info(HVCC_422_10);
        assert_eq!((info.width, info.height), (320, 180));
        assert_eq!((info.chroma, info.bit_depth), (Chroma::Yuv422, 10));
        assert_eq!(info.codec_string, "hvc1.4.10.L60.9d.8");
    }

    #[test]
    fn annex_b_in_place_of_the_record_gives_an_equivalent_record() {
        let record = bytes(HVCC_180P);
        let sets = parameter_sets(&record);
        let stream: Vec<u8> = sets.iter().flat_map(|set| [&[0, 0, 0, 1], *set].concat()).collect();
        let config = parse(&stream.into()).unwrap();
        assert_eq!(config.video().unwrap(), &info(HVCC_180P));
        let built = config.record();
        assert_eq!(parameter_sets(&built), sets);
        assert_eq!(built[..13], record[..13]);
        assert_eq!(built[15..22], record[15..22]);
        assert_eq!(parse(&built).unwrap(), config);
    }

    #[test]
    fn short_lengths_are_announced_as_four_bytes() {
        let mut record = bytes(HVCC_180P).to_vec();
        record[21] &= 0xfc;
        assert_eq!(nal::length_size(Codec::Hevc, &record), 1);
        assert_eq!(parse(&record.into()).unwrap().record()[21] & 3, 3);
    }

    #[test]
    fn access_units_are_told_apart() {
        let of_type = |kind: u8| inspect(&[0, 0, 0, 3, kind << 1, 1, 0x80]);
        assert!(of_type(19).idr && of_type(20).random_access);
        assert!(of_type(21).random_access && !of_type(21).idr);
        assert!(!of_type(1).random_access && of_type(1).picture);
        assert!(of_type(33).parameter_sets && !of_type(33).picture);
        assert_eq!(inspect(&[0, 0, 0, 1, 0x26]), AccessUnit::default());
    }

    #[test]
    fn changed_parameter_sets_in_band_make_a_new_record() {
        let (old, new) = (bytes(HVCC_180P), bytes(HVCC_422_10));
        let frame = |record: &[u8]| -> Vec<u8> {
            parameter_sets(record)
                .iter()
                .flat_map(|set| [&(set.len() as u32).to_be_bytes(), *set].concat())
                .collect()
        };
        assert_eq!(in_band(Some(&old), &frame(&old)), Ok(None));
        let changed = in_band(Some(&old), &frame(&new)).unwrap().unwrap();
        assert_eq!(changed.video().unwrap(), &info(HVCC_422_10));
        assert_eq!(parameter_sets(&changed.record()), parameter_sets(&new));
        let both = [frame(&old), frame(&new)].concat();
        assert_eq!(in_band(Some(&old), &both).unwrap().unwrap(), changed);
        assert_eq!(in_band(Some(&changed.record()), &both), Ok(None));
    }

    #[test]
    fn a_record_cut_anywhere_is_refused() {
        let record = bytes(HVCC_180P);
        for end in 0..record.len() {
            assert!(parse(&record.slice(..end)).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_record_is_read_without_a_panic(at in 0_usize..120, value: u8, data: Vec<u8>) {
            let mut record = bytes(HVCC_180P).to_vec();
            let at = at % record.len();
            record[at] = value;
            let _ = parse(&record.into());
            let _ = in_band(None, &data);
            let _ = parse(&data.into());
        }
    }
}
