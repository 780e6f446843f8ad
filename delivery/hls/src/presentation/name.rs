use std::fmt;

use media::{Kind, TrackId};

/// A file of a stream, below `/live/ID/`. [`Display`](fmt::Display) writes its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `index.m3u8`
    Multivariant,
    /// `v0.m3u8`
    Media(TrackId),
    /// `v0-SESSION-NUMBER.mp4`
    #[expect(missing_docs, reason = "the fields are the parts of the name")]
    Init { track: TrackId, session: u32, number: u32 },
    /// `v0-SESSION-MSN.m4s`
    #[expect(missing_docs, reason = "the fields are the parts of the name")]
    Segment { track: TrackId, session: u32, msn: u64 },
    /// `v0-SESSION-MSN.PART.m4s`
    #[expect(missing_docs, reason = "the fields are the parts of the name")]
    Part { track: TrackId, session: u32, msn: u64, part: u32 },
}

impl Target {
    /// Takes a name apart; `None` for any name that this crate does not write, numbers with leading
    /// zeros included: every file has one name.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "index.m3u8" {
            return Some(Self::Multivariant);
        }
        if let Some(stem) = name.strip_suffix(".m3u8") {
            return Some(Self::Media(track(stem)?));
        }
        let (stem, rest) = name.split_once('-')?;
        let track = track(stem)?;
        let (session, rest) = rest.split_once('-')?;
        let session = number(session)?;
        if let Some(init) = rest.strip_suffix(".mp4") {
            return Some(Self::Init { track, session, number: number(init)? });
        }
        let rest = rest.strip_suffix(".m4s")?;
        Some(match rest.split_once('.') {
            None => Self::Segment { track, session, msn: number(rest)? },
            Some((msn, part)) => {
                Self::Part { track, session, msn: number(msn)?, part: number(part)? }
            }
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Multivariant => f.write_str("index.m3u8"),
            Self::Media(track) => write!(f, "{}.m3u8", Stem(track)),
            Self::Init { track, session, number } => {
                write!(f, "{}-{session}-{number}.mp4", Stem(track))
            }
            Self::Segment { track, session, msn } => {
                write!(f, "{}-{session}-{msn}.m4s", Stem(track))
            }
            Self::Part { track, session, msn, part } => {
                write!(f, "{}-{session}-{msn}.{part}.m4s", Stem(track))
            }
        }
    }
}

/// `v0`, `a1`.
struct Stem(TrackId);

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0.kind {
            Kind::Video => 'v',
            Kind::Audio => 'a',
        };
        write!(f, "{kind}{}", self.0.number)
    }
}

fn track(stem: &str) -> Option<TrackId> {
    if let Some(digits) = stem.strip_prefix('v') {
        Some(TrackId::video(number(digits)?))
    } else {
        Some(TrackId::audio(number(stem.strip_prefix('a')?)?))
    }
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits == "0" || !digits.starts_with('0');
    (plain && canonical).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_nobody_writes_are_no_targets() {
        for name in [
            "",
            "v.m3u8",
            "v00.m3u8",
            "v0-1.m4s",
            "v0-1-2.3.4.m4s",
            "v0-01-2.m4s",
            "v0-1-+2.m4s",
            "x0.m3u8",
            "v256.m3u8",
            "a0-1-1.mp4x",
        ] {
            assert_eq!(Target::parse(name), None, "{name}");
        }
        assert_eq!(Target::parse("a1.m3u8"), Some(Target::Media(TrackId::audio(1))));
    }

    proptest! {
        #[test]
        fn a_written_name_is_read_back(number: u8, session: u32, msn: u64, part: u32) {
            let track = TrackId::video(number);
            for target in [
                Target::Media(track),
                Target::Init { track, session, number: part },
                Target::Segment { track, session, msn },
                Target::Part { track, session, msn, part },
            ] {
                prop_assert_eq!(Target::parse(&target.to_string()), Some(target));
            }
        }

        #[test]
        fn any_text_is_parsed_without_a_panic(name in ".{0,40}") {
            let _ = Target::parse(&name);
        }
    }
}
