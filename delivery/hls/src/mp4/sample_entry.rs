use media::{AudioInfo, CodecConfig, VideoInfo};
use mp4_atom::esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig};
use mp4_atom::{
    Atom, Audio, Av01, Av1c, Avc1, Avcc, Codec, Decode, Dfla, Dops, Esds, Flac, FlacMetadataBlock,
    Hvc1, Hvcc, Mp4a, Opus, Visual, Vp09, VpcC,
};

use super::init::ConfigError;

/// MPEG-4 systems: AAC by its AudioSpecificConfig.
const OBJECT_TYPE_AAC: u8 = 0x40;
/// MPEG-4 systems: MPEG-1 audio.
const OBJECT_TYPE_MP3: u8 = 0x6b;
const STREAM_TYPE_AUDIO: u8 = 0x05;

/// The sample entry of a track's `stsd`.
pub(super) fn sample_entry(config: &CodecConfig) -> Result<Codec, ConfigError> {
    let codec = config.name();
    let failed = |error: mp4_atom::Error| ConfigError::Record { codec, reason: error.to_string() };
    Ok(match config {
        CodecConfig::H264 { record, info } => Avc1 {
            visual: visual(codec, info)?,
            avcc: Avcc::decode_body(&mut record.as_ref()).map_err(failed)?,
            ..Avc1::default()
        }
        .into(),
        CodecConfig::Hevc { record, info } => Hvc1 {
            visual: visual(codec, info)?,
            hvcc: Hvcc::decode_body(&mut record.as_ref()).map_err(failed)?,
            ..Hvc1::default()
        }
        .into(),
        CodecConfig::Av1 { record, info } => Av01 {
            visual: visual(codec, info)?,
            av1c: Av1c::decode_body(&mut record.as_ref()).map_err(failed)?,
            ..Av01::default()
        }
        .into(),
        CodecConfig::Vp9 { record, info } => Vp09 {
            visual: visual(codec, info)?,
            vpcc: VpcC::decode_body(&mut record.as_ref()).map_err(failed)?,
            ..Vp09::default()
        }
        .into(),
        CodecConfig::Aac { record, info } => {
            mpeg4(codec, info, OBJECT_TYPE_AAC, Some(aac(record).map_err(failed)?))?
        }
        CodecConfig::Mp3 { info } => mpeg4(codec, info, OBJECT_TYPE_MP3, None)?,
        CodecConfig::Opus { record, info } => Opus {
            audio: audio(codec, info, 48_000)?,
            dops: Dops::decode_body(&mut record.as_ref()).map_err(failed)?,
            btrt: None,
        }
        .into(),
        CodecConfig::Flac { record, info } => Flac {
            audio: audio(codec, info, info.sample_rate)?,
            dfla: flac(record).map_err(failed)?,
        }
        .into(),
    })
}

fn visual(codec: &'static str, info: &VideoInfo) -> Result<Visual, ConfigError> {
    let missing = ConfigError::Missing { codec, what: "picture size" };
    match (u16::try_from(info.width), u16::try_from(info.height)) {
        (Ok(width @ 1..), Ok(height @ 1..)) => {
            Ok(Visual { data_reference_index: 1, width, height, ..Visual::default() })
        }
        _ => Err(missing),
    }
}

fn audio(codec: &'static str, info: &AudioInfo, rate: u32) -> Result<Audio, ConfigError> {
    if info.channels == 0 {
        return Err(ConfigError::Missing { codec, what: "channel count" });
    }
    Ok(Audio {
        data_reference_index: 1,
        channel_count: u16::from(info.channels),
        sample_size: 16,
        // The field ends at 65535 Hz; readers take higher rates from the codec's own record.
        sample_rate: u16::try_from(rate).unwrap_or(0).into(),
    })
}

fn mpeg4(
    codec: &'static str,
    info: &AudioInfo,
    object_type_indication: u8,
    dec_specific: Option<DecoderSpecific>,
) -> Result<Codec, ConfigError> {
    Ok(Mp4a {
        audio: audio(codec, info, info.sample_rate)?,
        esds: Esds {
            es_desc: EsDescriptor {
                es_id: 0,
                dec_config: DecoderConfig {
                    object_type_indication,
                    stream_type: STREAM_TYPE_AUDIO,
                    dec_specific,
                    ..DecoderConfig::default()
                },
                sl_config: SLConfig::default(),
                ..EsDescriptor::default()
            },
        },
        btrt: None,
        taic: None,
    }
    .into())
}

fn aac(record: &[u8]) -> mp4_atom::Result<DecoderSpecific> {
    if record.len() < 2 {
        return Err(mp4_atom::Error::OutOfBounds);
    }
    DecoderSpecific::decode(&mut &record[..])
}

/// Only STREAMINFO is kept: decoders need no other block.
fn flac(record: &[u8]) -> mp4_atom::Result<Dfla> {
    let mut dfla = Dfla::decode_body(&mut &record[..])?;
    dfla.blocks.retain(|block| matches!(block, FlacMetadataBlock::StreamInfo { .. }));
    Ok(dfla)
}
