//! The log's promises, on any order of pushes and reads.

use std::sync::Arc;

use bytes::Bytes;
use media::{AudioInfo, CodecConfig, Entry, Frame, Timestamp, Track, TrackId, TrackSet, VideoInfo};
use proptest::prelude::*;
use stream::{Cursor, Limits, Log, Read};

fn tracks(video: bool) -> Arc<TrackSet> {
    let config = CodecConfig::H264 { record: Bytes::new(), info: VideoInfo::default() };
    let video = video.then(|| Track { id: TrackId::video(0), config });
    let config = CodecConfig::Aac { record: Bytes::new(), info: AudioInfo::default() };
    let audio = Track { id: TrackId::audio(0), config };
    Arc::new(TrackSet { tracks: video.into_iter().chain([audio]).collect(), discontinuity: 0 })
}

fn frame(track: TrackId, ms: i64, keyframe: bool, len: usize) -> Entry {
    let dts = Timestamp::from_millis(ms);
    let data = Bytes::from(vec![0; len]);
    Entry::Frame(Frame { track, dts, pts: dts, keyframe, data })
}

/// A log with tracks and one video frame each 40 ms, a key frame each `group` frames.
fn video_log(frames: i64, group: i64, limits: Limits) -> Log {
    let mut log = Log::new(limits);
    log.push(Entry::Tracks(tracks(true)));
    for index in 0..frames {
        log.push(frame(TrackId::video(0), index * 40, index % group == 0, 100));
    }
    log
}

fn dts_of(read: &Read<'_>) -> Option<i64> {
    match read {
        Read::Entry(Entry::Frame(frame)) => Some(frame.dts.millis()),
        _ => None,
    }
}

#[test]
fn a_joiner_is_told_the_tracks_and_starts_at_the_newest_key_frame() {
    let log = video_log(120, 50, Limits::default());
    let mut cursor = log.join();
    let Read::Start { tracks, skipped, .. } = log.read(&mut cursor) else { panic!("no start") };
    assert!(tracks.has_video());
    assert_eq!(skipped, 0);
    assert_eq!(dts_of(&log.read(&mut cursor)), Some(100 * 40));
}

#[test]
fn a_joiner_before_the_first_key_frame_waits_for_it() {
    let mut log = Log::new(Limits::default());
    log.push(Entry::Tracks(tracks(true)));
    log.push(frame(TrackId::video(0), 0, false, 10));
    let mut cursor = log.join();
    assert!(matches!(log.read(&mut cursor), Read::Empty));
    log.push(frame(TrackId::video(0), 40, true, 10));
    assert!(matches!(log.read(&mut cursor), Read::Start { .. }));
    assert_eq!(dts_of(&log.read(&mut cursor)), Some(40));
}

#[test]
fn a_reader_that_fell_off_jumps_to_the_newest_group_and_is_counted() {
    let limits = Limits { keep: Timestamp::from_millis(1000), ..Limits::default() };
    let mut log = video_log(10, 10, limits);
    let mut cursor = log.join();
    log.read(&mut cursor);
    log.read(&mut cursor);
    for index in 10..200 {
        log.settle();
        log.push(frame(TrackId::video(0), index * 40, index % 10 == 0, 100));
    }
    let before = cursor.position();
    let Read::Start { skipped, .. } = log.read(&mut cursor) else { panic!("no jump") };
    assert!(skipped > 0);
    assert_eq!(cursor.position(), before + skipped);
    assert_eq!(dts_of(&log.read(&mut cursor)), Some(190 * 40));
}

#[test]
fn a_reader_that_fell_off_while_there_was_no_group_is_counted_too() {
    let limits = Limits { max_duration: Timestamp::from_millis(1000), ..Limits::default() };
    let mut log = video_log(1, 100, limits);
    let mut cursor = log.join();
    while !matches!(log.read(&mut cursor), Read::Empty) {}
    let before = cursor.position();
    for index in 1..100 {
        log.push(frame(TrackId::video(0), index * 40, false, 100));
    }
    assert!(matches!(log.read(&mut cursor), Read::Empty));
    log.push(frame(TrackId::video(0), 100 * 40, true, 100));
    let Read::Start { skipped, .. } = log.read(&mut cursor) else { panic!("no jump") };
    assert_eq!(skipped, 99);
    assert_eq!(cursor.position(), before + skipped);
}

#[test]
fn what_is_held_does_not_swing_with_the_groups() {
    let mut log = video_log(76, 50, Limits::default());
    for index in 76..300 {
        log.settle();
        log.push(frame(TrackId::video(0), index * 40, index % 50 == 0, 100));
        assert_eq!(log.end() - log.first(), 75);
    }
}

#[test]
fn what_comes_in_one_piece_is_held_until_readers_had_their_turn() {
    let mut log = video_log(50, 50, Limits::default());
    log.settle();
    for index in 50..200 {
        log.push(frame(TrackId::video(0), index * 40, index % 50 == 0, 100));
    }
    assert_eq!(log.first(), 51);
    log.settle();
    log.push(frame(TrackId::video(0), 200 * 40, true, 100));
    assert_eq!(log.end() - log.first(), 75);
}

#[test]
fn a_reader_that_lags_by_less_than_the_kept_time_loses_nothing() {
    let mut log = video_log(50, 50, Limits::default());
    let mut cursor = log.join();
    log.read(&mut cursor);
    for index in 50..75 {
        log.push(frame(TrackId::video(0), index * 40, index % 50 == 0, 100));
    }
    let mut seen = Vec::new();
    while let Some(dts) = dts_of(&log.read(&mut cursor)) {
        seen.push(dts);
    }
    assert_eq!(seen, (0..75).map(|index| index * 40).collect::<Vec<_>>());
}

#[test]
fn a_group_of_ten_seconds_is_kept_whole() {
    let log = video_log(250, 250, Limits::default());
    let mut cursor = log.join();
    log.read(&mut cursor);
    assert_eq!(dts_of(&log.read(&mut cursor)), Some(0));
}

#[test]
fn without_video_a_joiner_starts_at_most_a_second_back() {
    let mut log = Log::new(Limits::default());
    log.push(Entry::Tracks(tracks(false)));
    for index in 0..200 {
        log.push(frame(TrackId::audio(0), index * 20, true, 10));
    }
    let mut cursor = log.join();
    log.read(&mut cursor);
    assert!(dts_of(&log.read(&mut cursor)).unwrap() >= 199 * 20 - 1000);
}

proptest! {
    #[test]
    fn the_log_never_exceeds_its_bounds_and_a_cursor_never_goes_back(
        steps in prop::collection::vec((any::<bool>(), 0_usize..4000, 0_u8..30, any::<bool>()), 1..600)
    ) {
        let limits = Limits {
            keep: Timestamp::from_millis(500),
            max_duration: Timestamp::from_millis(3000),
            max_bytes: 64 << 10,
            max_entries: 200,
        };
        let mut log = Log::new(limits);
        log.push(Entry::Tracks(tracks(true)));
        let mut cursor = log.join();
        for (index, (is_video, len, key, read)) in steps.into_iter().enumerate() {
            let track = if is_video { TrackId::video(0) } else { TrackId::audio(0) };
            log.push(frame(track, index as i64 * 20, !is_video || key == 0, len));
            prop_assert!(log.bytes() <= limits.max_bytes);
            prop_assert!(log.end() - log.first() <= limits.max_entries as u64);
            let held = (log.first()..log.end()).map(|at| match log.get(at) {
                Some(Entry::Frame(frame)) => frame.data.len(),
                _ => 0,
            });
            prop_assert_eq!(held.sum::<usize>(), log.bytes());
            if !read {
                continue;
            }
            loop {
                let before = cursor.position();
                match log.read(&mut cursor) {
                    Read::Empty => break,
                    Read::Start { .. } => {
                        let Some(Entry::Frame(next)) = log.get(cursor.position()) else {
                            return Err(TestCaseError::fail("a start without a frame"));
                        };
                        prop_assert!(next.keyframe && next.track == TrackId::video(0));
                    }
                    Read::Entry(_) => prop_assert_eq!(cursor.position(), before + 1),
                }
                prop_assert!(cursor.position() >= before);
            }
        }
    }
}

#[test]
fn a_running_cursor_equals_one_made_at_its_place() {
    let log = video_log(3, 10, Limits::default());
    let mut cursor = log.join();
    while !matches!(log.read(&mut cursor), Read::Empty) {}
    assert_eq!(cursor, Cursor::running_at(log.end()));
}
