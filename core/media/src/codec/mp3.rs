//! MP3: the frame header (ISO/IEC 11172-3, 2.4.1.3; MPEG-2 in ISO/IEC 13818-3), its only configuration.

use super::Error;
use crate::{AudioInfo, CodecConfig};

const WHAT: &str = "MP3 frame header";
/// The rates of MPEG-1; MPEG-2 has half of them, MPEG-2.5 a quarter.
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// The configuration that a frame's header tells.
pub fn parse(frame: &[u8]) -> Result<CodecConfig, Error> {
    let header = Header::read(frame)?;
    let info = AudioInfo {
        sample_rate: header.sample_rate,
        channels: header.channels,
        codec_string: "mp4a.40.34".to_owned(),
        samples_per_frame: header.samples,
    };
    Ok(CodecConfig::Mp3 { info })
}

/// The configuration that a frame's header tells, when it differs from the current one.
pub(super) fn in_band(
    current: Option<&AudioInfo>,
    frame: &[u8],
) -> Result<Option<CodecConfig>, Error> {
    let Header { sample_rate, channels, .. } = Header::read(frame)?;
    if current.is_some_and(|info| (info.sample_rate, info.channels) == (sample_rate, channels)) {
        return Ok(None);
    }
    parse(frame).map(Some)
}

struct Header {
    sample_rate: u32,
    channels: u8,
    samples: u32,
}

impl Header {
    fn read(frame: &[u8]) -> Result<Self, Error> {
        let &[sync, version_layer, rates, mode] =
            frame.first_chunk().ok_or(Error::Truncated { what: WHAT })?;
        if sync != 0xff || version_layer & 0xe0 != 0xe0 {
            return Err(Error::Invalid { what: WHAT, why: "it lacks the sync word" });
        }
        if version_layer >> 1 & 3 != 1 {
            let remedy = "set the encoder to AAC (with ffmpeg: -c:a aac)";
            return Err(Error::Unsupported { feature: "MPEG audio layer I or II", remedy });
        }
        let shift = match version_layer >> 3 & 3 {
            3 => 0,
            2 => 1,
            0 => 2,
            _ => return Err(Error::Invalid { what: WHAT, why: "its version is reserved" }),
        };
        let Some(rate) = RATES.get(usize::from(rates >> 2 & 3)) else {
            return Err(Error::Invalid { what: WHAT, why: "its sample rate is reserved" });
        };
        Ok(Self {
            sample_rate: rate >> shift,
            channels: if mode >> 6 == 3 { 1 } else { 2 },
            samples: if shift == 0 { 1152 } else { 576 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_frame_is_the_configuration() {
        let config = parse(&[0xff, 0xfb, 0x90, 0x64]).unwrap();
        let info = config.audio().unwrap();
        assert_eq!((info.sample_rate, info.channels, info.samples_per_frame), (44_100, 2, 1152));
        let half = parse(&[0xff, 0xf3, 0x84, 0xc4]).unwrap();
        let info = half.audio().unwrap();
        assert_eq!((info.sample_rate, info.channels, info.samples_per_frame), (24_000, 1, 576));
    }

    #[test]
    fn only_a_change_of_rate_or_channels_is_news() {
        let config = in_band(None, &[0xff, 0xfb, 0x90, 0x64]).unwrap().unwrap();
        let info = config.audio();
        assert_eq!(in_band(info, &[0xff, 0xfb, 0xa0, 0x64]), Ok(None));
        assert!(in_band(info, &[0xff, 0xfb, 0xa4, 0x64]).unwrap().is_some());
    }

    #[test]
    fn other_layers_and_broken_headers_are_refused() {
        assert!(matches!(parse(&[0xff, 0xfd, 0x90, 0x64]), Err(Error::Unsupported { .. })));
        for frame in
            [&[0xff, 0xfb][..], &[0, 0, 0, 0], &[0xff, 0xeb, 0x90, 0], &[0xff, 0xfb, 0x9c, 0]]
        {
            assert!(parse(frame).is_err(), "{frame:?}");
        }
    }
}
