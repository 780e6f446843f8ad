use super::attributes::{attributes, yes};
use super::lines::{Line, lines};
use super::{MAX_VARIANTS, PlaylistError};

/// A multivariant playlist (RFC 8216bis 4.4.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multivariant {
    /// The variants in order, never none.
    pub variants: Vec<Variant>,
    /// The audio renditions in order.
    pub audio: Vec<Audio>,
}

/// A variant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Its media playlist, as written.
    pub uri: String,
    /// Bits a second at most; 0 when not said.
    pub bandwidth: u64,
    /// `CODECS`; empty when not said.
    pub codecs: String,
    /// Whether it has a `RESOLUTION`.
    pub pictures: bool,
    /// `AUDIO`: a group of [`Multivariant::audio`].
    pub audio: Option<String>,
}

/// An audio rendition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audio {
    /// The group it belongs to.
    pub group: String,
    /// Its media playlist; `None` when the variant holds it.
    pub uri: Option<String>,
    /// Whether it is played unless somebody chooses.
    pub default: bool,
}

impl Multivariant {
    /// Reads one.
    ///
    /// # Errors
    /// It is no playlist, has no variant, or more than [`MAX_VARIANTS`].
    pub fn parse(text: &str) -> Result<Self, PlaylistError> {
        let mut found = Self::default();
        let mut variant: Option<Variant> = None;
        let mut last = 1;
        for (line, content) in lines(text)? {
            last = line;
            match content {
                Line::Tag("EXT-X-STREAM-INF", list) => variant = Some(Variant::read(list)),
                Line::Tag("EXT-X-MEDIA", list) => found.audio.extend(Audio::read(list)),
                Line::Uri(uri) => {
                    if let Some(variant) = variant.take() {
                        found.variants.push(Variant { uri: uri.to_owned(), ..variant });
                    }
                }
                Line::Tag(..) => {}
            }
            if found.variants.len().max(found.audio.len()) > MAX_VARIANTS {
                return Err(PlaylistError { line, what: "too many variants or renditions" });
            }
        }
        if found.variants.is_empty() {
            return Err(PlaylistError { line: last, what: "there is no variant with a URI" });
        }
        Ok(found)
    }

    /// The variant with the most bits a second, of those with pictures if there are any.
    pub fn best(&self) -> Option<&Variant> {
        let some = self.variants.iter().any(Variant::has_pictures);
        let fit = self.variants.iter().filter(|variant| !some || variant.has_pictures());
        // Of equals the first one: servers list what they prefer first.
        fit.reduce(|best, other| if other.bandwidth > best.bandwidth { other } else { best })
    }

    /// The media playlist of the sound that goes with a variant, when it is a playlist of its own.
    pub fn audio_of(&self, variant: &Variant) -> Option<&str> {
        let group = variant.audio.as_deref()?;
        let members = || self.audio.iter().filter(|audio| audio.group == group);
        let chosen = members().find(|audio| audio.default).or_else(|| members().next())?;
        chosen.uri.as_deref().filter(|uri| *uri != variant.uri)
    }
}

impl Variant {
    fn read(list: &str) -> Self {
        let mut variant = Self::default();
        for (name, value) in attributes(list) {
            match name {
                "BANDWIDTH" => variant.bandwidth = value.parse().unwrap_or(0),
                "CODECS" => value.clone_into(&mut variant.codecs),
                "RESOLUTION" => variant.pictures = true,
                "AUDIO" => variant.audio = Some(value.to_owned()),
                _ => {}
            }
        }
        variant
    }

    /// Whether it is known to have pictures.
    fn has_pictures(&self) -> bool {
        const VIDEO: [&str; 8] = ["avc", "hvc", "hev", "dvh", "av01", "vp08", "vp09", "mp4v"];
        let is_video = |codec: &str| VIDEO.iter().any(|name| codec.trim().starts_with(name));
        self.pictures || self.codecs.split(',').any(is_video)
    }
}

impl Audio {
    /// `None` for renditions of other types.
    fn read(list: &str) -> Option<Self> {
        let mut audio = Self::default();
        let mut is_audio = false;
        for (name, value) in attributes(list) {
            match name {
                "TYPE" => is_audio = value == "AUDIO",
                "GROUP-ID" => value.clone_into(&mut audio.group),
                "URI" => audio.uri = Some(value.to_owned()),
                "DEFAULT" => audio.default = yes(value),
                _ => {}
            }
        }
        is_audio.then_some(audio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playlist::is_multivariant;

    const OURS: &str = include_str!("../../../../delivery/hls/tests/suite/golden/live-index.m3u8");
    const SOUND: &str =
        include_str!("../../../../delivery/hls/tests/suite/golden/audio-index.m3u8");

    #[test]
    fn our_own_playlist_gives_video_and_its_audio() {
        let found = Multivariant::parse(OURS).unwrap();
        let best = found.best().unwrap();
        assert_eq!((best.uri.as_str(), best.bandwidth), ("v0.m3u8", 634_881));
        assert_eq!(found.audio_of(best), Some("a0.m3u8"));
        let sound = Multivariant::parse(SOUND).unwrap();
        assert_eq!(sound.audio_of(sound.best().unwrap()), None);
        assert!(is_multivariant(OURS));
    }

    #[test]
    fn the_best_variant_has_pictures_and_the_most_bits() {
        let text = "#EXTM3U\n\
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"a\",URI=\"s.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",URI=\"de.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",DEFAULT=YES,URI=\"en.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"in\",DEFAULT=YES\n\
            #EXT-X-STREAM-INF:BANDWIDTH=9000000,CODECS=\"mp4a.40.2\"\nsound.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=1x1,AUDIO=\"in\"\nlow.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=300,CODECS=\"mp4a.40.2, avc1.4d401f\",AUDIO=\"a\"\nhigh.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=300,RESOLUTION=1x1\nbackup.m3u8\n";
        let found = Multivariant::parse(text).unwrap();
        let best = found.best().unwrap();
        assert_eq!(best.uri, "high.m3u8");
        assert_eq!(found.audio_of(best), Some("en.m3u8"));
        assert_eq!(found.audio_of(&found.variants[1]), None);
    }

    #[test]
    fn a_playlist_without_a_variant_is_an_error_at_its_end() {
        let error = Multivariant::parse("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n").unwrap_err();
        assert_eq!(error.line, 2);
        let many = "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n".repeat(MAX_VARIANTS + 1);
        assert!(Multivariant::parse(&format!("#EXTM3U\n{many}")).is_err());
    }
}
