//! What requests are answered, and which wait.

use hls::{Config, Lookup, Readiness, Target};

use crate::rig::{Rig, WALL};
use crate::source::{A0, Steady, V0, aac, h264, tracks};

/// Segments 100 and 101 are complete with 9 parts each; 102 has 2 parts.
fn rig() -> Rig {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&Steady::default().run(4_700.0));
    rig
}

#[test]
fn a_blocking_reload_waits_for_exactly_what_it_names() {
    let rig = rig();
    let ready = |msn, part| rig.presentation.ready(V0, msn, part);
    assert_eq!(ready(None, None), Readiness::Ready);
    assert!(matches!(ready(None, Some(0)), Readiness::BadRequest(_)));
    assert_eq!(ready(Some(5), None), Readiness::Ready, "long gone: the playlist is newer");
    assert_eq!(ready(Some(101), None), Readiness::Ready);
    assert_eq!(ready(Some(102), None), Readiness::Wait, "the whole segment");
    assert_eq!(ready(Some(102), Some(1)), Readiness::Ready);
    assert_eq!(ready(Some(102), Some(2)), Readiness::Wait);
    assert_eq!(ready(Some(102), Some(4)), Readiness::Wait);
    assert!(matches!(ready(Some(102), Some(5)), Readiness::BadRequest(_)));
    assert_eq!(ready(Some(101), Some(9)), Readiness::Ready, "the first part of 102");
    assert_eq!(ready(Some(101), Some(99)), Readiness::Ready);
    assert_eq!(ready(Some(103), Some(0)), Readiness::Wait);
    assert_eq!(ready(Some(104), None), Readiness::Wait);
    assert!(matches!(ready(Some(105), None), Readiness::BadRequest(_)));
}

#[test]
fn a_part_that_the_segment_ends_before_is_answered_by_the_next_segment() {
    let mut rig = rig();
    assert_eq!(rig.presentation.ready(V0, Some(102), Some(4)), Readiness::Wait);
    rig.interrupt(WALL + 4_700);
    // 700 ms are two parts of 240 and the rest: parts 0 to 2.
    assert_eq!(rig.presentation.ready(V0, Some(102), Some(2)), Readiness::Ready);
    assert_eq!(rig.presentation.ready(V0, Some(102), Some(4)), Readiness::Wait, "103 has no part");
    assert_eq!(rig.presentation.lookup("v0-7-102.4.m4s"), Lookup::Gone);
    assert_eq!(rig.presentation.lookup("v0-7-103.0.m4s"), Lookup::Future);
}

#[test]
fn an_ended_playlist_never_waits() {
    let mut rig = rig();
    rig.end(WALL + 4_700);
    assert_eq!(rig.presentation.ready(V0, Some(900), Some(0)), Readiness::Ready);
    assert_eq!(rig.presentation.lookup("v0-7-103.0.m4s"), Lookup::Unknown);
    assert!(rig.presentation.media(V0, false).unwrap().ends_with("#EXT-X-ENDLIST\n"));
    assert_eq!(rig.presentation.last_msn(), Some(102));
}

#[test]
fn the_last_number_is_known_from_the_first_segment_on() {
    let mut rig = Rig::with(Config { session: 1, first_msn: 0, ..Config::default() });
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    assert_eq!(rig.presentation.last_msn(), None);
    let mut seen = Vec::new();
    for (entry, wall_ms) in (Steady { audio: false, ..Steady::default() }).run(4_500.0) {
        rig.push(&entry, wall_ms);
        seen.extend(rig.presentation.last_msn());
    }
    seen.dedup();
    assert_eq!(seen, [1, 2], "segment 0 comes whole");
}

#[test]
fn before_the_first_segment_everything_waits() {
    let rig = Rig::new();
    assert_eq!(rig.presentation.lookup("index.m3u8"), Lookup::Future);
    assert_eq!(rig.presentation.lookup("v0.m3u8"), Lookup::Unknown);
    assert_eq!(rig.presentation.multivariant(), None);
    assert!(matches!(rig.presentation.ready(V0, None, None), Readiness::BadRequest(_)));
}

#[test]
fn names_stand_for_files_now_later_or_never() {
    let rig = rig();
    let lookup = |name: &str| rig.presentation.lookup(name);
    assert_eq!(lookup("index.m3u8"), Lookup::Multivariant);
    assert_eq!(lookup("v0.m3u8"), Lookup::Media(V0));
    assert_eq!(lookup("v1.m3u8"), Lookup::Unknown);
    let Lookup::File { range, .. } = lookup("v0-7-0.mp4") else { panic!("the init is there") };
    assert_eq!(range.offset, 0);
    let Lookup::File { range: segment, .. } = lookup("v0-7-101.m4s") else { panic!("complete") };
    let parts: Vec<_> = (0..9)
        .map(|part| match lookup(&format!("v0-7-101.{part}.m4s")) {
            Lookup::File { range, .. } => range,
            other => panic!("part {part} is {other:?}"),
        })
        .collect();
    assert_eq!(parts[0].offset, segment.offset);
    assert_eq!(parts.iter().map(|range| range.len).sum::<u64>(), segment.len);
    for (name, expected) in [
        ("v0-7-101.9.m4s", Lookup::Gone),
        ("v0-7-102.m4s", Lookup::Future),
        ("v0-7-102.2.m4s", Lookup::Future),
        ("v0-7-102.5.m4s", Lookup::Unknown),
        ("v0-7-103.m4s", Lookup::Future),
        ("v0-7-104.m4s", Lookup::Unknown),
        ("v0-7-99.m4s", Lookup::Gone),
        ("v0-6-101.m4s", Lookup::Gone),
        ("v0-8-101.m4s", Lookup::Unknown),
        ("v0-7-1.mp4", Lookup::Unknown),
        ("../v0.m3u8", Lookup::Unknown),
    ] {
        assert_eq!(lookup(name), expected, "{name}");
    }
}

#[test]
fn the_preload_hint_names_what_a_request_may_wait_for() {
    let mut rig = rig();
    for (entry, wall_ms) in (Steady { start: 5_000.0, ..Steady::default() }).run(3_000.0) {
        rig.push(&entry, wall_ms);
        let playlist = rig.presentation.media(V0, false).unwrap();
        let hint = playlist
            .lines()
            .find_map(|line| line.strip_prefix("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\""));
        let hint = hint.unwrap().trim_end_matches('"');
        assert_eq!(rig.presentation.lookup(hint), Lookup::Future);
        let Some(Target::Part { msn, part, .. }) = Target::parse(hint) else { panic!("{hint}") };
        assert_eq!(rig.presentation.ready(V0, Some(msn), Some(part)), Readiness::Wait);
    }
}

#[test]
fn the_version_changes_with_every_visible_change() {
    let mut rig = rig();
    let mut last = (rig.presentation.version(), rig.presentation.media(V0, false));
    for (entry, wall_ms) in (Steady { start: 5_000.0, ..Steady::default() }).run(2_500.0) {
        rig.push(&entry, wall_ms);
        let now = (rig.presentation.version(), rig.presentation.media(V0, false));
        assert!(now.0 > last.0 || now.1 == last.1);
        last = now;
    }
}
