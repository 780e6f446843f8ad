use crate::Kind;
use crate::field::{Fault, Field};
use crate::source::Given;

/// One rung of the ladder: the picture and the bitrates of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Width in pixels: even, 64 to 4096.
    pub width: u16,
    /// Height in pixels: even, 64 to 4096.
    pub height: u16,
    /// Bits a second of video.
    pub video_bitrate: u32,
    /// Bits a second of audio.
    pub audio_bitrate: u32,
}

impl Rung {
    /// The least and most pixels of a side.
    pub const SIDE: std::ops::RangeInclusive<u16> = 64..=4096;
    /// The least and most bits a second of video.
    pub const VIDEO_BITRATE: std::ops::RangeInclusive<u32> = 50_000..=100_000_000;
    /// The least and most bits a second of audio.
    pub const AUDIO_BITRATE: std::ops::RangeInclusive<u32> = 16_000..=512_000;
}

impl Field for Rung {
    /// Reads FFmpeg's options `-vf scale=W:H -b:v N -b:a N`, in any order and each once.
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        // docker --env-file hands quotes on as a part of the value.
        let text = given.one()?.trim_matches(['"', '\'']);
        let mut options = Options::default();
        let mut words = text.split_whitespace();
        while let Some(option) = words.next() {
            let Some(value) = words.next() else {
                return Err(Fault::value(option, "has no value after it"));
            };
            options.take(option, value)?;
        }
        let missing = |option: &str| Fault::value(text, &format!("lacks {option}"));
        let (width, height) = options.scale.ok_or_else(|| missing("-vf scale=W:H"))?;
        Ok(Self {
            width,
            height,
            video_bitrate: options.video.ok_or_else(|| missing("-b:v"))?,
            audio_bitrate: options.audio.ok_or_else(|| missing("-b:a"))?,
        })
    }
}

#[derive(Default)]
struct Options {
    scale: Option<(u16, u16)>,
    video: Option<u32>,
    audio: Option<u32>,
}

impl Options {
    fn take(&mut self, option: &str, value: &str) -> Result<(), Fault> {
        let again = match option {
            "-vf" => self.scale.replace(scale(value)?).is_some(),
            "-b:v" => self.video.replace(bitrate(value, &Rung::VIDEO_BITRATE)?).is_some(),
            "-b:a" => self.audio.replace(bitrate(value, &Rung::AUDIO_BITRATE)?).is_some(),
            _ => return Err(Fault::value(option, "is not an option that is understood here")),
        };
        if again { Err(Fault::value(option, "is given twice")) } else { Ok(()) }
    }
}

fn scale(value: &str) -> Result<(u16, u16), Fault> {
    let sides = value.strip_prefix("scale=").and_then(|sides| sides.split_once([':', 'x']));
    let Some((width, height)) = sides else {
        return Err(Fault::value(value, "is not of the form scale=W:H"));
    };
    // 4:2:0 samples colour for every second pixel in both directions (H.264 6.2).
    let side = |text: &str| {
        let side = text.parse().ok().filter(|side| Rung::SIDE.contains(side) && side % 2 == 0);
        side.ok_or_else(|| {
            Fault::value(text, "is not a side in pixels: an even number from 64 to 4096")
        })
    };
    Ok((side(width)?, side(height)?))
}

/// A bitrate as FFmpeg takes it: `800k`, `2.5M`, or bits.
fn bitrate(text: &str, range: &std::ops::RangeInclusive<u32>) -> Result<u32, Fault> {
    let (number, scale) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1000.0),
        None => match text.strip_suffix('M') {
            Some(number) => (number, 1_000_000.0),
            None => (text, 1.0),
        },
    };
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let bits = number.parse::<f64>().ok().filter(|_| plain).map(|number| number * scale);
    let fits = |bits: &f64| (f64::from(*range.start())..=f64::from(*range.end())).contains(bits);
    match bits {
        Some(bits) if fits(&bits) => Ok(bits.round() as u32),
        Some(_) => {
            let why = format!("is not from {}k to {}k", range.start() / 1000, range.end() / 1000);
            Err(Fault::value(text, &why))
        }
        None => Err(Fault::value(text, "is not a bitrate such as 2500k")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Rung, String> {
        Rung::parse(&Kind::Rung, &Given::Text(text.to_owned())).map_err(|f| f.sentence(false))
    }

    #[test]
    fn the_seeds_form_is_read_in_any_order() {
        let rung =
            Rung { width: 854, height: 480, video_bitrate: 1_200_000, audio_bitrate: 128_000 };
        assert_eq!(parse("-vf scale=854:480 -b:v 1200k -b:a 128k"), Ok(rung));
        assert_eq!(parse("\"-b:a 128000 -b:v 1.2M  -vf scale=854x480\""), Ok(rung));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, why) in [
            ("", "lacks -vf scale=W:H"),
            ("-vf scale=640:360 -b:v 800k", "lacks -b:a"),
            ("-vf scale=640:361 -b:v 800k -b:a 96k", "\"361\" is not a side"),
            ("-vf scale=-2:360 -b:v 800k -b:a 96k", "\"-2\" is not a side"),
            ("-vf hflip -b:v 800k -b:a 96k", "\"hflip\" is not of the form"),
            ("-vf scale=640:360 -b:v fast -b:a 96k", "\"fast\" is not a bitrate"),
            ("-vf scale=640:360 -b:v 1k -b:a 96k", "\"1k\" is not from 50k to 100000k"),
            ("-vf scale=640:360 -b:v inf -b:a 96k", "\"inf\" is not a bitrate"),
            ("-vf scale=640:360 -preset fast", "\"-preset\" is not an option"),
            ("-b:v 800k -b:v 900k", "\"-b:v\" is given twice"),
            ("-vf scale=640:360 -b:v", "\"-b:v\" has no value"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r"(-vf|-b:[va]|scale=|[0-9.:xkM -]|\PC){0,30}") {
            let _ = parse(&text);
        }
    }
}
