//! NAL units in an access unit: the length-prefixed form of MP4 and FLV, and Annex B, which some
//! encoders send by mistake.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Codec, Error};

/// The most NAL units of an access unit that are looked at; a 4K picture of one slice per
/// macroblock row has under 300.
pub const MAX_NALS: usize = 4096;

/// The bytes of each NAL unit's length in frames under this configuration record, 1 to 4, as the
/// encoder sent the record. Anything that is not an `avcC` or `hvcC` gives 4.
pub fn length_size(codec: Codec, record: &[u8]) -> u8 {
    let field = match codec {
        Codec::H264 if !is_annex_b(record) => record.get(4),
        Codec::Hevc if !is_annex_b(record) => record.get(21),
        _ => None,
    };
    field.map_or(4, |byte| (byte & 3) + 1)
}

/// The NAL units of a frame in [`crate::Frame::data`]'s form (4-byte lengths). Ends at the first
/// length that does not fit and after [`MAX_NALS`]; empty NAL units are left out.
pub fn nals(data: &[u8]) -> Nals<'_> {
    Nals { rest: data, length_size: 4, left: MAX_NALS }
}

/// A frame as it came from an encoder, in [`crate::Frame::data`]'s form.
///
/// Costs nothing when the frame is in that form already: `length_size` (from [`length_size`]) is 4
/// and the lengths fit. Rewrites shorter lengths, and Annex B, which is recognised by its start code
/// and by lengths that do not fit.
pub fn to_length_prefixed(data: &Bytes, length_size: u8) -> Result<Bytes, Error> {
    let length_size = usize::from(length_size.clamp(1, 4));
    if is_well_formed(data, length_size) {
        if length_size == 4 {
            return Ok(data.clone());
        }
        return Ok(join(Nals { rest: data, length_size, left: MAX_NALS }, data.len() * 2));
    }
    if is_annex_b(data) {
        return Ok(join(annex_b(data), data.len() + 16));
    }
    let why = "the lengths of its NAL units do not add up to its size";
    Err(Error::Invalid { what: "frame", why })
}

/// Whether the bytes begin with a start code of Annex B.
pub fn is_annex_b(data: &[u8]) -> bool {
    data.starts_with(&[0, 0, 1]) || data.starts_with(&[0, 0, 0, 1])
}

/// The NAL units of a byte stream with start codes (H.264 and HEVC Annex B), at most [`MAX_NALS`].
pub fn annex_b(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(data);
    std::iter::from_fn(move || {
        loop {
            let data = rest?;
            let end = find_start_code(data);
            rest = end.and_then(|at| after_start_code(&data[at..]));
            let nal = &data[..end.unwrap_or(data.len())];
            // Zero bytes before a start code belong to it (trailing_zero_8bits).
            let used = nal.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if used > 0 {
                return Some(&nal[..used]);
            }
        }
    })
    .take(MAX_NALS)
}

/// Iterates over length-prefixed NAL units; made by [`nals`].
#[derive(Clone, Debug)]
pub struct Nals<'a> {
    rest: &'a [u8],
    length_size: usize,
    left: usize,
}

impl<'a> Iterator for Nals<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while self.left > 0 {
            self.left -= 1;
            let (nal, rest) = split(self.rest, self.length_size)?;
            self.rest = rest;
            if !nal.is_empty() {
                return Some(nal);
            }
        }
        None
    }
}

fn split(data: &[u8], length_size: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_at_checked(length_size)?;
    let length = length.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
    rest.split_at_checked(length)
}

fn is_well_formed(data: &[u8], length_size: usize) -> bool {
    let mut rest = data;
    for _ in 0..MAX_NALS {
        if rest.is_empty() {
            return true;
        }
        match split(rest, length_size) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

fn join<'a>(nals: impl Iterator<Item = &'a [u8]>, size: usize) -> Bytes {
    let mut out = BytesMut::with_capacity(size);
    for nal in nals {
        out.put_u32(nal.len() as u32);
        out.put_slice(nal);
    }
    out.freeze()
}

fn find_start_code(data: &[u8]) -> Option<usize> {
    data.windows(3).position(|window| window == [0, 0, 1])
}

fn after_start_code(data: &[u8]) -> Option<&[u8]> {
    find_start_code(data).map(|at| &data[at + 3..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_in_the_right_form_is_not_copied() {
        let data = Bytes::from_static(&[0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 0x0a]);
        let same = to_length_prefixed(&data, 4).unwrap();
        assert_eq!(same.as_ptr(), data.as_ptr());
        assert_eq!(nals(&same).collect::<Vec<_>>(), [&[0x65, 1][..], &[0x0a]]);
    }

    #[test]
    fn annex_b_becomes_length_prefixed() {
        let data = Bytes::from_static(&[0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 8, 0, 0, 0, 1, 0x65]);
        let fixed = to_length_prefixed(&data, 4).unwrap();
        assert_eq!(nals(&fixed).collect::<Vec<_>>(), [&[0x67, 9][..], &[0x68, 8], &[0x65]]);
    }

    #[test]
    fn two_byte_lengths_become_four_byte_lengths() {
        let data = Bytes::from_static(&[0, 2, 0x65, 1, 0, 1, 0x0a]);
        let fixed = to_length_prefixed(&data, 2).unwrap();
        assert_eq!(&fixed[..], [0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 0x0a]);
    }

    #[test]
    fn lengths_that_do_not_add_up_are_refused() {
        let data = Bytes::from_static(&[0, 0, 0, 9, 0x65, 1]);
        assert!(to_length_prefixed(&data, 4).is_err());
        assert_eq!(nals(&data).count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(data: Vec<u8>, size: u8) {
            let data = Bytes::from(data);
            let _ = nals(&data).count();
            let _ = annex_b(&data).count();
            if let Ok(fixed) = to_length_prefixed(&data, size) {
                prop_assert!(is_well_formed(&fixed, 4));
            }
        }

        #[test]
        fn annex_b_and_lengths_hold_the_same_nal_units(
            units in prop::collection::vec(prop::collection::vec(1_u8.., 1..20), 1..8),
        ) {
            let mut stream = Vec::new();
            for unit in &units {
                stream.extend_from_slice(&[0, 0, 0, 1]);
                stream.extend_from_slice(unit);
            }
            let found: Vec<&[u8]> = annex_b(&stream).collect();
            prop_assert_eq!(&found, &units);
            let joined = join(found.into_iter(), 0);
            prop_assert_eq!(nals(&joined).collect::<Vec<_>>(), units);
        }
    }
}
