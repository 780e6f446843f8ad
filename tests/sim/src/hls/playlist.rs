use std::collections::BTreeMap;

/// A media playlist, taken apart as a player does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Playlist {
    pub(crate) target_duration: u64,
    pub(crate) sequence: u64,
    pub(crate) discontinuity: u64,
    pub(crate) skipped: u64,
    pub(crate) ended: bool,
    /// Complete segments and the one that grows, by media sequence number.
    pub(crate) segments: BTreeMap<u64, Segment>,
    pub(crate) hint: Option<String>,
}

/// What a playlist says of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Empty while it grows.
    pub(crate) uri: String,
    /// Milliseconds, to five decimals of a second; 0 while it grows.
    pub(crate) duration: u64,
    pub(crate) date: String,
    pub(crate) is_gap: bool,
    /// The discontinuity sequence number that it belongs to.
    pub(crate) discontinuity: u64,
    pub(crate) map: Option<String>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) uri: String,
    pub(crate) duration: u64,
    pub(crate) is_independent: bool,
}

impl Segment {
    pub(crate) fn is_complete(&self) -> bool {
        !self.uri.is_empty()
    }

    /// Whether all parts of a complete segment are listed; of older ones none or some are.
    pub(crate) fn has_all_parts(&self) -> bool {
        let sum: u64 = self.parts.iter().map(|part| part.duration).sum();
        sum.abs_diff(self.duration) <= self.parts.len() as u64
    }
}

impl Playlist {
    /// Reads a playlist; `None` where the text is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut list = Self::default();
        let mut segment = Segment::default();
        if !text.starts_with("#EXTM3U\n") || !text.ends_with('\n') {
            return None;
        }
        let mut discontinuities = 0;
        for line in text.lines() {
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-TARGETDURATION" => list.target_duration = value.parse().ok()?,
                "#EXT-X-MEDIA-SEQUENCE" => list.sequence = value.parse().ok()?,
                "#EXT-X-DISCONTINUITY-SEQUENCE" => list.discontinuity = value.parse().ok()?,
                "#EXT-X-SKIP" => {
                    list.skipped = attribute(value, "SKIPPED-SEGMENTS=")?.parse().ok()?;
                }
                "#EXT-X-DISCONTINUITY" => discontinuities += 1,
                "#EXT-X-GAP" => segment.is_gap = true,
                "#EXT-X-PROGRAM-DATE-TIME" => value.clone_into(&mut segment.date),
                "#EXT-X-MAP" => segment.map = Some(quoted(value)?),
                "#EXT-X-PART" => segment.parts.push(Part {
                    uri: quoted(value)?,
                    duration: hundred_thousandths(attribute(value, "DURATION=")?)?,
                    is_independent: value.contains("INDEPENDENT=YES"),
                }),
                "#EXT-X-PRELOAD-HINT" => list.hint = Some(quoted(value)?),
                "#EXTINF" => segment.duration = hundred_thousandths(value.trim_end_matches(','))?,
                "#EXT-X-ENDLIST" => list.ended = true,
                _ if line.starts_with('#') => {}
                uri => {
                    uri.clone_into(&mut segment.uri);
                    segment = list.add(segment, discontinuities);
                }
            }
        }
        if !segment.parts.is_empty() {
            list.add(segment, discontinuities);
        }
        Some(list)
    }

    /// Adds a segment; what the next one takes over.
    fn add(&mut self, mut segment: Segment, discontinuities: u64) -> Segment {
        segment.discontinuity = self.discontinuity + discontinuities;
        let next = Segment { map: segment.map.clone(), ..Segment::default() };
        let msn = self.sequence + self.skipped + self.segments.len() as u64;
        self.segments.insert(msn, segment);
        next
    }

    /// The number of the last complete segment.
    pub(crate) fn last_complete(&self) -> Option<u64> {
        self.segments.iter().rev().find(|(_, segment)| segment.is_complete()).map(|(msn, _)| *msn)
    }

    /// The next segment and part to wait for.
    pub(crate) fn next(&self) -> Option<(u64, u32)> {
        let (msn, segment) = self.segments.iter().next_back()?;
        Some(if segment.is_complete() { (msn + 1, 0) } else { (*msn, segment.parts.len() as u32) })
    }

    /// Whether it holds this part, or all of the segment where none is named.
    pub(crate) fn holds(&self, msn: u64, part: Option<u32>) -> bool {
        let next = self.next().unwrap_or_default();
        match part {
            Some(part) => next > (msn, part),
            None => next.0 > msn,
        }
    }
}

/// Seconds with five decimals as a whole number.
fn hundred_thousandths(seconds: &str) -> Option<u64> {
    let (whole, fraction) = seconds.split_once('.')?;
    let whole: u64 = whole.parse().ok()?;
    (fraction.len() == 5).then_some(whole * 100_000 + fraction.parse::<u64>().ok()?)
}

fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = text.split_once(name)?;
    value.split(',').next()
}

fn quoted(text: &str) -> Option<String> {
    attribute(text, "URI=\"")?.strip_suffix('"').map(str::to_owned)
}
