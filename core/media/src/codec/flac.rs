//! FLAC (RFC 9639): the STREAMINFO block and the frame header's block size.

use bytes::{BufMut, Bytes, BytesMut};

use super::bits::Bits;
use super::{Error, MAX_SAMPLE_RATE};
use crate::{AudioInfo, CodecConfig};

const WHAT: &str = "FLAC configuration (STREAMINFO)";
const STREAM_INFO: usize = 34;
/// The fewest samples of a block.
const MIN_BLOCK_SIZE: u32 = 16;
/// The version and flags of a `dfLa` box, then the header of the only and last metadata block.
const RECORD_HEAD: [u8; 8] = [0, 0, 0, 0, 0x80, 0, 0, STREAM_INFO as u8];

/// Reads a STREAMINFO block: bare as Enhanced RTMP's senders write it, behind its block header,
/// behind `fLaC`, or in the body of a `dfLa` box. The record of the result is the last, with this
/// block alone.
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    let block = stream_info(record).ok_or(Error::Truncated { what: WHAT })?;
    let mut bits = Bits::new(block, WHAT);
    let (least, most) = (bits.read(16)?, bits.read(16)?);
    // RFC 9639 8.2. It also tells a bare block from one behind `fLaC` or in a box.
    if least < MIN_BLOCK_SIZE || most < least {
        let why = "its block sizes are under 16 or the wrong way round";
        return Err(Error::Invalid { what: WHAT, why });
    }
    // Frame sizes.
    bits.skip(24 + 24)?;
    let rate = bits.read(20)?;
    let channels = bits.read(3)? as u8 + 1;
    if rate == 0 || rate > MAX_SAMPLE_RATE {
        return Err(Error::OutOfRange { what: WHAT, field: "its sample rate", value: rate });
    }
    let mut out = BytesMut::with_capacity(RECORD_HEAD.len() + STREAM_INFO);
    out.put_slice(&RECORD_HEAD);
    out.put_slice(block);
    let info = AudioInfo {
        sample_rate: rate,
        channels,
        codec_string: "fLaC".to_owned(),
        samples_per_frame: 0,
    };
    Ok(CodecConfig::Flac { record: out.freeze(), info })
}

/// The STREAMINFO block's 34 bytes of any form that [`parse`] takes; `None` when it is cut short.
pub fn stream_info(record: &[u8]) -> Option<&[u8]> {
    let blocks = record
        .strip_prefix(b"fLaC")
        // A box's body begins with zeros where a bare block has its least block size, 16 or more.
        .or_else(|| record.strip_prefix(&[0, 0, 0, 0]))
        .unwrap_or(record);
    // A bare block is told by its length: as one behind a header it would have 4 bytes more.
    if blocks.len() < STREAM_INFO + 4 {
        return blocks.get(..STREAM_INFO);
    }
    match blocks {
        [0 | 0x80, 0, 0, 34, block @ ..] => block.get(..STREAM_INFO),
        _ => blocks.get(..STREAM_INFO),
    }
}

/// The samples of a frame (RFC 9639, 9.1); `None` when its header is not valid.
pub fn frame_samples(frame: &[u8]) -> Option<u32> {
    let (&[sync, blocking, sizes, _], rest) = frame.split_first_chunk()?;
    if sync != 0xff || blocking & 0xfe != 0xf8 {
        return None;
    }
    // The frame's or sample's number, coded like UTF-8: its first byte tells its length.
    let number = match rest.first()?.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let rest = rest.get(number..)?;
    match sizes >> 4 {
        1 => Some(192),
        code @ 2..=5 => Some(144 << code),
        6 => Some(u32::from(*rest.first()?) + 1),
        7 => Some(u32::from(u16::from_be_bytes(*rest.first_chunk()?)) + 1),
        code @ 8.. => Some(1 << code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::fixtures::{DFLA, FLAC_STREAM_INFO, bytes};

    #[test]
    fn every_form_of_the_block_gives_the_same_record() {
        let bare = bytes(FLAC_STREAM_INFO);
        let config = parse(&bare).unwrap();
        let info = config.audio().unwrap();
        assert_eq!((info.sample_rate, info.channels), (48_000, 1));
        assert_eq!(info.codec_string, "fLaC");
        let behind_header = [&RECORD_HEAD[4..], &bare].concat();
        let behind_magic = [b"fLaC", &behind_header[..]].concat();
        for form in [behind_header, behind_magic, config.record().to_vec()] {
            assert_eq!(parse(&form.into()).unwrap(), config);
        }
        assert_eq!(stream_info(&config.record()), Some(&bare[..]));
    }

    #[test]
    fn a_block_that_could_be_taken_for_a_header_is_refused() {
        for sizes in [*b"fLaC", [0, 0, 0, 0], [0, 15, 16, 0], [16, 0, 15, 255]] {
            let mut block = bytes(FLAC_STREAM_INFO).to_vec();
            block[..4].copy_from_slice(&sizes);
            let behind_header = [&RECORD_HEAD[..], &block].concat();
            assert!(parse(&behind_header.into()).is_err(), "{sizes:?}");
        }
    }

    #[test]
    fn ffmpegs_box_is_kept_as_it_is() {
        assert_eq!(parse(&bytes(DFLA)).unwrap().record(), bytes(DFLA));
    }

    #[test]
    fn block_sizes_are_read_from_frame_headers() {
        // 4608 as ffmpeg sends it: code 5 of the table is 144 * 2^5.
        assert_eq!(frame_samples(&[0xff, 0xf8, 0x5a, 0x08, 0, 0xec]), Some(4608));
        assert_eq!(frame_samples(&[0xff, 0xf8, 0xaa, 0x08, 0, 0xed]), Some(1024));
        assert_eq!(frame_samples(&[0xff, 0xf8, 0xca, 0x08, 0xc2, 0x80, 0]), Some(4096));
        assert_eq!(frame_samples(&[0xff, 0xf8, 0x7a, 0x08, 5, 0x08, 0x33]), Some(2100));
        assert_eq!(frame_samples(&[0xff, 0xf9, 0x6a, 0x08, 5, 0x33]), Some(52));
        assert_eq!(frame_samples(&[0xff, 0xfb, 0x90, 0x64, 0]), None);
        assert_eq!(frame_samples(&[0xff, 0xf8]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(data: Vec<u8>) {
            let _ = frame_samples(&data);
            let _ = parse(&data.into());
        }
    }
}
