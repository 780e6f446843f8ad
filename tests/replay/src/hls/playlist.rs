use std::collections::BTreeMap;

/// A media playlist, taken apart as a player does.
#[derive(Debug, Default)]
pub(super) struct Playlist<'a> {
    pub(super) target_duration: u64,
    pub(super) sequence: u64,
    pub(super) discontinuity: u64,
    pub(super) skipped: u64,
    pub(super) ended: bool,
    /// By media sequence number, what the playlist says of each complete segment.
    pub(super) segments: BTreeMap<u64, Segment<'a>>,
    pub(super) parts: Vec<&'a str>,
    pub(super) maps: Vec<&'a str>,
    pub(super) hint: Option<&'a str>,
}

/// What stays the same of a segment in every playlist that has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) uri: &'a str,
    pub(super) duration: &'a str,
    pub(super) date: &'a str,
    pub(super) gap: bool,
    pub(super) discontinuous: bool,
    /// The initialization segment that applies; unknown behind skipped segments.
    pub(super) map: Option<&'a str>,
}

impl<'a> Playlist<'a> {
    /// Panics where the text is no playlist.
    pub(super) fn parse(text: &'a str) -> Self {
        let mut list = Self::default();
        let mut segment = Segment::default();
        assert!(text.starts_with("#EXTM3U\n") && text.ends_with('\n'));
        for line in text.lines() {
            assert!(!line.is_empty(), "an empty line");
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-TARGETDURATION" => list.target_duration = number(value),
                "#EXT-X-MEDIA-SEQUENCE" => list.sequence = number(value),
                "#EXT-X-DISCONTINUITY-SEQUENCE" => list.discontinuity = number(value),
                "#EXT-X-SKIP" => list.skipped = number(after(value, "SKIPPED-SEGMENTS=")),
                "#EXT-X-DISCONTINUITY" => segment.discontinuous = true,
                "#EXT-X-GAP" => segment.gap = true,
                "#EXT-X-PROGRAM-DATE-TIME" => segment.date = value,
                "#EXT-X-MAP" => {
                    let uri = quoted(value);
                    segment.map = Some(uri);
                    list.maps.push(uri);
                }
                "#EXT-X-PART" => list.parts.push(quoted(value)),
                "#EXT-X-PRELOAD-HINT" => list.hint = Some(quoted(value)),
                "#EXTINF" => segment.duration = value.trim_end_matches(','),
                "#EXT-X-ENDLIST" => list.ended = true,
                _ if line.starts_with('#') => {}
                uri => {
                    segment.uri = uri;
                    let msn = list.sequence + list.skipped + list.segments.len() as u64;
                    let next = Segment { map: segment.map, ..Segment::default() };
                    list.segments.insert(msn, std::mem::replace(&mut segment, next));
                }
            }
        }
        list
    }

    /// The number of the last complete segment.
    pub(super) fn last(&self) -> Option<u64> {
        self.segments.keys().next_back().copied()
    }
}

impl Segment<'_> {
    /// In milliseconds.
    pub(super) fn millis(&self) -> f64 {
        self.duration.parse::<f64>().expect("a duration is a number") * 1000.0
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("the playlist has a number here")
}

fn after<'a>(text: &'a str, name: &str) -> &'a str {
    let (_, value) = text.split_once(name).expect("the tag has its attribute");
    value.split(',').next().unwrap_or(value)
}

fn quoted(text: &str) -> &str {
    let value = after(text, "URI=\"");
    value.strip_suffix('"').expect("the quote closes")
}
