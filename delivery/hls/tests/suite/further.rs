//! Tracks beside the leading one, whose segments follow its boundaries as far as their frames allow: no
//! segment of any track is over the target duration.

use bytes::Bytes;
use hls::{Config, Event};
use media::{AudioInfo, CodecConfig, Entry, Timestamp, TrackId};
use proptest::prelude::*;

use crate::checker::{check, check_but_holes};
use crate::rig::{Rig, WALL};
use crate::source::{A0, Steady, V0, aac, frame, h264, tracks};

const V1: TrackId = TrackId::video(1);

type Arrival = (Entry, i64);

/// A track's frames: from a time on so many, each of so many ms, every so many a keyframe.
fn frames(track: TrackId, start: f64, count: u32, step: f64, group: u32) -> Vec<Arrival> {
    let frames = (0..count).map(|n| {
        let dts = start + f64::from(n) * step;
        let entry = Entry::Frame(frame(track, dts, 0.0, n % group == 0, 100));
        (entry, WALL + dts as i64)
    });
    frames.collect()
}

fn merged(tracks: &[Vec<Arrival>]) -> Vec<Arrival> {
    let mut all = tracks.concat();
    all.sort_by_key(|(_, wall_ms)| *wall_ms);
    all
}

fn rig(segment_ms: i64) -> Rig {
    let segment = Timestamp::from_millis(segment_ms);
    Rig::with(Config { segment, session: 7, ..Config::default() })
}

fn durations(rig: &Rig, track: TrackId) -> Vec<f64> {
    let ends = rig.events.iter().filter_map(|event| match event {
        Event::SegmentEnd(end) if end.track == track => Some(end.duration.seconds()),
        _ => None,
    });
    ends.collect()
}

fn opus(packet: &'static [u8], start: f64, count: u32, step: f64) -> Vec<Arrival> {
    let mut frames = frames(A0, start, count, step, 1);
    for (entry, _) in &mut frames {
        if let Entry::Frame(frame) = entry {
            frame.data = Bytes::from_static(packet);
        }
    }
    frames
}

fn opus_config() -> CodecConfig {
    let record = Bytes::from_static(&[0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]);
    let info = AudioInfo { sample_rate: 48_000, channels: 2, ..AudioInfo::default() };
    CodecConfig::Opus { record, info: AudioInfo { codec_string: "opus".into(), ..info } }
}

#[test]
fn slow_pictures_that_are_known_at_the_start_count_for_the_target_duration() {
    let mut rig = rig(1_000);
    rig.push(&tracks(0, &[(V0, h264()), (V1, h264())]), WALL);
    let slow = frames(V1, 0.0, 140, 143.0, 14);
    rig.feed(&merged(&[frames(V0, 0.0, 500, 40.0, 35), slow]));
    rig.end(WALL + 20_000);
    check(&rig);
    assert_eq!(rig.presentation.lineup().unwrap().target_duration, 2, "1.4 s and a picture");
    let whole: f64 = durations(&rig, V1).iter().sum();
    assert!((whole - 20.0).abs() < 0.1, "{whole}: no picture is cut short");
}

#[test]
fn slow_pictures_that_come_later_are_cut_short_rather_than_over_the_target_duration() {
    let mut rig = rig(1_000);
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    let leader = frames(V0, 0.0, 1_000, 40.0, 35);
    let (before, after): (Vec<_>, Vec<_>) =
        leader.into_iter().partition(|(_, wall_ms)| *wall_ms < WALL + 5_600);
    rig.feed(&before);
    assert_eq!(rig.presentation.lineup().unwrap().target_duration, 1, "1.4 s is rounded to 1");
    rig.push(&tracks(0, &[(V0, h264()), (V1, h264())]), WALL + 5_600);
    rig.feed(&merged(&[after, frames(V1, 5_600.0, 80, 430.0, 8)]));
    rig.end(WALL + 40_000);
    check_but_holes(&rig);
    assert!(durations(&rig, V1).iter().any(|seconds| *seconds > 1.3));
    assert_eq!(durations(&rig, V0).len(), durations(&rig, V1).len() + 4);
}

#[test]
fn pictures_that_become_slow_stay_within_the_target_duration() {
    let mut rig = rig(500);
    rig.push(&tracks(0, &[(V0, h264()), (V1, h264())]), WALL);
    let leader = frames(V0, 0.0, 1_000, 20.0, 67);
    let (quick, slow) = (frames(V1, 0.0, 200, 20.0, 67), frames(V1, 4_000.0, 40, 390.0, 4));
    rig.feed(&merged(&[leader, quick, slow]));
    rig.end(WALL + 20_000);
    check_but_holes(&rig);
}

#[test]
fn a_picture_that_came_while_the_leading_track_paused_keeps_its_duration() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (V1, h264())]), WALL);
    let leader = [frames(V0, 0.0, 51, 40.0, 50), frames(V0, 4_300.0, 140, 40.0, 50)].concat();
    rig.feed(&merged(&[leader, frames(V1, 4_270.0, 140, 40.0, 50)]));
    rig.end(WALL + 10_000);
    check(&rig);
    let parts = rig.events.iter().filter_map(|event| match event {
        Event::Part(part) if part.track == V1 => Some(part.duration.seconds()),
        _ => None,
    });
    assert!(parts.fold(1.0, f64::min) > 0.039);
    assert!(rig.presentation.media(V1, false).unwrap().contains("#EXT-X-GAP\n"));
}

#[test]
fn sound_that_takes_the_lead_keeps_to_the_target_duration() {
    let mut rig = rig(1_480);
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&Steady { group: 30, ..Steady::default() }.run(5_000.0));
    assert_eq!(rig.presentation.lineup().unwrap().target_duration, 1);
    rig.push(&tracks(0, &[(A0, opus_config())]), WALL + 5_000);
    // Five frames of 20 ms: 15 packets would be 1.5 s.
    rig.feed(&opus(&[0xfb, 5, 0, 0], 5_000.0, 200, 100.0));
    rig.end(WALL + 25_000);
    check(&rig);
}

#[test]
fn lost_sound_that_nothing_is_made_up_for_leaves_a_hole_between_parts_and_not_inside_one() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, mp3())]), WALL);
    let mut sound = frames(A0, 0.0, 400, 24.0, 1);
    sound.retain(|(_, wall_ms)| !(2_500..2_900).contains(&(wall_ms - WALL)));
    rig.feed(&merged(&[frames(V0, 0.0, 240, 40.0, 50), sound]));
    rig.end(WALL + 9_600);
    check_but_holes(&rig);
}

fn mp3() -> CodecConfig {
    let info = AudioInfo { sample_rate: 48_000, channels: 2, ..AudioInfo::default() };
    let codec_string = "mp4a.40.34".into();
    CodecConfig::Mp3 { info: AudioInfo { codec_string, samples_per_frame: 1_152, ..info } }
}

#[test]
fn a_second_sound_keeps_to_the_target_duration_over_a_hole_in_the_first_one() {
    let a1 = TrackId::audio(1);
    let mut rig = rig(2_000);
    rig.push(&tracks(0, &[(A0, mp3()), (a1, aac())]), WALL);
    let mut first = frames(A0, 0.0, 500, 24.0, 1);
    // Less than a segment, but until behind the end of the one that it begins in.
    first.retain(|(_, wall_ms)| !(5_800..8_100).contains(&(wall_ms - WALL)));
    rig.feed(&merged(&[first, frames(a1, 0.0, 560, 1_024.0 / 48.0, 1)]));
    rig.end(WALL + 12_000);
    check_but_holes(&rig);
    assert!(rig.presentation.media(A0, false).unwrap().contains("#EXT-X-DISCONTINUITY\n"));
}

#[test]
fn a_lone_picture_of_a_track_that_was_slow_is_not_over_the_target_duration() {
    let mut rig = rig(1_000);
    rig.push(&tracks(0, &[(V0, h264()), (V1, h264())]), WALL);
    // Their time stamps lie far apart, though they come in the first segment.
    let slow = frames(V1, 0.0, 2, 5_000.0, 1).into_iter().map(|(entry, _)| (entry, WALL));
    rig.feed(&merged(&[frames(V0, 0.0, 75, 40.0, 25), slow.collect()]));
    rig.push(&tracks(0, &[(V1, h264())]), WALL + 3_000);
    rig.feed(&frames(V1, 3_000.0, 1, 40.0, 1));
    rig.end(WALL + 3_100);
    check(&rig);
    assert_eq!(durations(&rig, V1).last(), Some(&0.5));
}

/// A track beside the leading one: when it begins, and its pictures' durations in ms, each for so many
/// pictures.
fn further() -> impl Strategy<Value = (f64, Vec<(u32, f64)>, u32)> {
    let rates = prop::collection::vec((1_u32..80, 8.0..600.0_f64), 1..6);
    (0.0..8_000.0_f64, rates, 1_u32..40)
}

proptest! {
    #[test]
    fn no_track_is_over_the_target_duration_whatever_the_pictures_of_a_further_one(
        segment_ms in 500_i64..3_000,
        (step, group) in (8.0..200.0_f64, 1_u32..120),
        (start, rates, further_group) in further(),
        announced_ms in prop_oneof![Just(0_i64), 0_i64..9_000],
    ) {
        let leader = frames(V0, 0.0, (30_000.0 / step) as u32, step, group);
        let (mut pictures, mut at) = (Vec::new(), start);
        for (count, step) in rates {
            pictures.push(frames(V1, at, count, step, further_group));
            at += f64::from(count) * step;
        }
        let sound = frames(A0, 0.0, 1_400, 1_024.0 / 48.0, 1);
        let all = merged(&[leader, pictures.concat(), sound]);
        let (before, after): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, wall_ms)| *wall_ms < WALL + announced_ms);
        let mut rig = rig(segment_ms);
        rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
        rig.feed(&before);
        rig.push(&tracks(0, &[(V0, h264()), (V1, h264()), (A0, aac())]), WALL + announced_ms);
        rig.feed(&after);
        rig.end(WALL + 30_000);
        check_but_holes(&rig);
    }
}
