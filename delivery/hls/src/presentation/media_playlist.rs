use std::fmt::Write as _;

use media::Timestamp;

use super::Target;
use super::rendition::{RenditionState, Segment};
use super::time::{Iso8601, Seconds};
use crate::event::Lineup;

/// `PART-HOLD-BACK` in part targets (RFC 8216bis 4.4.3.8 recommends three).
const PART_HOLD_BACK: u32 = 3;
/// `HOLD-BACK` in target durations, the least that is allowed.
const HOLD_BACK: u32 = 3;
/// `CAN-SKIP-UNTIL` in target durations, the least that is allowed.
const CAN_SKIP_UNTIL: u32 = 6;
/// Delta updates are offered when the window is longer than what they cannot skip by this many segments.
const SKIP_MARGIN: u32 = 2;
/// Segments within this many target durations of the end list their parts.
const PARTS_LISTED: u32 = 3;

/// A media playlist (RFC 8216bis 4.4.3 and 4.4.4), or a delta update of it where there is enough to skip.
pub(super) fn render(
    lineup: &Lineup,
    rendition: &RenditionState,
    others: &[&RenditionState],
    skip: bool,
) -> String {
    let mut out = String::with_capacity(512 + 768 * rendition.window.len().min(16));
    write_header(&mut out, lineup, rendition);
    let skipped = if skip { skipped_segments(lineup, rendition) } else { 0 };
    if skipped > 0 {
        let _ = writeln!(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}");
    }
    let mut init = None;
    let mut left = duration(rendition);
    let listed = target_durations(lineup, PARTS_LISTED);
    for (index, segment) in rendition.window.iter().enumerate() {
        left = left - segment.duration;
        if index >= skipped {
            write_segment_tags(&mut out, lineup, rendition, segment, init);
            if left < listed {
                write_parts(&mut out, lineup, rendition, segment);
            }
            write_segment_end(&mut out, lineup, rendition, segment);
        }
        init = Some(segment.init);
    }
    if let Some(open) = rendition.open.as_ref().filter(|open| !open.parts.is_empty()) {
        write_segment_tags(&mut out, lineup, rendition, open, init);
        write_parts(&mut out, lineup, rendition, open);
    }
    if rendition.ended {
        out.push_str("#EXT-X-ENDLIST\n");
    } else {
        write_outlook(&mut out, lineup, rendition, others);
    }
    out
}

fn write_header(out: &mut String, lineup: &Lineup, rendition: &RenditionState) {
    let target = lineup.target_duration;
    let part = rendition.info.part_target_ms;
    let _ = write!(
        out,
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={},HOLD-BACK={}.0",
        Millis(part * PART_HOLD_BACK),
        target * HOLD_BACK,
    );
    if can_skip(lineup) {
        let _ = write!(out, ",CAN-SKIP-UNTIL={}.0", target * CAN_SKIP_UNTIL);
    }
    let first = rendition.window.front().or(rendition.open.as_ref());
    let (msn, discontinuity) = first.map_or((0, 0), |segment| {
        // The tag at the first segment, if it has one, counts after this.
        (segment.msn, segment.discontinuity - u32::from(segment.discontinuous))
    });
    let _ = write!(
        out,
        "\n#EXT-X-PART-INF:PART-TARGET={}\n#EXT-X-MEDIA-SEQUENCE:{msn}\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:{discontinuity}\n",
        Millis(part),
    );
    if rendition.independent {
        out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
}

/// The tags that precede a segment's parts; `init` is the initialization segment that applies already.
fn write_segment_tags(
    out: &mut String,
    lineup: &Lineup,
    rendition: &RenditionState,
    segment: &Segment,
    init: Option<u32>,
) {
    if segment.discontinuous {
        out.push_str("#EXT-X-DISCONTINUITY\n");
    }
    if init != Some(segment.init) {
        let (track, session) = (rendition.info.track, lineup.session);
        let map = Target::Init { track, session, number: segment.init };
        let _ = writeln!(out, "#EXT-X-MAP:URI=\"{map}\"");
    }
    let _ = writeln!(out, "#EXT-X-PROGRAM-DATE-TIME:{}", Iso8601(segment.program_date_time));
}

fn write_parts(out: &mut String, lineup: &Lineup, rendition: &RenditionState, segment: &Segment) {
    let (track, session, msn) = (rendition.info.track, lineup.session, segment.msn);
    for (index, part) in segment.parts.iter().enumerate() {
        let uri = Target::Part { track, session, msn, part: index as u32 };
        let independent = if part.independent { ",INDEPENDENT=YES" } else { "" };
        let duration = Seconds(part.duration);
        let _ = writeln!(out, "#EXT-X-PART:DURATION={duration},URI=\"{uri}\"{independent}");
    }
}

fn write_segment_end(
    out: &mut String,
    lineup: &Lineup,
    rendition: &RenditionState,
    segment: &Segment,
) {
    if segment.parts.is_empty() {
        out.push_str("#EXT-X-GAP\n");
    }
    let (track, session, msn) = (rendition.info.track, lineup.session, segment.msn);
    let uri = Target::Segment { track, session, msn };
    let _ = writeln!(out, "#EXTINF:{},\n{uri}", Seconds(segment.duration));
}

/// What comes next here and where the other renditions are.
fn write_outlook(
    out: &mut String,
    lineup: &Lineup,
    rendition: &RenditionState,
    others: &[&RenditionState],
) {
    if let Some(msn) = rendition.next_msn() {
        let (track, session) = (rendition.info.track, lineup.session);
        let part = rendition.open.as_ref().map_or(0, |open| open.parts.len() as u32);
        let uri = Target::Part { track, session, msn, part };
        let _ = writeln!(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{uri}\"");
    }
    for other in others {
        let Some((msn, part)) = other.last_part() else { continue };
        let uri = Target::Media(other.info.track);
        let _ = write!(out, "#EXT-X-RENDITION-REPORT:URI=\"{uri}\",LAST-MSN={msn}");
        if let Some(part) = part {
            let _ = write!(out, ",LAST-PART={part}");
        }
        out.push('\n');
    }
}

/// Whether delta updates are offered: a constant of the playlist.
fn can_skip(lineup: &Lineup) -> bool {
    lineup.window >= (CAN_SKIP_UNTIL + SKIP_MARGIN) as usize
}

/// How many of the oldest segments lie wholly before the skip boundary.
fn skipped_segments(lineup: &Lineup, rendition: &RenditionState) -> usize {
    if !can_skip(lineup) {
        return 0;
    }
    let boundary = target_durations(lineup, CAN_SKIP_UNTIL);
    let mut left = duration(rendition);
    rendition
        .window
        .iter()
        .take_while(|segment| {
            left = left - segment.duration;
            left >= boundary
        })
        .count()
}

/// The duration of all that the playlist lists.
fn duration(rendition: &RenditionState) -> Timestamp {
    let segments = rendition.window.iter().chain(&rendition.open);
    segments.fold(Timestamp::ZERO, |sum, segment| sum + segment.duration)
}

fn target_durations(lineup: &Lineup, count: u32) -> Timestamp {
    Timestamp::from_millis(i64::from(lineup.target_duration * count) * 1_000)
}

/// Milliseconds as seconds with three decimals.
struct Millis(u32);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}
