//! AAC: the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).

use bytes::{BufMut, Bytes, BytesMut};

use super::bits::Bits;
use super::{Error, MAX_SAMPLE_RATE};
use crate::{AudioInfo, CodecConfig};

const WHAT: &str = "AAC configuration (AudioSpecificConfig)";
/// The longest configuration that is read; one with a program config element and comment has under
/// half of this.
const MAX_LENGTH: usize = 512;
/// Sample rates by index (ISO/IEC 14496-3, table 1.18); index 15 announces a rate in 24 bits.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
    7350,
];

const LOW_COMPLEXITY: u8 = 2;
const SBR: u8 = 5;
const ERROR_RESILIENT_LC: u8 = 17;
const LOW_DELAY: u8 = 23;
const PARAMETRIC_STEREO: u8 = 29;
const ENHANCED_LOW_DELAY: u8 = 39;

/// Reads an AudioSpecificConfig.
///
/// SBR (HE-AAC) and parametric stereo (HE-AAC v2) count when they are announced, in either of the
/// two ways: the sample rate is then the doubled one and a frame has 2048 samples of it.
pub fn parse(record: &Bytes) -> Result<CodecConfig, Error> {
    if record.len() > MAX_LENGTH {
        return Err(Error::TooLong { what: WHAT, len: record.len(), limit: MAX_LENGTH });
    }
    Ok(CodecConfig::Aac { record: record.clone(), info: read(record)?.info()? })
}

/// The AudioSpecificConfig of AAC-LC with this sample rate and 1 to 8 channels.
pub fn asc(rate: u32, channels: u8) -> Result<Bytes, Error> {
    let layout = match channels {
        1..=6 => u32::from(channels),
        7 => 11,
        8 => 7,
        _ => {
            let value = u32::from(channels);
            return Err(Error::OutOfRange { what: WHAT, field: "its number of channels", value });
        }
    };
    if !(RATES[12]..=RATES[0]).contains(&rate) {
        return Err(Error::OutOfRange { what: WHAT, field: "its sample rate", value: rate });
    }
    let mut record = BytesMut::with_capacity(5);
    let object = u32::from(LOW_COMPLEXITY);
    match RATES.iter().position(|&known| known == rate) {
        Some(index) => record.put_u16((object << 11 | (index as u32) << 7 | layout << 3) as u16),
        None => {
            let bits =
                u64::from(object) << 35 | 15 << 31 | u64::from(rate) << 7 | u64::from(layout) << 3;
            record.put_slice(&bits.to_be_bytes()[3..]);
        }
    }
    Ok(record.freeze())
}

#[derive(Default)]
struct Config {
    object: u8,
    rate: u32,
    channels: u8,
    /// 960 (or 480) instead of 1024 (512) samples a frame.
    short_frames: bool,
    sbr_rate: Option<u32>,
    parametric_stereo: bool,
}

impl Config {
    fn info(&self) -> Result<AudioInfo, Error> {
        let base = match (self.object, self.short_frames) {
            (LOW_DELAY | ENHANCED_LOW_DELAY, false) => 512,
            (LOW_DELAY | ENHANCED_LOW_DELAY, true) => 480,
            (_, false) => 1024,
            (_, true) => 960,
        };
        let rate = self.sbr_rate.unwrap_or(self.rate);
        if rate == 0 || rate > MAX_SAMPLE_RATE {
            return Err(Error::OutOfRange { what: WHAT, field: "its sample rate", value: rate });
        }
        let object = match (self.parametric_stereo, self.sbr_rate) {
            (true, _) => PARAMETRIC_STEREO,
            (false, Some(_)) => SBR,
            (false, None) => self.object,
        };
        // SBR doubles the samples, or keeps their number when it runs at the core's rate.
        let doubled = self.sbr_rate.is_some_and(|rate| rate > self.rate);
        let stereo = self.parametric_stereo && self.channels == 1;
        Ok(AudioInfo {
            sample_rate: rate,
            channels: if stereo { 2 } else { self.channels },
            codec_string: format!("mp4a.40.{object}"),
            samples_per_frame: if doubled { base * 2 } else { base },
        })
    }
}

fn read(record: &[u8]) -> Result<Config, Error> {
    let mut bits = Bits::new(record, WHAT);
    let mut config = Config { object: object_type(&mut bits)?, ..Config::default() };
    config.rate = sample_rate(&mut bits)?;
    let layout = bits.read(4)?;
    let explicit = matches!(config.object, SBR | PARAMETRIC_STEREO);
    if explicit {
        config.parametric_stereo = config.object == PARAMETRIC_STEREO;
        config.sbr_rate = Some(sample_rate(&mut bits)?);
        config.object = object_type(&mut bits)?;
    }
    match config.object {
        1..=4 | ERROR_RESILIENT_LC | LOW_DELAY | ENHANCED_LOW_DELAY => {}
        42 => return Err(unsupported("xHE-AAC (USAC)")),
        _ => return Err(unsupported("an AAC profile other than AAC-LC and HE-AAC")),
    }
    config.short_frames = bits.flag()?;
    config.channels = match layout {
        0 if config.object == ENHANCED_LOW_DELAY => {
            return Err(unsupported("AAC-ELD without a channel configuration"));
        }
        0 => {
            // dependsOnCoreCoder and its delay, extensionFlag.
            if bits.flag()? {
                bits.skip(14)?;
            }
            bits.skip(1)?;
            program_config_channels(&mut bits)?
        }
        1..=6 => layout as u8,
        7 | 12 | 14 => 8,
        11 => 7,
        13 => 24,
        value => {
            return Err(Error::OutOfRange {
                what: WHAT,
                field: "its channel configuration",
                value,
            });
        }
    };
    if !explicit && layout != 0 && config.object == LOW_COMPLEXITY {
        // dependsOnCoreCoder and extensionFlag are 0 in AAC-LC; what follows is optional.
        let _ = bits.skip(2).and_then(|()| extension(&mut bits, &mut config));
    }
    Ok(config)
}

/// The announcement of SBR behind the configuration, which decoders without it do not see
/// (backward compatible explicit signalling).
fn extension(bits: &mut Bits<'_>, config: &mut Config) -> Result<(), Error> {
    if bits.read(11)? != 0x2b7 || object_type(bits)? != SBR || !bits.flag()? {
        return Ok(());
    }
    config.sbr_rate = Some(sample_rate(bits)?);
    if bits.read(11)? == 0x548 {
        config.parametric_stereo = bits.flag()?;
    }
    Ok(())
}

fn object_type(bits: &mut Bits<'_>) -> Result<u8, Error> {
    match bits.read(5)? {
        31 => Ok(bits.read(6)? as u8 + 32),
        object => Ok(object as u8),
    }
}

fn sample_rate(bits: &mut Bits<'_>) -> Result<u32, Error> {
    match bits.read(4)? {
        15 => bits.read(24),
        index => RATES.get(index as usize).copied().ok_or(Error::OutOfRange {
            what: WHAT,
            field: "its sample rate index",
            value: index,
        }),
    }
}

/// The channels of a `program_config_element()` (ISO/IEC 14496-3, 4.4.1.1).
fn program_config_channels(bits: &mut Bits<'_>) -> Result<u8, Error> {
    // element_instance_tag, object_type, sampling_frequency_index.
    bits.skip(4 + 2 + 4)?;
    let elements = bits.read(4)? + bits.read(4)? + bits.read(4)?;
    let low_frequency = bits.read(2)?;
    // Associated data and coupling channels carry no output channel.
    bits.skip(3 + 4)?;
    // Mono and stereo mixdown elements, matrix mixdown.
    for length in [4, 4, 3] {
        if bits.flag()? {
            bits.skip(length)?;
        }
    }
    let mut channels = low_frequency;
    for _ in 0..elements {
        channels += if bits.flag()? { 2 } else { 1 };
        bits.skip(4)?;
    }
    bits.skip(low_frequency as usize * 4)?;
    if channels == 0 {
        return Err(Error::Invalid { what: WHAT, why: "it has no channels" });
    }
    Ok(channels as u8)
}

fn unsupported(feature: &'static str) -> Error {
    Error::Unsupported { feature, remedy: "set the encoder to AAC-LC (with ffmpeg: -c:a aac)" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn info(record: &[u8]) -> AudioInfo {
        parse(&Bytes::copy_from_slice(record)).unwrap().audio().unwrap().clone()
    }

    fn expect(rate: u32, channels: u8, codec: &str, samples: u32) -> AudioInfo {
        AudioInfo {
            sample_rate: rate,
            channels,
            codec_string: codec.to_owned(),
            samples_per_frame: samples,
        }
    }

    #[test]
    fn low_complexity_is_read() {
        // ffmpeg's own, with its trailing announcement that there is no SBR.
        let ffmpeg = info(&[0x11, 0x90, 0x56, 0xe5, 0x00]);
        assert_eq!(ffmpeg, expect(48_000, 2, "mp4a.40.2", 1024));
        assert_eq!(info(&[0x12, 0x10]), expect(44_100, 2, "mp4a.40.2", 1024));
        assert_eq!(info(&[0x11, 0xb8]), expect(48_000, 8, "mp4a.40.2", 1024));
        assert_eq!(info(&[0x11, 0x94]), expect(48_000, 2, "mp4a.40.2", 960));
    }

    #[test]
    fn high_efficiency_doubles_rate_and_frame() {
        // Explicit: object 5 at 24 kHz, stereo, extended to 48 kHz over AAC-LC.
        assert_eq!(info(&[0x2b, 0x11, 0x88, 0x00]), expect(48_000, 2, "mp4a.40.5", 2048));
        // Explicit parametric stereo: object 29 at 22.05 kHz, mono.
        assert_eq!(info(&[0xeb, 0x8a, 0x08, 0x00]), expect(44_100, 2, "mp4a.40.29", 2048));
        // Backward compatible: AAC-LC at 24 kHz, then 0x2b7, object 5, present, 48 kHz.
        let compatible = info(&[0x13, 0x10, 0x56, 0xe5, 0x98]);
        assert_eq!(compatible, expect(48_000, 2, "mp4a.40.5", 2048));
    }

    #[test]
    fn a_program_config_element_counts_the_channels() {
        // AAC-LC, 48 kHz, configuration 0; one front pair, one single, one LFE: 4 channels.
        let text = "00010 0011 0000 0 0 0 \
                    0000 01 0011 0010 0000 0000 01 000 0000 0 0 0 1 0000 0 0000 0000 000";
        let bits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        let record: Vec<u8> =
            bits.chunks(8).map(|c| c.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
        assert_eq!(info(&record), expect(48_000, 4, "mp4a.40.2", 1024));
    }

    #[test]
    fn other_profiles_are_refused_by_name() {
        let usac = parse(&Bytes::from_static(&[0xf9, 0x46, 0x40, 0, 0])).unwrap_err();
        assert!(usac.to_string().contains("xHE-AAC"), "{usac}");
        assert!(parse(&Bytes::new()).is_err());
        assert!(parse(&Bytes::from_static(&[0x16, 0x90])).is_err());
    }

    #[test]
    fn a_built_configuration_reads_back() {
        for rate in [8000, 44_100, 48_000, 50_000] {
            for channels in 1..=8 {
                let read = info(&asc(rate, channels).unwrap());
                assert_eq!(read, expect(rate, channels, "mp4a.40.2", 1024));
            }
        }
        assert_eq!(asc(44_100, 2).unwrap(), [0x12, 0x10][..]);
        assert!(asc(48_000, 9).is_err() && asc(0, 2).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(record: Vec<u8>) {
            if let Ok(config) = parse(&record.into()) {
                let info = config.audio().unwrap();
                prop_assert!(info.sample_rate > 0 && info.channels > 0);
            }
        }
    }
}
