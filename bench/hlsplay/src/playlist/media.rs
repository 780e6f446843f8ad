use super::PlaylistError;
use super::tags;

/// A run of [`Media`]'s URIs: [`Media::text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// A run of a resource's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub offset: u64,
    /// How many; may be 0.
    pub len: u64,
}

/// An initialization section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Its resource.
    pub uri: Span,
    /// `None` for all of it.
    pub range: Option<ByteRange>,
}

/// A segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its media sequence number.
    pub msn: u64,
    /// Whether all of it is there. Only a playlist's last segment may be in the making: it has
    /// parts and no URI yet.
    pub complete: bool,
    /// Microseconds; of one in the making those of its parts.
    pub duration_us: u64,
    /// Its resource; empty while it is in the making.
    pub uri: Span,
    /// `None` for all of the resource.
    pub range: Option<ByteRange>,
    /// Whether timestamps or formats may differ from the segment before.
    pub discontinuity: bool,
    /// There is no media: it is not to be fetched.
    pub gap: bool,
    /// The initialization section in effect: an index into [`Media::maps`].
    pub map: Option<u32>,
    /// The first of its parts in the playlist's.
    pub(super) first_part: u32,
    /// How many of its parts are listed.
    pub parts: u32,
}

/// A part of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its resource.
    pub uri: Span,
    /// `None` for all of the resource.
    pub range: Option<ByteRange>,
    /// Microseconds.
    pub duration_us: u64,
    /// Whether decoding can start here.
    pub independent: bool,
    /// There is no media: it is not to be fetched.
    pub gap: bool,
}

/// A media playlist (RFC 8216bis 4.4.3 and 4.4.4). Times are microseconds.
///
/// Reading the next version into the same value allocates nothing once it has grown to its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// `EXT-X-TARGETDURATION`.
    pub target_us: u64,
    /// `PART-TARGET`: the server offers parts.
    pub part_target_us: Option<u64>,
    /// `CAN-BLOCK-RELOAD`.
    pub can_block: bool,
    /// `HOLD-BACK`.
    pub hold_back_us: Option<u64>,
    /// `PART-HOLD-BACK`.
    pub part_hold_back_us: Option<u64>,
    /// `CAN-SKIP-UNTIL`: the server offers delta updates.
    pub can_skip_until_us: Option<u64>,
    /// `EXT-X-MEDIA-SEQUENCE`.
    pub media_sequence: u64,
    /// `EXT-X-ENDLIST`: nothing follows.
    pub ended: bool,
    /// `SKIPPED-SEGMENTS` of a delta update that was not merged yet.
    pub skipped: u64,
    /// The resource that will be the next part: `EXT-X-PRELOAD-HINT`.
    pub hint: Option<Span>,
    pub(super) segments: Vec<Segment>,
    pub(super) parts: Vec<Part>,
    pub(super) maps: Vec<Map>,
    /// All URIs, one behind the other.
    pub(super) uris: String,
}

impl Media {
    /// Reads one.
    ///
    /// # Errors
    /// As [`Media::read`].
    pub fn parse(text: &str) -> Result<Self, PlaylistError> {
        let mut media = Self::default();
        media.read(text)?;
        Ok(media)
    }

    /// Replaces this one by what `text` says, in the memory that it has.
    ///
    /// # Errors
    /// The line and what is wrong; the value is of no use then.
    pub fn read(&mut self, text: &str) -> Result<(), PlaylistError> {
        self.clear();
        tags::read(self, text)
    }

    /// Completes a delta update by the segments of the version before (RFC 8216bis 6.2.5.1); anything
    /// else stays as it is. False when `before` lacks some of them: ask for a full playlist.
    #[must_use]
    pub fn merge(&mut self, before: &Self) -> bool {
        let skipped = std::mem::take(&mut self.skipped);
        if skipped == 0 {
            return true;
        }
        let (first, end) = (self.media_sequence, self.media_sequence.saturating_add(skipped));
        let Ok(from) = before.segments.binary_search_by_key(&first, |segment| segment.msn) else {
            return false;
        };
        let taken = before.segments.get(from..).unwrap_or_default();
        let taken = taken.get(..usize::try_from(skipped).unwrap_or(usize::MAX)).unwrap_or_default();
        if taken.last().is_none_or(|last| !last.complete || last.msn + 1 != end) {
            return false;
        }
        let mut inherited = None;
        let (uris, maps) = (&mut self.uris, &mut self.maps);
        let copies = taken.iter().map(|segment| {
            inherited = inherit(maps, uris, before, segment.map, inherited);
            let uri = copy(uris, before, segment.uri);
            // Parts of what lies before the skip boundary are not listed any more.
            let map = inherited.map(|(_, new)| new);
            Segment { uri, map, first_part: 0, parts: 0, ..*segment }
        });
        self.segments.splice(0..0, copies);
        let inherited = inherited.map(|(_, new)| new);
        let listed = self.segments.iter_mut().skip(taken.len());
        for segment in listed.take_while(|segment| segment.map.is_none()) {
            segment.map = inherited;
        }
        true
    }

    /// The segments, oldest first. Their numbers follow each other without a gap.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment with this number.
    pub fn segment(&self, msn: u64) -> Option<&Segment> {
        let index = msn.checked_sub(self.segments.first()?.msn)?;
        self.segments.get(usize::try_from(index).ok()?)
    }

    /// The listed parts of one of the segments.
    pub fn parts(&self, segment: &Segment) -> &[Part] {
        let (first, count) = (segment.first_part as usize, segment.parts as usize);
        self.parts.get(first..first + count).unwrap_or_default()
    }

    /// The initialization sections.
    pub fn maps(&self) -> &[Map] {
        &self.maps
    }

    /// A URI as it is written.
    pub fn text(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.uris.get(start..start + span.len as usize).unwrap_or_default()
    }

    /// The number of the next segment, and of its next part, that is not listed (RFC 8216bis
    /// 6.2.5.2); `None` for a playlist without segments.
    pub fn next(&self) -> Option<(u64, u32)> {
        let last = self.segments.last()?;
        Some(if last.complete { (last.msn + 1, 0) } else { (last.msn, last.parts) })
    }

    fn clear(&mut self) {
        let Self { segments, parts, maps, uris, .. } = std::mem::take(self);
        *self = Self { segments, parts, maps, uris, ..Self::default() };
        self.segments.clear();
        self.parts.clear();
        self.maps.clear();
        self.uris.clear();
    }
}

/// The initialization section of a segment of another playlist, copied unless it is the one that was
/// copied last: its index there and here.
fn inherit(
    maps: &mut Vec<Map>,
    uris: &mut String,
    from: &Media,
    map: Option<u32>,
    last: Option<(u32, u32)>,
) -> Option<(u32, u32)> {
    let old = map?;
    if last.is_some_and(|(known, _)| known == old) {
        return last;
    }
    let map = from.maps.get(old as usize)?;
    maps.push(Map { uri: copy(uris, from, map.uri), ..*map });
    Some((old, maps.len() as u32 - 1))
}

/// Copies a URI of another playlist behind the own ones.
fn copy(uris: &mut String, from: &Media, span: Span) -> Span {
    let start = uris.len() as u32;
    uris.push_str(from.text(span));
    Span { start, len: span.len }
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
