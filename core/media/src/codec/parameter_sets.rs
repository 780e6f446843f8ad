//! What the parameter sets of H.264 and HEVC have in common.

use bytes::{BufMut, BytesMut};

use super::Error;

/// The longest parameter set that is read, in bytes. The largest that the standards' syntax allows
/// in practice (all scaling lists, all HRD entries) is a little over half of this.
pub(super) const MAX_LENGTH: usize = 8 * 1024;
/// The most parameter sets of one kind. A record of H.264 counts its SPS in 5 bits.
pub(super) const MAX_SETS: usize = 31;

/// The most parameter sets of one access unit that are not known yet. Each is compared with all known
/// ones of its kind, and a real encoder sends three.
pub(super) const MAX_NEW: usize = 2 * MAX_SETS;

/// NAL units of one kind.
pub(super) type Sets<'a> = Vec<&'a [u8]>;

/// Refuses a NAL unit that is too long for a parameter set.
pub(super) fn check_length(what: &'static str, unit: &[u8]) -> Result<(), Error> {
    if unit.len() > MAX_LENGTH {
        return Err(Error::TooLong { what, len: unit.len(), limit: MAX_LENGTH });
    }
    Ok(())
}

/// Reads `count` NAL units, each behind a 16-bit length; gives them and the bytes after them.
pub(super) fn read_sets<'a>(
    what: &'static str,
    mut data: &'a [u8],
    count: usize,
) -> Result<(Sets<'a>, &'a [u8]), Error> {
    let mut sets = Vec::with_capacity(count.min(MAX_SETS));
    for _ in 0..count {
        let (length, rest) = data.split_first_chunk().ok_or(Error::Truncated { what })?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (unit, rest) = rest.split_at_checked(length).ok_or(Error::Truncated { what })?;
        check_length(what, unit)?;
        if sets.len() == MAX_SETS {
            return Err(Error::Invalid { what, why: "it holds too many parameter sets" });
        }
        sets.push(unit);
        data = rest;
    }
    Ok((sets, data))
}

/// Writes NAL units, each behind a 16-bit length.
pub(super) fn write_sets(record: &mut BytesMut, sets: &[&[u8]]) {
    for unit in sets {
        record.put_u16(unit.len() as u16);
        record.put_slice(unit);
    }
}

/// Puts a parameter set that came in band in the place of the one with its id, or adds it; `id`
/// reads the id of a NAL unit of this kind. Counts it in `new_sets` if it is not known, up to [`MAX_NEW`].
pub(super) fn merge<'a>(
    what: &'static str,
    sets: &mut Sets<'a>,
    unit: &'a [u8],
    id: impl Fn(&[u8]) -> Result<u32, Error>,
    new_sets: &mut usize,
) -> Result<(), Error> {
    if sets.contains(&unit) {
        return Ok(());
    }
    *new_sets += 1;
    if *new_sets > MAX_NEW {
        return Err(Error::Invalid { what, why: "there are too many of them" });
    }
    check_length(what, unit)?;
    let new = id(unit)?;
    if let Some(old) = sets.iter_mut().find(|set| id(set) == Ok(new)) {
        *old = unit;
        return Ok(());
    }
    if sets.len() == MAX_SETS {
        return Err(Error::Invalid { what, why: "there are too many of them" });
    }
    sets.push(unit);
    Ok(())
}

/// A frame rate in lowest terms; `None` when it is nothing a stream has (0, or over 1000 frames a
/// second, which careless encoders write for a variable rate).
pub(super) fn reduced_rate(numerator: u64, denominator: u64) -> Option<(u32, u32)> {
    if numerator == 0 || denominator == 0 || numerator > denominator.saturating_mul(1000) {
        return None;
    }
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    Some((u32::try_from(numerator / a).ok()?, u32::try_from(denominator / a).ok()?))
}
