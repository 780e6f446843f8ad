//! Reads the tags of a media playlist into a [`Media`].

use super::attributes::{attributes, yes};
use super::lines::{Line, lines};
use super::media::{ByteRange, Map, Media, Part, Segment, Span};
use super::{MAX_BYTES, MAX_MAPS, MAX_PARTS, MAX_SEGMENTS, PlaylistError};

/// No duration is longer, in seconds: eleven days.
const MAX_SECONDS: f64 = 1e6;
/// No number of a segment is higher, so that numbers can be added.
const MAX_NUMBER: u64 = 1 << 53;

type Outcome<T> = Result<T, &'static str>;

/// Reads `text` into a cleared playlist.
pub(super) fn read(media: &mut Media, text: &str) -> Result<(), PlaylistError> {
    if text.len() > MAX_BYTES {
        return Err(PlaylistError { line: 1, what: "the playlist is too long" });
    }
    let mut reader = Reader { media, next: Next::default(), target: false };
    let mut last = 1;
    for (line, content) in lines(text)? {
        last = line;
        reader.take(content).map_err(|what| PlaylistError { line, what })?;
    }
    reader.finish().map_err(|what| PlaylistError { line: last, what })
}

struct Reader<'m> {
    media: &'m mut Media,
    next: Next,
    /// Whether the target duration was seen.
    target: bool,
}

/// What is known of the segment whose URI is still to come.
#[derive(Default)]
struct Next {
    duration_us: Option<u64>,
    range: Option<Given>,
    discontinuity: bool,
    gap: bool,
    map: Option<u32>,
    first_part: u32,
    /// Where the last byte range of segments, and of parts, ended in which resource.
    segment_end: Option<(Span, u64)>,
    part_end: Option<(Span, u64)>,
}

/// A byte range as it is written: length, and offset unless it follows the one before.
#[derive(Clone, Copy)]
struct Given(u64, Option<u64>);

impl Reader<'_> {
    fn take(&mut self, line: Line<'_>) -> Outcome<()> {
        let (name, value) = match line {
            Line::Tag(name, value) => (name, value),
            Line::Uri(uri) => return self.segment(uri),
        };
        match name {
            "EXTINF" => {
                let duration = value.split_once(',').map_or(value, |(duration, _)| duration);
                self.next.duration_us = Some(seconds(duration)?);
            }
            "EXT-X-BYTERANGE" => self.next.range = Some(given(value)?),
            "EXT-X-DISCONTINUITY" => self.next.discontinuity = true,
            "EXT-X-ENDLIST" => self.media.ended = true,
            "EXT-X-GAP" => self.next.gap = true,
            "EXT-X-MAP" => self.map(value)?,
            "EXT-X-MEDIA-SEQUENCE" => self.media.media_sequence = number(value)?,
            "EXT-X-PART" => self.part(value)?,
            "EXT-X-PART-INF" => self.media.part_target_us = one_of(value, "PART-TARGET")?,
            "EXT-X-PRELOAD-HINT" => self.hint(value),
            "EXT-X-SERVER-CONTROL" => self.server_control(value)?,
            "EXT-X-SKIP" => self.skip(value)?,
            "EXT-X-TARGETDURATION" => {
                self.media.target_us = seconds(value)?;
                self.target = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Outcome<()> {
        if !self.target {
            return Err("there is no EXT-X-TARGETDURATION");
        }
        let parts = self.media.parts.get(self.next.first_part as usize..).unwrap_or_default();
        if !parts.is_empty() {
            let duration_us = parts.iter().map(|part| part.duration_us).sum();
            self.push(Span::default(), duration_us, None, false)?;
        }
        let first = self.media.media_sequence + self.media.skipped;
        for (segment, msn) in self.media.segments.iter_mut().zip(first..) {
            segment.msn = msn;
        }
        Ok(())
    }

    fn segment(&mut self, uri: &str) -> Outcome<()> {
        let duration = self.next.duration_us.take().ok_or("a URI without EXTINF before it")?;
        let uri = self.keep(uri);
        let range = self.next.range.take();
        let range = range.map(|given| place(given, self.media, uri, &mut self.next.segment_end));
        self.push(uri, duration, range, true)
    }

    fn push(
        &mut self,
        uri: Span,
        duration_us: u64,
        range: Option<ByteRange>,
        complete: bool,
    ) -> Outcome<()> {
        if self.media.segments.len() >= MAX_SEGMENTS {
            return Err("too many segments");
        }
        let end = self.media.parts.len() as u32;
        self.media.segments.push(Segment {
            msn: 0,
            complete,
            duration_us,
            uri,
            range,
            discontinuity: std::mem::take(&mut self.next.discontinuity),
            gap: std::mem::take(&mut self.next.gap),
            map: self.next.map,
            first_part: self.next.first_part,
            parts: end - self.next.first_part,
        });
        self.next.first_part = end;
        Ok(())
    }

    fn part(&mut self, list: &str) -> Outcome<()> {
        let (mut duration, mut uri, mut range) = (None, None, None);
        let (mut independent, mut gap) = (false, false);
        for (name, value) in attributes(list) {
            match name {
                "DURATION" => duration = Some(seconds(value)?),
                "URI" => uri = Some(value),
                "BYTERANGE" => range = Some(given(value)?),
                "INDEPENDENT" => independent = yes(value),
                "GAP" => gap = yes(value),
                _ => {}
            }
        }
        let duration_us = duration.ok_or("a part without DURATION")?;
        let uri = self.keep(uri.ok_or("a part without URI")?);
        let range = range.map(|given| place(given, self.media, uri, &mut self.next.part_end));
        if self.media.parts.len() >= MAX_PARTS {
            return Err("too many parts");
        }
        self.media.parts.push(Part { uri, range, duration_us, independent, gap });
        Ok(())
    }

    fn map(&mut self, list: &str) -> Outcome<()> {
        let (mut uri, mut range) = (None, None);
        for (name, value) in attributes(list) {
            match name {
                "URI" => uri = Some(value),
                "BYTERANGE" => range = Some(given(value)?),
                _ => {}
            }
        }
        let uri = self.keep(uri.ok_or("an EXT-X-MAP without URI")?);
        if self.media.maps.len() >= MAX_MAPS {
            return Err("too many initialization sections");
        }
        let range = range.map(|Given(len, offset)| ByteRange { offset: offset.unwrap_or(0), len });
        self.next.map = Some(self.media.maps.len() as u32);
        self.media.maps.push(Map { uri, range });
        Ok(())
    }

    fn server_control(&mut self, list: &str) -> Outcome<()> {
        for (name, value) in attributes(list) {
            match name {
                "CAN-BLOCK-RELOAD" => self.media.can_block = yes(value),
                "HOLD-BACK" => self.media.hold_back_us = Some(seconds(value)?),
                "PART-HOLD-BACK" => self.media.part_hold_back_us = Some(seconds(value)?),
                "CAN-SKIP-UNTIL" => self.media.can_skip_until_us = Some(seconds(value)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn hint(&mut self, list: &str) {
        let find = |wanted| attributes(list).find(|(name, _)| *name == wanted);
        if find("TYPE").is_some_and(|(_, kind)| kind == "PART") {
            self.media.hint = find("URI").map(|(_, uri)| self.keep(uri));
        }
    }

    fn skip(&mut self, list: &str) -> Outcome<()> {
        let found = attributes(list).find(|(name, _)| *name == "SKIPPED-SEGMENTS");
        self.media.skipped = number(found.ok_or("an EXT-X-SKIP without SKIPPED-SEGMENTS")?.1)?;
        Ok(())
    }

    fn keep(&mut self, uri: &str) -> Span {
        let uris = &mut self.media.uris;
        let start = uris.len() as u32;
        uris.push_str(uri);
        Span { start, len: uri.len() as u32 }
    }
}

/// A range without offset begins where the one before in the same resource ended (RFC 8216bis
/// 4.4.4.2).
fn place(given: Given, media: &Media, uri: Span, end: &mut Option<(Span, u64)>) -> ByteRange {
    let Given(len, offset) = given;
    let before = end.filter(|(resource, _)| media.text(*resource) == media.text(uri));
    let offset = offset.or(before.map(|(_, end)| end)).unwrap_or(0);
    *end = Some((uri, offset + len));
    ByteRange { offset, len }
}

/// `LENGTH` or `LENGTH@OFFSET`.
fn given(value: &str) -> Outcome<Given> {
    match value.split_once('@') {
        Some((len, offset)) => Ok(Given(number(len)?, Some(number(offset)?))),
        None => Ok(Given(number(value)?, None)),
    }
}

fn one_of(list: &str, wanted: &str) -> Outcome<Option<u64>> {
    attributes(list).find(|(name, _)| *name == wanted).map(|(_, value)| seconds(value)).transpose()
}

fn number(value: &str) -> Outcome<u64> {
    let number = value.trim().parse().ok().filter(|number| *number <= MAX_NUMBER);
    number.ok_or("a whole number is expected")
}

/// Decimal seconds as microseconds.
fn seconds(value: &str) -> Outcome<u64> {
    let seconds = value.trim().parse::<f64>().ok().filter(|s| (0.0..=MAX_SECONDS).contains(s));
    Ok((seconds.ok_or("a number of seconds is expected")? * 1e6).round() as u64)
}
