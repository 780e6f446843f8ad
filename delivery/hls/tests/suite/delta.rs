//! Playlists through an independent reader, and delta updates against full playlists.

use hls::Config;
use media::TrackId;
use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

use crate::rig::{Rig, WALL};
use crate::source::{A0, Steady, V0, aac, h264, tracks};

/// A playlist as quick-m3u8 reads it.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) target_duration: u64,
    pub(crate) part_target: f64,
    pub(crate) part_hold_back: f64,
    pub(crate) can_skip_until: Option<f64>,
    pub(crate) media_sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) skipped: u64,
    pub(crate) segments: Vec<(String, f64)>,
    /// The sums of the parts listed before each segment's line, and those after the last.
    pub(crate) parts: Vec<Vec<f64>>,
    pub(crate) ended: bool,
}

pub(crate) fn parse(text: &str) -> Parsed {
    let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
    let mut reader = Reader::from_str(text, options);
    let mut parsed = Parsed { parts: vec![Vec::new()], ..Parsed::default() };
    let mut duration = 0.0;
    while let Some(line) = reader.read_line().unwrap() {
        match line {
            HlsLine::KnownTag(KnownTag::Hls(tag)) => match tag {
                Tag::Targetduration(tag) => parsed.target_duration = tag.target_duration(),
                Tag::PartInf(tag) => parsed.part_target = tag.part_target(),
                Tag::ServerControl(tag) => {
                    assert!(tag.can_block_reload());
                    parsed.part_hold_back = tag.part_hold_back().unwrap();
                    parsed.can_skip_until = tag.can_skip_until();
                    assert!(tag.hold_back().unwrap() >= 3.0 * parsed.target_duration as f64);
                }
                Tag::MediaSequence(tag) => parsed.media_sequence = tag.media_sequence(),
                Tag::DiscontinuitySequence(tag) => {
                    parsed.discontinuity_sequence = tag.discontinuity_sequence();
                }
                Tag::Skip(tag) => parsed.skipped = tag.skipped_segments(),
                Tag::Inf(tag) => duration = tag.duration(),
                Tag::Part(tag) => parsed.parts.last_mut().unwrap().push(tag.duration()),
                Tag::Endlist(_) => parsed.ended = true,
                _ => {}
            },
            HlsLine::Uri(uri) => {
                parsed.segments.push((uri.into_owned(), duration));
                parsed.parts.push(Vec::new());
            }
            other => panic!("{other:?} in {text}"),
        }
    }
    parsed
}

/// Fails unless a playlist keeps the rules that a reader can see.
pub(crate) fn check_playlist(text: &str) -> Parsed {
    let parsed = parse(text);
    assert!(parsed.part_hold_back >= 3.0 * parsed.part_target - 1e-9);
    for (index, (uri, duration)) in parsed.segments.iter().enumerate() {
        assert!(duration.round() as u64 <= parsed.target_duration, "{uri} in {text}");
        let parts: f64 = parsed.parts[index].iter().sum();
        assert!(
            parsed.parts[index].is_empty() || (parts - duration).abs() < 1e-3,
            "{uri} in {text}"
        );
    }
    parsed
}

/// The full playlist with the blocks of its first `skipped` segments replaced by the tag.
fn shortened(full: &str, skipped: u64) -> String {
    let mut out = String::new();
    let mut left = skipped;
    let mut header = true;
    for line in full.lines() {
        let first = ["#EXT-X-MAP", "#EXT-X-PROGRAM", "#EXT-X-DISCONTINUITY\n"];
        if header && first.iter().any(|tag| format!("{line}\n").starts_with(tag)) {
            header = false;
            out.extend(["#EXT-X-SKIP:SKIPPED-SEGMENTS=", &skipped.to_string(), "\n"]);
        }
        if header || left == 0 {
            out += line;
            out.push('\n');
        }
        if !header && !line.starts_with('#') && left > 0 {
            left -= 1;
        }
    }
    out
}

fn run(window: usize, seconds: f64) {
    let mut rig = Rig::with(Config { window, session: 7, ..Config::default() });
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    let mut most = 0;
    let mut last: [Option<Parsed>; 2] = [None, None];
    for (entry, wall_ms) in Steady::default().run(seconds) {
        let before = rig.presentation.version();
        rig.push(&entry, wall_ms);
        if rig.presentation.version() == before || !rig.presentation.is_ready() {
            continue;
        }
        for (track, last) in [V0, A0].into_iter().zip(&mut last) {
            most = most.max(compare(&rig, track));
            let now = check_playlist(&rig.presentation.media(track, false).unwrap());
            if let Some(last) = last {
                assert!(now.media_sequence >= last.media_sequence);
                assert!(now.discontinuity_sequence >= last.discontinuity_sequence);
                assert_eq!(now.target_duration, last.target_duration);
                assert_eq!(now.part_target.to_bits(), last.part_target.to_bits());
                assert_eq!(now.can_skip_until, last.can_skip_until);
            }
            *last = Some(now);
        }
    }
    assert_eq!(most > 0, window >= 8, "{most} skipped of {window}");
}

fn compare(rig: &Rig, track: TrackId) -> u64 {
    let full = rig.presentation.media(track, false).unwrap();
    let delta = rig.presentation.media(track, true).unwrap();
    let skipped = parse(&delta).skipped;
    if skipped == 0 {
        assert_eq!(delta, full);
    } else {
        assert_eq!(delta, shortened(&full, skipped));
        let left = parse(&delta);
        let seconds: f64 = left.segments.iter().map(|(_, seconds)| seconds).sum();
        let open: f64 = left.parts.last().unwrap().iter().sum();
        assert!(seconds + open >= left.can_skip_until.unwrap() - 1e-3);
    }
    skipped
}

#[test]
fn delta_and_previous_make_the_full_playlist() {
    run(3, 30.0 * 1_000.0);
    run(10, 40.0 * 1_000.0);
    run(60, 140.0 * 1_000.0);
}

#[test]
fn the_multivariant_playlist_is_read_by_others() {
    let mut rig = Rig::new();
    rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
    rig.feed(&Steady::default().run(5_000.0));
    let index = rig.presentation.multivariant().unwrap();
    let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
    let mut reader = Reader::from_str(&index, options);
    let mut streams = 0;
    while let Some(line) = reader.read_line().unwrap() {
        if let HlsLine::KnownTag(KnownTag::Hls(Tag::StreamInf(stream))) = line {
            streams += 1;
            assert_eq!(stream.codecs(), Some("avc1.64001f,mp4a.40.2"));
            assert_eq!(stream.audio(), Some("audio"));
            assert!(stream.bandwidth() >= stream.average_bandwidth().unwrap());
        }
    }
    assert_eq!(streams, 1);
}
