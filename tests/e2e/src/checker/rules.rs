//! What must hold of one playlist, of two in a row, and of a delta update. Each rule gives a complaint in
//! words; the tests show that each can.

use std::collections::BTreeSet;

use super::playlist::{Multivariant, Part, Playlist, Segment};

/// Durations are written with finite precision: this much of a difference is none, in seconds.
const ROUNDING: f64 = 0.000_1;
/// The least part of the part target that a part may have which is not its segment's last (RFC 8216bis
/// 4.4.4.9).
const LEAST_PART: f64 = 0.85;
/// Holds for a part hold-back in part targets.
const PART_HOLD_BACKS: f64 = 3.0;
/// Target durations in the least hold-back (4.4.3.8).
const HOLD_BACKS: f64 = 3.0;
/// Target durations in the least skip boundary (4.4.3.8).
const SKIP_UNTIL: f64 = 6.0;
/// The version from which EXT-X-SKIP is known (section 8).
const SKIP_VERSION: u64 = 9;

/// What is wrong with a multivariant playlist.
pub(super) fn multivariant(playlist: &Multivariant) -> Vec<String> {
    let mut said = Vec::new();
    if playlist.variants.is_empty() {
        said.push("no variants".into());
    }
    for variant in &playlist.variants {
        if variant.codecs.is_empty() || variant.bandwidth == 0 {
            said.push(format!("a variant without codecs or bandwidth: {variant:?}"));
        }
        if variant.average.is_some_and(|average| average > variant.bandwidth) {
            said.push(format!("the average is over the peak: {variant:?}"));
        }
        let known = |group: &String| playlist.audio.iter().any(|audio| audio.0 == *group);
        if variant.audio.as_ref().is_some_and(|group| !known(group)) {
            said.push(format!("an audio group that is nowhere: {variant:?}"));
        }
    }
    said
}

/// What is wrong with a complete playlist by itself.
pub fn single(playlist: &Playlist) -> Vec<String> {
    let mut said = header(playlist);
    for segment in &playlist.segments {
        said.extend(segment_durations(playlist, segment));
    }
    for segment in playlist.all() {
        said.extend(part_durations(playlist, segment));
        if segment.map.is_empty() {
            said.push(format!("segment {} has no EXT-X-MAP", segment.msn));
        }
        if segment.time_of_day.is_none() {
            said.push(format!("segment {} has no EXT-X-PROGRAM-DATE-TIME", segment.msn));
        }
    }
    let mut names = BTreeSet::new();
    let parts = playlist.all().flat_map(|segment| &segment.parts).map(|part| &part.uri);
    for name in playlist.segments.iter().map(|segment| &segment.uri).chain(parts) {
        if !names.insert(name) {
            said.push(format!("{name} stands twice in one playlist"));
        }
    }
    match &playlist.hint {
        Some(hint) if names.contains(&hint.uri) => {
            said.push(format!("the preload hint {} is listed already", hint.uri));
        }
        Some(_) if playlist.ended => said.push("a preload hint after the end".into()),
        None if !playlist.ended => said.push("no preload hint".into()),
        _ => {}
    }
    said
}

fn header(playlist: &Playlist) -> Vec<String> {
    let target = playlist.target_duration as f64;
    let mut said = Vec::new();
    let mut at_least = |what: &str, value: Option<f64>, least: f64| {
        if value.is_none_or(|value| value + ROUNDING < least) {
            said.push(format!("{what} is {value:?}, less than {least}"));
        }
    };
    at_least("PART-TARGET", Some(playlist.part_target), 0.001);
    at_least("PART-HOLD-BACK", playlist.part_hold_back, PART_HOLD_BACKS * playlist.part_target);
    at_least("HOLD-BACK", playlist.hold_back, HOLD_BACKS * target);
    if playlist.can_skip_until.is_some() {
        at_least("CAN-SKIP-UNTIL", playlist.can_skip_until, SKIP_UNTIL * target);
        at_least("EXT-X-VERSION", Some(playlist.version as f64), SKIP_VERSION as f64);
    }
    if !playlist.can_block {
        said.push("no CAN-BLOCK-RELOAD".into());
    }
    said
}

fn segment_durations(playlist: &Playlist, segment: &Segment) -> Option<String> {
    if segment.duration.round() > playlist.target_duration as f64 {
        let Segment { msn, duration, .. } = segment;
        return Some(format!("segment {msn} of {duration} s is over the target duration"));
    }
    let sum: f64 = segment.parts.iter().map(|part| part.duration).sum();
    let rounding = ROUNDING * (segment.parts.len() + 1) as f64;
    let differs = !segment.parts.is_empty() && (sum - segment.duration).abs() > rounding;
    differs
        .then(|| format!("segment {} of {} s has parts of {sum} s", segment.msn, segment.duration))
}

fn part_durations(playlist: &Playlist, segment: &Segment) -> Vec<String> {
    let target = playlist.part_target;
    let last = segment.parts.len().saturating_sub(1);
    let wrong = |(index, part): (usize, &Part)| {
        let short = index < last && part.duration < LEAST_PART * target - ROUNDING;
        let long = part.duration > target + ROUNDING;
        let Part { uri, duration, .. } = part;
        (short || long)
            .then(|| format!("part {uri} of {duration} s with a part target of {target} s"))
    };
    segment.parts.iter().enumerate().filter_map(wrong).collect()
}

/// What is wrong with a complete playlist `after` that follows `before` of the same rendition.
pub fn succession(before: &Playlist, after: &Playlist) -> Vec<String> {
    let mut said = Vec::new();
    let constants = |playlist: &Playlist| {
        let Playlist { version, target_duration, part_target, can_block, .. } = *playlist;
        let Playlist { hold_back, part_hold_back, can_skip_until, .. } = *playlist;
        let backs = (hold_back, part_hold_back, can_skip_until);
        format!("{:?}", (version, target_duration, part_target, can_block, backs))
    };
    if constants(before) != constants(after) {
        said.push(format!("constants changed: {} to {}", constants(before), constants(after)));
    }
    if after.media_sequence < before.media_sequence {
        let (old, new) = (before.media_sequence, after.media_sequence);
        said.push(format!("MEDIA-SEQUENCE went back from {old} to {new}"));
    }
    if after.next_part() < before.next_part() {
        let (old, new) = (before.next_part(), after.next_part());
        said.push(format!("the end went back from {old:?} to {new:?}"));
    }
    if before.ended && before != after {
        said.push("it changed after its end".into());
    }
    let removed = before.all().filter(|segment| segment.msn < after.media_sequence);
    let removed = removed.filter(|segment| segment.discontinuity).count() as u64;
    let due = before.discontinuity_sequence + removed;
    if after.media_sequence <= before.next_msn() && after.discontinuity_sequence != due {
        let found = after.discontinuity_sequence;
        said.push(format!(
            "DISCONTINUITY-SEQUENCE is {found}, after what was removed it must be {due}"
        ));
    }
    for old in before.all() {
        if let Some(new) = after.all().find(|segment| segment.msn == old.msn) {
            said.extend(same_segment(old, new));
        }
    }
    said
}

/// A segment that two playlists list must be the same, but may have grown and may have lost the list of
/// its parts.
fn same_segment(old: &Segment, new: &Segment) -> Option<String> {
    let closed = !old.uri.is_empty();
    let grown = if closed || new.uri.is_empty() { old.parts.len() } else { new.parts.len() };
    let parts_agree = new.parts.is_empty() && !new.uri.is_empty()
        || new.parts.len() >= old.parts.len()
            && new.parts[..old.parts.len()] == old.parts
            && (!closed || old.parts.is_empty() || new.parts.len() == grown);
    let frame = |segment: &Segment| {
        let Segment { discontinuity, map, time_of_day, .. } = segment.clone();
        (discontinuity, map, time_of_day)
    };
    let file = |segment: &Segment| (segment.duration, segment.uri.clone(), segment.gap);
    let same = parts_agree && frame(old) == frame(new) && (!closed || file(old) == file(new));
    (!same).then(|| format!("segment {} changed from {old:?} to {new:?}", old.msn))
}

/// The complete playlist that a delta update of `before` stands for.
pub fn expand(before: &Playlist, delta: &Playlist) -> Result<Playlist, String> {
    let skipped = delta.skipped.ok_or("it is no delta update")?;
    let mut full = delta.clone();
    full.skipped = None;
    let mut segments = Vec::new();
    for msn in delta.media_sequence..delta.media_sequence + skipped {
        let known = before.segments.iter().find(|segment| segment.msn == msn);
        let known =
            known.ok_or_else(|| format!("it skips segment {msn}, which was never listed"))?;
        // A skipped segment is old enough to have no list of parts.
        segments.push(Segment { parts: Vec::new(), ..known.clone() });
    }
    let mut map = segments.last().map(|segment| segment.map.clone()).unwrap_or_default();
    for segment in full.segments.iter_mut().chain(&mut full.open) {
        if segment.map.is_empty() {
            segment.map.clone_from(&map);
        }
        map.clone_from(&segment.map);
    }
    segments.append(&mut full.segments);
    full.segments = segments;
    Ok(full)
}

#[cfg(test)]
mod tests;
