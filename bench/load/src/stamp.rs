//! A number and a time of sending, in an SEI message of each picture, so that latency, loss, doubling and
//! reordering are counted frame by frame, whatever the server makes of the stream.
//!
//! The message is `user_data_unregistered` (H.264 and H.265, Annex D): [`UUID`], then the fields of
//! [`Stamp`] as 32 hexadecimal digits, which need no emulation prevention.

/// Tells our messages from those of encoders. No byte is below 4, so none needs emulation prevention.
pub const UUID: [u8; 16] = *b"shardcast-load/1";
/// Bytes of UUID and digits.
pub const PAYLOAD_LEN: usize = 16 + 32;

const PAYLOAD_TYPE: u8 = 5;
const STOP_BIT: u8 = 0x80;

/// What a picture carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which publisher of a run.
    pub publisher: u32,
    /// Counts the pictures of a publisher from 0, over its returns.
    pub number: u32,
    /// When it was sent, in microseconds since 1970-01-01 UTC.
    pub sent_us: u64,
}

impl Stamp {
    /// The SEI NAL unit, without length or start code.
    pub fn nal(self, codec: Codec) -> Vec<u8> {
        let mut nal = codec.sei_header().to_vec();
        nal.extend([PAYLOAD_TYPE, PAYLOAD_LEN as u8]);
        nal.extend(UUID);
        let digits = format!("{:08x}{:08x}{:016x}", self.publisher, self.number, self.sent_us);
        nal.extend(digits.as_bytes());
        nal.push(STOP_BIT);
        nal
    }

    /// Finds a stamp in an access unit of any framing (length-prefixed, Annex B).
    pub fn find(access_unit: &[u8]) -> Option<Self> {
        // Encoders' own messages and ours come before the slices: no need to search pictures.
        let head = &access_unit[..access_unit.len().min(SEARCHED)];
        let at = head.windows(UUID.len()).position(|window| window == UUID)?;
        let digits = access_unit.get(at + UUID.len()..at + PAYLOAD_LEN)?;
        let digits = std::str::from_utf8(digits).ok()?;
        Some(Self {
            publisher: u32::from_str_radix(digits.get(..8)?, 16).ok()?,
            number: u32::from_str_radix(digits.get(8..16)?, 16).ok()?,
            sent_us: u64::from_str_radix(digits.get(16..)?, 16).ok()?,
        })
    }
}

/// The bytes of an access unit that are searched: parameter sets, delimiter and SEI messages fit.
const SEARCHED: usize = 4096;

/// Whose SEI header to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// H.264: nal_unit_type 6.
    H264,
    /// H.265: nal_unit_type 39 (prefix SEI), layer 0, temporal id 0.
    Hevc,
}

impl Codec {
    const fn sei_header(self) -> &'static [u8] {
        match self {
            Self::H264 => &[6],
            Self::Hevc => &[39 << 1, 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stamp_is_found_again_and_needs_no_emulation_prevention(
            publisher: u32, number: u32, sent_us: u64, before in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let stamp = Stamp { publisher, number, sent_us };
            for codec in [Codec::H264, Codec::Hevc] {
                let nal = stamp.nal(codec);
                prop_assert!(!nal.windows(3).any(|window| window[..2] == [0, 0] && window[2] <= 3));
                prop_assert_eq!(Stamp::find(&[&before[..], &nal, b"slice"].concat()), Some(stamp));
            }
        }

        #[test]
        fn any_bytes_are_searched_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..48) {
            Stamp::find(&bytes);
            let nal = Stamp { publisher: 1, number: 2, sent_us: 3 }.nal(Codec::H264);
            prop_assert_eq!(Stamp::find(&nal[..nal.len().min(cut)]), None);
        }
    }
}
