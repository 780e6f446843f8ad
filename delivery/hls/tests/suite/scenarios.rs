//! What publishers do, and what becomes of it.

use bytes::Bytes;
use hls::{Config, Event, Lookup, SegmentStart};
use media::{AudioInfo, CodecConfig, Entry, Kind, Timestamp, TrackId};

use crate::checker::check;
use crate::rig::{Rig, WALL};
use crate::source::{A0, Steady, V0, aac, frame, h264, metadata, tracks};

type Arrival = (Entry, i64);

fn starts(rig: &Rig, track: TrackId) -> Vec<SegmentStart> {
    let starts = rig.events.iter().filter_map(|event| match event {
        Event::SegmentStart(start) if start.track == track => Some(*start),
        _ => None,
    });
    starts.collect()
}

fn durations(rig: &Rig, track: TrackId) -> Vec<f64> {
    let ends = rig.events.iter().filter_map(|event| match event {
        Event::SegmentEnd(end) if end.track == track => Some(end.duration.seconds()),
        _ => None,
    });
    ends.collect()
}

fn without(arrivals: &[Arrival], track: TrackId, from_ms: i64, to_ms: i64) -> Vec<Arrival> {
    let hole = Timestamp::from_millis(from_ms)..Timestamp::from_millis(to_ms);
    let kept = arrivals.iter().filter(|(entry, _)| {
        !matches!(entry, Entry::Frame(frame) if frame.track == track && hole.contains(&frame.dts))
    });
    kept.cloned().collect()
}

#[test]
fn nothing_is_served_before_every_rendition_has_a_segment() {
    let mut rig = Rig::new();
    rig.push(&metadata(), WALL);
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    for (entry, wall_ms) in Steady::default().run(2_100.0) {
        rig.push(&entry, wall_ms);
        let complete = durations(&rig, A0).len() + durations(&rig, V0).len();
        assert_eq!(rig.presentation.is_ready(), complete == 2);
    }
    assert!(rig.presentation.is_ready());
}

#[test]
fn a_leading_track_that_went_and_came_back_in_the_warmup_is_measured_anew() {
    let v1 = TrackId::video(1);
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    let source = Steady { audio: false, ..Steady::default() };
    rig.feed(&source.run(1_000.0));
    rig.push(&tracks(0, &[(v1, h264())]), WALL + 1_000);
    rig.push(&tracks(0, &[(V0, h264())]), WALL + 1_000);
    rig.feed(&Steady { start: 1_200.0, group: 60, ..source }.run(10_000.0));
    rig.end(WALL + 12_000);
    assert!((durations(&rig, V0)[0] - 2.4).abs() < 1e-9);
    check(&rig);
}

#[test]
fn long_packets_of_opus_do_not_make_a_segment_longer_than_the_target_duration() {
    let record = Bytes::from_static(&[0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]);
    let info = AudioInfo { sample_rate: 48_000, channels: 2, ..AudioInfo::default() };
    let info = AudioInfo { codec_string: "opus".into(), ..info };
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, CodecConfig::Opus { record, info })]), WALL);
    let pictures = Steady { group: 61, audio: false, ..Steady::default() }.run(30_000.0);
    let sound = (0..250).map(|number| {
        let mut packet = frame(A0, f64::from(number) * 120.0, 0.0, true, 0);
        // Six frames of 20 ms.
        packet.data = Bytes::from_static(&[0xfb, 6, 0, 0]);
        (Entry::Frame(packet), WALL + i64::from(number) * 120)
    });
    let mut all: Vec<_> = pictures.into_iter().chain(sound).collect();
    all.sort_by_key(|(_, wall_ms)| *wall_ms);
    rig.feed(&all);
    rig.end(WALL + 30_000);
    check(&rig);
}

#[test]
fn audio_that_joins_later_starts_with_a_discontinuity_at_the_next_keyframe() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    let all = Steady::default().run(12_000.0);
    let (before, after): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, wall_ms)| *wall_ms < WALL + 5_000);
    rig.feed(&without(&before, A0, 0, 20_000));
    assert!(!rig.presentation.multivariant().unwrap().contains("AUDIO"));
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL + 5_000);
    rig.feed(&after);
    rig.end(WALL + 12_000);
    check(&rig);
    let index = rig.presentation.multivariant().unwrap();
    assert!(index.contains("AUDIO=\"audio\"") && index.contains("a0.m3u8"), "{index}");
    let changed: Vec<_> = starts(&rig, V0).iter().map(|start| start.discontinuity).collect();
    assert_eq!(changed, [0, 0, 0, 1, 1, 1]);
    let audio = starts(&rig, A0);
    assert_eq!((audio[0].msn, audio[0].discontinuity), (103, 1));
    let playlist = rig.presentation.media(A0, false).unwrap();
    assert!(playlist.contains("#EXT-X-MEDIA-SEQUENCE:103\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
}

#[test]
fn a_track_announced_within_the_first_segment_simply_joins() {
    let mut rig = Rig::new();
    let all = Steady::default().run(6_000.0);
    rig.push(&tracks(0, &[(A0, aac())]), WALL);
    let (before, after): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, wall_ms)| *wall_ms < WALL + 1_000);
    rig.feed(&without(&before, V0, 0, 9_000));
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL + 1_000);
    rig.feed(&after);
    rig.end(WALL + 6_000);
    check(&rig);
    assert!(starts(&rig, V0).iter().chain(&starts(&rig, A0)).all(|start| start.discontinuity == 0));
    assert_eq!(starts(&rig, V0)[0].msn, 100);
}

#[test]
fn video_that_joins_later_takes_the_lead() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(A0, aac())]), WALL);
    rig.feed(&Steady { video: false, ..Steady::default() }.run(5_000.0));
    assert!(rig.presentation.is_ready());
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL + 5_000);
    rig.feed(&Steady { start: 5_000.0, ..Steady::default() }.run(5_000.0));
    rig.end(WALL + 10_000);
    check(&rig);
    let (video, audio) = (starts(&rig, V0), starts(&rig, A0));
    assert_eq!(video[0].discontinuity, 1);
    assert_eq!(audio.last().unwrap().msn, video.last().unwrap().msn);
}

#[test]
fn a_publisher_that_returns_continues_the_numbers_after_a_discontinuity() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&Steady { b_frames: true, ..Steady::default() }.run(5_000.0));
    for (count, at) in [(1, 8_000), (2, 20_000)] {
        // Without a word of the publisher's going; its time stamps start again.
        rig.push(&tracks(count, &[(V0, h264()), (A0, aac())]), WALL + at);
        let back = Steady { b_frames: true, ..Steady::default() }.run(30_000.0);
        let back: Vec<_> = back.into_iter().map(|(entry, wall)| (entry, wall + at)).collect();
        rig.feed(&back);
    }
    check(&rig);
    let playlist = rig.presentation.media(V0, false).unwrap();
    assert!(
        playlist.contains("#EXT-X-DISCONTINUITY-SEQUENCE:2\n"),
        "the tags have left: {playlist}"
    );
    assert!(!playlist.contains("#EXT-X-DISCONTINUITY\n"));
    assert!(playlist.contains("#EXT-X-MAP:URI=\"v0-7-2.mp4\""));
    assert_eq!(starts(&rig, V0).len(), starts(&rig, A0).len());
}

#[test]
fn dropped_pictures_become_a_discontinuity_when_they_are_missing_for_too_long() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&without(&Steady::default().run(16_000.0), V0, 4_520, 8_000));
    rig.end(WALL + 16_000);
    check(&rig);
    let changed: Vec<_> = starts(&rig, V0).iter().map(|start| start.discontinuity).collect();
    assert_eq!(changed, [0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(starts(&rig, A0).len(), 7);
}

#[test]
fn a_few_dropped_pictures_are_bridged() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&without(&Steady::default().run(12_000.0), V0, 4_520, 6_000));
    rig.end(WALL + 12_000);
    check(&rig);
    assert!(starts(&rig, V0).iter().all(|start| start.discontinuity == 0));
    assert!((durations(&rig, V0).iter().sum::<f64>() - 12.0).abs() < 0.01);
}

#[test]
fn missing_sound_is_filled_so_that_audio_keeps_up() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&without(&Steady::default().run(14_000.0), A0, 3_000, 11_000));
    rig.end(WALL + 14_000);
    check(&rig);
    assert!(!rig.presentation.media(A0, false).unwrap().contains("GAP"));
    let (video, audio) = (durations(&rig, V0), durations(&rig, A0));
    assert_eq!(video.len(), audio.len());
    assert!(video.iter().zip(&audio).all(|(video, audio)| (video - audio).abs() < 0.03));
}

#[test]
fn missing_sound_of_a_codec_without_a_silent_frame_becomes_a_gap() {
    let info = AudioInfo {
        sample_rate: 48_000,
        channels: 2,
        codec_string: "mp4a.40.34".into(),
        samples_per_frame: 1_024,
    };
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, CodecConfig::Mp3 { info })]), WALL);
    rig.feed(&without(&Steady::default().run(14_000.0), A0, 3_500, 9_000));
    let playlist = rig.presentation.media(A0, false).unwrap();
    assert!(playlist.contains("#EXT-X-GAP\n#EXTINF:2.00000,\na0-7-102.m4s\n"), "{playlist}");
    assert_eq!(rig.presentation.lookup("a0-7-102.m4s"), Lookup::Gone);
    assert_eq!(starts(&rig, V0).last().unwrap().msn, starts(&rig, A0).last().unwrap().msn);
}

#[test]
fn audio_follows_its_time_stamps_when_its_clock_drifts() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    // A sound card that is 0.5 % slow: 300 ms a minute.
    let mut arrivals = Steady { audio: false, ..Steady::default() }.run(60_000.0);
    for n in 0..2_800 {
        let sound = frame(A0, f64::from(n) * 1_024.0 / 48.0 * 1.005, 0.0, true, 300);
        arrivals.push((Entry::Frame(sound.clone()), WALL + sound.dts.millis()));
    }
    arrivals
        .sort_by_key(|(entry, wall)| (*wall, matches!(entry, Entry::Frame(f) if f.track == A0)));
    rig.feed(&arrivals);
    rig.end(WALL + 60_000);
    check(&rig);
    let (video, audio) = (durations(&rig, V0), durations(&rig, A0));
    let at = |all: &[f64]| all.iter().take(28).sum::<f64>();
    assert!((at(&video) - at(&audio)).abs() < 0.03, "{} {}", at(&video), at(&audio));
}

#[test]
fn parts_are_nearly_as_long_as_their_target() {
    for frames_per_second in [24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0] {
        let mut rig = Rig::new();
        rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
        let group = (frames_per_second * 2.0_f64).round() as u32;
        rig.feed(&Steady { frames_per_second, group, ..Steady::default() }.run(30_000.0));
        rig.end(WALL + 30_000);
        check(&rig);
        let lineup = rig.presentation.lineup().unwrap();
        let target = |track| {
            let found = lineup.renditions.iter().find(|rendition| rendition.track == track);
            f64::from(found.unwrap().part_target_ms) / 1_000.0
        };
        let mut parts = rig
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Part(part) => Some(part),
                _ => None,
            })
            .collect::<Vec<_>>();
        parts.sort_by_key(|part| (part.track, part.msn, part.index));
        for pair in parts.windows(2) {
            if (pair[0].track, pair[0].msn) == (pair[1].track, pair[1].msn) {
                let share = pair[0].duration.seconds() / target(pair[0].track);
                assert!((0.85..=1.0).contains(&share), "{frames_per_second}: {share}");
            }
        }
        assert!((0.2..=0.333).contains(&target(V0)));
    }
}

#[test]
fn short_groups_are_joined_to_segments_near_the_target() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    rig.feed(&Steady { group: 12, audio: false, ..Steady::default() }.run(20_000.0));
    assert!(durations(&rig, V0).iter().all(|seconds| (1.5..=2.0).contains(seconds)));
    check(&rig);
}

#[test]
fn after_a_forced_cut_the_next_keyframe_begins_a_segment() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    // Two seconds first, ten seconds then.
    rig.feed(&Steady { audio: false, ..Steady::default() }.run(4_000.0));
    let long = Steady { start: 4_000.0, group: 250, audio: false, ..Steady::default() };
    rig.feed(&long.run(20_000.0));
    rig.end(WALL + 24_000);
    check(&rig);
    let playlist = rig.presentation.media(V0, false).unwrap();
    assert!(
        playlist.contains("#EXT-X-TARGETDURATION:2\n") && !playlist.contains("INDEPENDENT-SEG")
    );
    let keys = starts(&rig, V0).iter().filter(|start| start.independent).count();
    assert_eq!(keys, 4, "at 0, 2, 4 and 14 s");
}

#[test]
fn a_second_video_track_is_cut_where_the_first_one_is() {
    let v1 = TrackId::video(1);
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (v1, h264()), (A0, aac())]), WALL);
    let mut arrivals = Steady { b_frames: true, ..Steady::default() }.run(10_000.0);
    let second: Vec<_> = arrivals
        .iter()
        .filter_map(|(entry, wall_ms)| match entry {
            Entry::Frame(frame) if frame.track == V0 => {
                Some((Entry::Frame(media::Frame { track: v1, ..frame.clone() }), *wall_ms))
            }
            _ => None,
        })
        .collect();
    arrivals.extend(second);
    arrivals.sort_by_key(|(_, wall_ms)| *wall_ms);
    rig.feed(&arrivals);
    rig.end(WALL + 10_000);
    check(&rig);
    assert_eq!(durations(&rig, V0), durations(&rig, v1));
    assert!(starts(&rig, v1).iter().all(|start| start.independent));
    let index = rig.presentation.multivariant().unwrap();
    assert_eq!(index.matches("#EXT-X-STREAM-INF").count(), 2);
}

#[test]
fn a_track_that_cannot_be_packaged_is_named_and_the_others_go_on() {
    let mut rig = Rig::new();
    let broken = CodecConfig::H264 {
        record: Bytes::from_static(&[1, 2, 3]),
        info: h264().video().unwrap().clone(),
    };
    rig.push(&tracks(0, &[(V0, broken), (A0, aac())]), WALL);
    rig.feed(&Steady::default().run(6_000.0));
    rig.end(WALL + 6_000);
    check(&rig);
    let [(track, error)] = rig.packager.refused() else { panic!("one is refused") };
    assert_eq!(*track, V0);
    assert!(error.to_string().contains("H.264 configuration record"), "{error}");
    assert!(rig.files.keys().all(|track| track.kind == Kind::Audio));
}

#[test]
fn removed_segments_stay_for_their_duration_and_that_of_the_longest_playlist() {
    let mut rig = Rig::with(Config { window: 4, session: 7, ..Config::default() });
    rig.push(&tracks(0, &[(V0, h264())]), WALL);
    let mut gone = Vec::new();
    for (entry, wall_ms) in (Steady { audio: false, ..Steady::default() }).run(40_000.0) {
        rig.push(&entry, wall_ms);
        for expired in rig.presentation.expired(wall_ms) {
            gone.push((wall_ms - WALL, expired.range));
        }
    }
    // Segment 0 leaves when segment 4 is complete, at 10 s; the playlist was 10 s long with it.
    assert_eq!(rig.presentation.lookup("v0-7-0.m4s"), Lookup::Gone);
    assert!((22_000..22_100).contains(&gone[0].0), "{}", gone[0].0);
    assert!(gone[0].1.offset > 0, "the initialization segment lies before it and stays");
    assert!(matches!(rig.presentation.lookup("v0-7-0.mp4"), Lookup::File { .. }));
    assert!(matches!(rig.presentation.lookup("v0-7-14.m4s"), Lookup::File { .. }));
    for pair in gone.windows(2) {
        assert_eq!(pair[0].1.offset + pair[0].1.len, pair[1].1.offset, "each byte once");
    }
}

#[test]
fn the_program_date_time_runs_evenly_though_frames_come_in_bursts() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    for (entry, wall_ms) in Steady::default().run(20_000.0) {
        // Everything waits for the next full 300 ms; once the network stalls for a second.
        let late = wall_ms + 300 - wall_ms % 300;
        let stalled = if (7_000..8_000).contains(&(late - WALL)) { WALL + 8_000 } else { late };
        rig.push(&entry, stalled);
    }
    let times: Vec<_> = starts(&rig, V0).iter().map(|start| start.program_date_time).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 2_000), "{times:?}");
}
