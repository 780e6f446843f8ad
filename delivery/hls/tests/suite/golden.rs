//! Playlists as exact text. `UPDATE_GOLDEN=1 cargo test -p hls golden` writes the expectations anew.

use std::path::Path;

use hls::Config;
use media::Timestamp;

use crate::rig::{Rig, WALL};
use crate::source::{A0, Steady, V0, aac, h264, tracks};

fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, expected, "{name}");
}

#[test]
fn a_live_stream_with_video_and_audio() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&Steady::default().run(4_700.0));
    assert_golden("live-index.m3u8", &rig.presentation.multivariant().unwrap());
    assert_golden("live-v0.m3u8", &rig.presentation.media(V0, false).unwrap());
    assert_golden("live-a0.m3u8", &rig.presentation.media(A0, false).unwrap());
}

#[test]
fn a_delta_update() {
    let mut rig = Rig::with(Config { window: 12, session: 7, ..Config::default() });
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    rig.feed(&Steady { audio: false, ..Steady::default() }.run(40_300.0));
    assert_golden("delta-v0.m3u8", &rig.presentation.media(V0, true).unwrap());
}

#[test]
fn a_stream_of_sound_alone_that_ended() {
    let segment = Timestamp::from_millis(4_000);
    let mut rig = Rig::with(Config { segment, session: 9, ..Config::default() });
    rig.push(&tracks(0, &[(A0, aac())]), WALL);
    rig.feed(&Steady { video: false, ..Steady::default() }.run(10_000.0));
    rig.end(WALL + 10_000);
    assert_golden("audio-index.m3u8", &rig.presentation.multivariant().unwrap());
    assert_golden("audio-a0.m3u8", &rig.presentation.media(A0, false).unwrap());
}

#[test]
fn a_publisher_that_came_back() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&Steady::default().run(5_000.0));
    rig.interrupt(WALL + 5_100);
    rig.push(&tracks(1, &[(V0, h264()), (A0, aac())]), WALL + 9_000);
    let back = Steady { group: 25, ..Steady::default() }.run(3_100.0);
    let back: Vec<_> = back.into_iter().map(|(entry, wall)| (entry, wall + 9_000)).collect();
    rig.feed(&back);
    assert_golden("return-v0.m3u8", &rig.presentation.media(V0, false).unwrap());
    assert_golden("return-a0.m3u8", &rig.presentation.media(A0, false).unwrap());
}

#[test]
fn groups_that_are_too_long() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    let long = Steady { audio: false, group: 250, b_frames: true, ..Steady::default() };
    rig.feed(&long.run(14_000.0));
    assert_golden("long-v0.m3u8", &rig.presentation.media(V0, false).unwrap());
}
