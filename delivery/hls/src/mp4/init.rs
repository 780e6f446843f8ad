use bytes::Bytes;
use media::{CodecConfig, Kind};
use mp4_atom::{
    Dinf, Dref, DrefEntry, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mvex, Mvhd, Smhd,
    Stbl, Stco, Stsd, Tkhd, Trak, Trex, Url, Vmhd,
};

use super::{TRACK_ID, sample_entry};

/// Why a track cannot be packaged. The publisher's configuration record is at fault; the encoder's
/// settings or version have to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The codec's configuration record cannot be read.
    #[error("the {codec} configuration record that the publisher sent cannot be read: {reason}")]
    Record {
        /// The codec's name.
        codec: &'static str,
        /// What the reader said.
        reason: String,
    },
    /// The configuration gives no sample rate or picture size, or one that MP4 cannot express.
    #[error("the publisher's {codec} configuration has no usable {what}")]
    Missing {
        /// The codec's name.
        codec: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// The track's audio frames may last longer than a segment has room for.
    #[error(
        "the publisher's {codec} audio has frames of up to {milliseconds} ms; the limit is {limit} ms: \
         set a higher sample rate or smaller frames"
    )]
    FrameTooLong {
        /// The codec's name.
        codec: &'static str,
        /// The longest frame that the configuration allows, in ms.
        milliseconds: u64,
        /// The longest frame that can be packaged, in ms.
        limit: u64,
    },
}

/// Ticks a second of a track's decode times: 90 kHz for video, the sample rate for audio.
pub(crate) fn timescale(config: &CodecConfig) -> Option<u32> {
    match config {
        // RFC 7845 section 4: Opus always counts at 48 kHz.
        CodecConfig::Opus { .. } => Some(48_000),
        other => match other.audio() {
            None => Some(media::Timestamp::HZ as u32),
            Some(info) => (info.sample_rate > 0).then_some(info.sample_rate),
        },
    }
}

/// The initialization segment of a track: `ftyp` and `moov`, no samples.
pub(crate) fn init_segment(config: &CodecConfig) -> Result<Bytes, ConfigError> {
    let codec = config.name();
    let failed = |error: mp4_atom::Error| ConfigError::Record { codec, reason: error.to_string() };
    let scale = timescale(config).ok_or(ConfigError::Missing { codec, what: "sample rate" })?;
    let entry = sample_entry::sample_entry(config)?;
    let mut out = Vec::with_capacity(1_024);
    brands().encode(&mut out).map_err(failed)?;
    let moov = Moov {
        mvhd: Mvhd {
            timescale: scale,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: TRACK_ID + 1,
            ..Mvhd::default()
        },
        mvex: Some(Mvex {
            trex: vec![Trex {
                track_id: TRACK_ID,
                default_sample_description_index: 1,
                ..Trex::default()
            }],
            ..Mvex::default()
        }),
        trak: vec![track(config, scale, entry)],
        ..Moov::default()
    };
    moov.encode(&mut out).map_err(failed)?;
    Ok(Bytes::from(out))
}

fn brands() -> Ftyp {
    Ftyp {
        major_brand: FourCC::new(b"iso6"),
        minor_version: 0,
        compatible_brands: [b"iso6", b"cmfc", b"mp41"].map(FourCC::new).to_vec(),
    }
}

fn track(config: &CodecConfig, scale: u32, entry: mp4_atom::Codec) -> Trak {
    let video = config.kind() == Kind::Video;
    let size = config.video().map_or((0, 0), |info| (info.width as u16, info.height as u16));
    Trak {
        tkhd: Tkhd {
            track_id: TRACK_ID,
            enabled: true,
            in_movie: true,
            volume: u8::from(!video).into(),
            width: size.0.into(),
            height: size.1.into(),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd { timescale: scale, language: "und".into(), ..Mdhd::default() },
            hdlr: Hdlr {
                handler: FourCC::new(if video { b"vide" } else { b"soun" }),
                name: if video { "video".into() } else { "audio".into() },
            },
            minf: Minf {
                vmhd: video.then(Vmhd::default),
                smhd: (!video).then(Smhd::default),
                dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                stbl: Stbl {
                    stsd: Stsd { codecs: vec![entry] },
                    stco: Some(Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    }
}
