//! Opus: the ID header (RFC 7845, 5.1), the `dOps` record and the packets' durations (RFC 6716, 3).

use bytes::{BufMut, Bytes, BytesMut};

use super::Error;
use crate::{AudioInfo, CodecConfig};

const WHAT: &str = "Opus configuration";
const MAGIC: &[u8] = b"OpusHead";
/// Opus always decodes at this rate.
const RATE: u32 = 48_000;
/// The longest packet: 120 ms.
const MAX_PACKET_SAMPLES: u32 = 5760;

/// Reads an ID header (`OpusHead`, as Enhanced RTMP sends) or the body of a `dOps` box; the record of
/// the result is the latter.
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    let truncated = Error::Truncated { what: WHAT };
    let header = Header::read(record).ok_or(truncated)??;
    let info = AudioInfo {
        sample_rate: RATE,
        channels: header.channels,
        codec_string: "opus".to_owned(),
        samples_per_frame: 0,
    };
    Ok(CodecConfig::Opus { record: header.write(false), info })
}

/// The ID header (`OpusHead`) of a `dOps` record; empty for a record that [`parse`] refuses.
pub fn id_header(record: &[u8]) -> Bytes {
    match Header::read(record) {
        Some(Ok(header)) => header.write(true),
        _ => Bytes::new(),
    }
}

/// The samples of a packet at 48 kHz, told by its TOC byte (RFC 6716, 3.1 and 3.2); `None` when the
/// packet is not valid.
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    let &toc = packet.first()?;
    let frame = match toc >> 3 {
        // SILK: 10, 20, 40, 60 ms. Hybrid: 10, 20 ms. CELT: 2.5, 5, 10, 20 ms.
        config @ 0..12 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frame * frames;
    (samples > 0 && samples <= MAX_PACKET_SAMPLES).then_some(samples)
}

struct Header<'a> {
    channels: u8,
    pre_skip: u16,
    input_rate: u32,
    gain: u16,
    /// The mapping family and, for families but 0, the stream counts and the channel mapping.
    mapping: &'a [u8],
}

impl<'a> Header<'a> {
    /// `None` when it is cut short.
    fn read(record: &'a [u8]) -> Option<Result<Self, Error>> {
        let id_header = record.starts_with(MAGIC);
        let body = if id_header { &record[MAGIC.len()..] } else { record };
        let (&[version, channels, s0, s1, r0, r1, r2, r3, g0, g1], mapping) =
            body.split_first_chunk()?;
        // The ID header is version 1 (major 0 is compatible) in little endian, the box version 0.
        if version > if id_header { 15 } else { 0 } {
            let value = u32::from(version);
            return Some(Err(Error::OutOfRange { what: WHAT, field: "its version", value }));
        }
        if channels == 0 {
            return Some(Err(Error::Invalid { what: WHAT, why: "it has no channels" }));
        }
        let (pre_skip, input_rate, gain) = ([s0, s1], [r0, r1, r2, r3], [g0, g1]);
        let (pre_skip, input_rate, gain) = if id_header {
            let rate = u32::from_le_bytes(input_rate);
            (u16::from_le_bytes(pre_skip), rate, u16::from_le_bytes(gain))
        } else {
            let rate = u32::from_be_bytes(input_rate);
            (u16::from_be_bytes(pre_skip), rate, u16::from_be_bytes(gain))
        };
        let length = if *mapping.first()? == 0 { 1 } else { 3 + usize::from(channels) };
        if length == 1 && channels > 2 {
            let why = "mapping family 0 has at most two channels";
            return Some(Err(Error::Invalid { what: WHAT, why }));
        }
        let mapping = mapping.get(..length)?;
        Some(Ok(Self { channels, pre_skip, input_rate, gain, mapping }))
    }

    fn write(&self, id_header: bool) -> Bytes {
        let mut out = BytesMut::with_capacity(MAGIC.len() + 10 + self.mapping.len());
        if id_header {
            out.put_slice(MAGIC);
            out.put_slice(&[1, self.channels]);
            out.put_u16_le(self.pre_skip);
            out.put_u32_le(self.input_rate);
            out.put_u16_le(self.gain);
        } else {
            out.put_slice(&[0, self.channels]);
            out.put_u16(self.pre_skip);
            out.put_u32(self.input_rate);
            out.put_u16(self.gain);
        }
        out.put_slice(self.mapping);
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::fixtures::{DOPS, OPUS_HEAD, OPUS_HEAD_51, bytes};

    #[test]
    fn an_id_header_becomes_the_box_that_ffmpeg_writes() {
        let config = parse(&bytes(OPUS_HEAD)).unwrap();
        assert_eq!(config.record(), bytes(DOPS));
        assert_eq!(id_header(&config.record()), bytes(OPUS_HEAD));
        let info = config.audio().unwrap();
        assert_eq!((info.sample_rate, info.channels, info.samples_per_frame), (48_000, 2, 0));
        assert_eq!(parse(&bytes(DOPS)).unwrap(), config);
    }

    #[test]
    fn surround_keeps_its_channel_mapping() {
        let config = parse(&bytes(OPUS_HEAD_51)).unwrap();
        assert_eq!(config.audio().unwrap().channels, 6);
        assert_eq!(&config.record()[10..], [1, 4, 2, 0, 4, 1, 2, 3, 5]);
        assert_eq!(id_header(&config.record()), bytes(OPUS_HEAD_51));
    }

    #[test]
    fn a_header_cut_anywhere_is_refused() {
        let head = bytes(OPUS_HEAD_51);
        for end in 0..head.len() {
            assert!(parse(&head.slice(..end)).is_err(), "{end}");
        }
    }

    #[test]
    fn durations_follow_the_toc_byte() {
        assert_eq!(packet_samples(&[0xfc, 1]), Some(960));
        assert_eq!(packet_samples(&[0x18]), Some(2880));
        assert_eq!(packet_samples(&[0x80, 1]), Some(120));
        assert_eq!(packet_samples(&[0x69]), Some(1920));
        assert_eq!(packet_samples(&[0xfb, 0x06]), Some(5760));
        assert_eq!(packet_samples(&[0xfb, 0x3f]), None);
        assert_eq!((packet_samples(&[]), packet_samples(&[0xfb])), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(record: Vec<u8>) {
            let _ = packet_samples(&record);
            if let Ok(config) = parse(&record.into()) {
                prop_assert_eq!(parse(&id_header(&config.record())).unwrap(), config);
            }
        }
    }
}
