//! Playlists as `quick-m3u8` reads them, arranged for the rules.

use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::{MediaType, PreloadHintType, Tag};
use quick_m3u8::{HlsLine, Reader};

/// A multivariant playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Multivariant {
    /// The variants.
    pub variants: Vec<Variant>,
    /// The audio renditions: group, URI.
    pub audio: Vec<(String, String)>,
}

/// A variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its playlist.
    pub uri: String,
    /// Bits a second at most.
    pub bandwidth: u64,
    /// Bits a second on average.
    pub average: Option<u64>,
    /// The codecs.
    pub codecs: String,
    /// The audio group.
    pub audio: Option<String>,
}

/// A media playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playlist {
    /// `EXT-X-VERSION`
    pub version: u64,
    /// `EXT-X-TARGETDURATION`, seconds.
    pub target_duration: u64,
    /// `PART-TARGET`, seconds.
    pub part_target: f64,
    /// `CAN-BLOCK-RELOAD`
    pub can_block: bool,
    /// `HOLD-BACK`, seconds.
    pub hold_back: Option<f64>,
    /// `PART-HOLD-BACK`, seconds.
    pub part_hold_back: Option<f64>,
    /// `CAN-SKIP-UNTIL`, seconds.
    pub can_skip_until: Option<f64>,
    /// `EXT-X-MEDIA-SEQUENCE`
    pub media_sequence: u64,
    /// `EXT-X-DISCONTINUITY-SEQUENCE`
    pub discontinuity_sequence: u64,
    /// `EXT-X-INDEPENDENT-SEGMENTS`
    pub independent_segments: bool,
    /// `SKIPPED-SEGMENTS`, in a delta update.
    pub skipped: Option<u64>,
    /// The complete segments.
    pub segments: Vec<Segment>,
    /// The segment that is being made, if it has parts.
    pub open: Option<Segment>,
    /// `EXT-X-PRELOAD-HINT`
    pub hint: Option<Hint>,
    /// `EXT-X-RENDITION-REPORT`: URI, last media sequence number, last part.
    pub reports: Vec<(String, u64, Option<u64>)>,
    /// `EXT-X-ENDLIST`
    pub ended: bool,
}

/// A segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// The media sequence number.
    pub msn: u64,
    /// Seconds; 0 for an open one.
    pub duration: f64,
    /// Its file; empty for an open one.
    pub uri: String,
    /// Its parts, as far as they are listed.
    pub parts: Vec<Part>,
    /// Whether a discontinuity precedes it.
    pub discontinuity: bool,
    /// The initialization segment in effect.
    pub map: String,
    /// The time of day of its start, in seconds since midnight UTC.
    pub time_of_day: Option<f64>,
    /// `EXT-X-GAP`
    pub gap: bool,
}

/// A part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its file.
    pub uri: String,
    /// Seconds.
    pub duration: f64,
    /// `INDEPENDENT`
    pub independent: bool,
}

/// The part that comes next.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// Its file.
    pub uri: String,
}

impl Multivariant {
    /// Reads a multivariant playlist.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        let mut variant = None;
        for line in lines(text)? {
            match line {
                Line::Tag(tag) => match *tag {
                    Tag::StreamInf(tag) => {
                        variant = Some(Variant {
                            uri: String::new(),
                            bandwidth: tag.bandwidth(),
                            average: tag.average_bandwidth(),
                            codecs: tag.codecs().unwrap_or_default().to_owned(),
                            audio: tag.audio().map(str::to_owned),
                        });
                    }
                    Tag::Media(tag) if tag.media_type().known() == Some(&MediaType::Audio) => {
                        let uri = tag.uri().ok_or("an audio rendition without URI")?;
                        found.audio.push((tag.group_id().to_owned(), uri.to_owned()));
                    }
                    _ => {}
                },
                Line::Uri(uri) => {
                    let variant = variant.take().ok_or("a URI without EXT-X-STREAM-INF")?;
                    found.variants.push(Variant { uri, ..variant });
                }
            }
        }
        Ok(found)
    }

    /// All media playlists, each once.
    pub fn playlists(&self) -> Vec<String> {
        let variants = self.variants.iter().map(|variant| &variant.uri);
        let mut names: Vec<String> = Vec::new();
        for name in variants.chain(self.audio.iter().map(|audio| &audio.1)) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

impl Playlist {
    /// Reads a media playlist.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut playlist = Self::default();
        let mut next = Segment::default();
        for line in lines(text)? {
            match line {
                Line::Tag(tag) => playlist.take(&tag, &mut next)?,
                Line::Uri(uri) => {
                    next.uri = uri;
                    let map = next.map.clone();
                    playlist.segments.push(std::mem::take(&mut next));
                    next.map = map;
                }
            }
        }
        let first = playlist.media_sequence + playlist.skipped.unwrap_or(0);
        for (segment, msn) in playlist.segments.iter_mut().zip(first..) {
            segment.msn = msn;
        }
        if !next.parts.is_empty() {
            next.msn = first + playlist.segments.len() as u64;
            playlist.open = Some(next);
        }
        Ok(playlist)
    }

    fn take(&mut self, tag: &Tag<'_>, next: &mut Segment) -> Result<(), String> {
        match tag {
            Tag::Version(tag) => self.version = tag.version(),
            Tag::Targetduration(tag) => self.target_duration = tag.target_duration(),
            Tag::PartInf(tag) => self.part_target = tag.part_target(),
            Tag::ServerControl(tag) => {
                self.can_block = tag.can_block_reload();
                self.hold_back = tag.hold_back();
                self.part_hold_back = tag.part_hold_back();
                self.can_skip_until = tag.can_skip_until();
            }
            Tag::MediaSequence(tag) => self.media_sequence = tag.media_sequence(),
            Tag::DiscontinuitySequence(tag) => {
                self.discontinuity_sequence = tag.discontinuity_sequence();
            }
            Tag::IndependentSegments(_) => self.independent_segments = true,
            Tag::Skip(tag) => self.skipped = Some(tag.skipped_segments()),
            Tag::Endlist(_) => self.ended = true,
            Tag::Inf(tag) => next.duration = tag.duration(),
            Tag::Discontinuity(_) => next.discontinuity = true,
            Tag::Gap(_) => next.gap = true,
            Tag::Map(tag) => tag.uri().clone_into(&mut next.map),
            Tag::ProgramDateTime(tag) => {
                let time = tag.program_date_time();
                let minutes = u32::from(time.time_hour) * 60 + u32::from(time.time_minute);
                next.time_of_day = Some(f64::from(minutes) * 60.0 + time.time_second);
            }
            Tag::Part(tag) => next.parts.push(Part {
                uri: tag.uri().to_owned(),
                duration: tag.duration(),
                independent: tag.independent(),
            }),
            Tag::PreloadHint(tag) if tag.hint_type().known() == Some(&PreloadHintType::Part) => {
                if self.hint.is_some() {
                    return Err("two preload hints for a part".into());
                }
                self.hint = Some(Hint { uri: tag.uri().to_owned() });
            }
            Tag::RenditionReport(tag) => {
                self.reports.push((tag.uri().to_owned(), tag.last_msn(), tag.last_part()));
            }
            _ => {}
        }
        Ok(())
    }

    /// All segments, the open one last.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.segments.iter().chain(&self.open)
    }

    /// The first part that is not listed: media sequence number and index.
    pub fn next_part(&self) -> (u64, usize) {
        match &self.open {
            Some(open) => (open.msn, open.parts.len()),
            None => (self.next_msn(), 0),
        }
    }

    /// The number of the first segment that is not complete.
    pub fn next_msn(&self) -> u64 {
        self.media_sequence + self.skipped.unwrap_or(0) + self.segments.len() as u64
    }
}

enum Line<'t> {
    Tag(Box<Tag<'t>>),
    Uri(String),
}

/// The lines that matter; an error on what no playlist may hold.
fn lines(text: &str) -> Result<Vec<Line<'_>>, String> {
    if !text.starts_with("#EXTM3U\n") {
        return Err("it does not begin with #EXTM3U".into());
    }
    let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
    let mut reader = Reader::from_str(text, options);
    let mut lines = Vec::new();
    loop {
        match reader.read_line().map_err(|error| format!("{error:?}"))? {
            None => return Ok(lines),
            Some(HlsLine::KnownTag(KnownTag::Hls(tag))) => lines.push(Line::Tag(Box::new(tag))),
            Some(HlsLine::Uri(uri)) => lines.push(Line::Uri(uri.into_owned())),
            Some(HlsLine::UnknownTag(tag)) => return Err(format!("an unknown tag: {tag:?}")),
            Some(_) => {}
        }
    }
}
