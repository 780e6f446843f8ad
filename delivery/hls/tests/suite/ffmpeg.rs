//! Real files: made by ffmpeg, packaged, and decoded by ffmpeg again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use hls::{Lookup, Target};
use media::codec::{AccessUnit, Codec};
use media::flv::{self, Message, Reader};
use media::{Entry, Frame, Kind, Timestamp, TrackId, TrackSet};

use crate::checker::check;
use crate::fragments;
use crate::rig::{Rig, WALL};
use crate::source::{A0, V0};

/// A directory that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(program: &str, arguments: &[&str], directory: &Path) -> String {
    let mut command = Command::new(program);
    // SVT-AV1 prints its settings otherwise.
    command.args(arguments).current_dir(directory).env("SVT_LOG", "0");
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    assert_eq!(errors.trim(), "", "{program} {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn make(directory: &Path, arguments: &str, name: &str) -> Vec<u8> {
    let mut all: Vec<_> = "-v error -y -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 9"
        .split(' ')
        .collect();
    all.extend(arguments.split(' '));
    all.push(name);
    run("ffmpeg", &all, directory);
    std::fs::read(directory.join(name)).unwrap()
}

/// The entries of an FLV file, as ingest would make them.
fn read_flv(file: &[u8]) -> Vec<Entry> {
    let mut tags = Vec::new();
    Reader::default().push(file, &mut tags).unwrap();
    let mut tracks = Vec::new();
    let mut entries = Vec::new();
    for tag in tags {
        let mut messages = Vec::new();
        match tag.tag_type {
            flv::TagType::Audio => flv::parse_audio(&tag.body, &mut messages).unwrap(),
            flv::TagType::Video => flv::parse_video(&tag.body, &mut messages).unwrap(),
            flv::TagType::ScriptData => {}
        }
        for message in messages {
            match message {
                Message::Config { track, .. } => {
                    tracks.push(track);
                    tracks.sort_by_key(|track| track.id);
                    let set = TrackSet { tracks: tracks.clone(), discontinuity: 0 };
                    entries.push(Entry::Tracks(Arc::new(set)));
                }
                Message::Frame(frame) => {
                    let dts = Timestamp::from_millis(i64::from(tag.timestamp_ms));
                    let unit = AccessUnit::of(Codec::H264, &frame.data);
                    let video = frame.track.kind == Kind::Video;
                    entries.push(Entry::Frame(Frame {
                        track: frame.track,
                        dts,
                        pts: dts + frame.composition,
                        keyframe: !video || unit.is_some_and(|unit| unit.idr),
                        data: frame.data,
                    }));
                }
                _ => {}
            }
        }
    }
    entries
}

/// Packages entries as they would arrive and writes everything that the playlists name.
fn package(entries: &[Entry], directory: &Path) -> Rig {
    let mut rig = Rig::new();
    let mut wall = WALL;
    for entry in entries {
        if let Entry::Frame(frame) = entry {
            wall = wall.max(WALL + frame.dts.millis());
        }
        rig.push(entry, wall);
    }
    rig.end(wall);
    assert_eq!(rig.packager.refused(), []);
    write_out(&rig, directory);
    check(&rig);
    rig
}

fn write_out(rig: &Rig, directory: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.join(name), bytes).unwrap();
    let index = rig.presentation.multivariant().unwrap();
    write("index.m3u8", index.as_bytes());
    for track in rig.files.keys() {
        let playlist = rig.presentation.media(*track, false).unwrap();
        write(&Target::Media(*track).to_string(), playlist.as_bytes());
        let map = playlist.lines().filter_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\""));
        let names = map.map(|rest| rest.trim_end_matches('"'));
        for name in names.chain(playlist.lines().filter(|line| !line.starts_with('#'))) {
            let Lookup::File { track, range } = rig.presentation.lookup(name) else {
                panic!("{name} is in the playlist but cannot be found")
            };
            write(name, rig.bytes(track, range));
        }
        write(&format!("{}.mp4", Target::Media(*track)), &rig.files[track]);
    }
}

/// Decodes the HLS presentation and each rendition's file; any complaint fails.
fn decode(rig: &Rig, directory: &Path) {
    let decode = |name: &str| {
        run("ffmpeg", &["-v", "warning", "-xerror", "-i", name, "-f", "null", "-"], directory)
    };
    decode("index.m3u8");
    for track in rig.files.keys() {
        decode(&format!("{}.mp4", Target::Media(*track)));
    }
}

/// Presentation times in seconds, sorted, as ffprobe reads them.
fn times(name: &str, stream: &str, directory: &Path) -> Vec<f64> {
    let arguments = [
        "-v",
        "error",
        "-select_streams",
        stream,
        "-show_entries",
        "packet=pts_time",
        "-of",
        "csv=p=0",
        name,
    ];
    let text = run("ffprobe", &arguments, directory);
    let mut times: Vec<f64> =
        text.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn the_seed_line_with_b_frames_and_aac_plays_and_stays_in_sync() {
    let scratch = Scratch::new("flv");
    let file = make(
        &scratch.0,
        "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 60 -c:a aac -b:a 128k -f flv",
        "in.flv",
    );
    let entries = read_flv(&file);
    let frames = |id: TrackId| {
        entries
            .iter()
            .filter(|entry| matches!(entry, Entry::Frame(frame) if frame.track == id))
            .count()
    };
    let rig = package(&entries, &scratch.0);
    decode(&rig, &scratch.0);

    let video = times("v0.m3u8.mp4", "v", &scratch.0);
    let audio = times("a0.m3u8.mp4", "a", &scratch.0);
    assert_eq!(video.len(), frames(V0), "every picture arrives");
    assert!(audio.len().abs_diff(frames(A0)) <= 5, "{} of {}", audio.len(), frames(A0));
    let source = |stream| times("in.flv", stream, &scratch.0);
    // The distance of sound and picture is the source's, at the start and at the end.
    let (source_video, source_audio) = (source("v"), source("a"));
    let last = |times: &[f64]| *times.last().unwrap();
    let drift = (last(&video) - last(&audio)) - (last(&source_video) - last(&source_audio));
    assert!(drift.abs() < 0.03, "the end is off by {drift}");
    let shift = video[0] - source_video[0];
    for time in &audio {
        let nearest = source_audio.iter().map(|at| (at + shift - time).abs()).fold(9.0, f64::min);
        assert!(nearest < 0.03, "a sound at {time} is off by {nearest}");
    }
}

#[test]
fn long_groups_are_cut_and_play() {
    let scratch = Scratch::new("long");
    let file = make(
        &scratch.0,
        "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 250 -sc_threshold 0 -c:a aac -f flv",
        "in.flv",
    );
    let rig = package(&read_flv(&file), &scratch.0);
    decode(&rig, &scratch.0);
    let playlist = rig.presentation.media(V0, false).unwrap();
    assert!(!playlist.contains("INDEPENDENT-SEGMENTS"));
    assert!(playlist.contains("#EXT-X-TARGETDURATION:4"), "{playlist}");
}

#[test]
fn silence_in_place_of_missing_sound_decodes() {
    for layout in ["mono", "stereo", "3.0", "4.0", "5.0", "5.1"] {
        let scratch = Scratch::new(&format!("silence-{layout}"));
        let file = make(
            &scratch.0,
            &format!(
                "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 60 \
                 -c:a aac -af aformat=channel_layouts={layout} -f flv"
            ),
            "in.flv",
        );
        let mut entries = read_flv(&file);
        let hole = Timestamp::from_millis(3_000)..Timestamp::from_millis(6_500);
        entries.retain(|entry| {
            !matches!(entry, Entry::Frame(frame) if frame.track == A0 && hole.contains(&frame.dts))
        });
        let rig = package(&entries, &scratch.0);
        decode(&rig, &scratch.0);
        let playlist = rig.presentation.media(A0, false).unwrap();
        assert!(!playlist.contains("EXT-X-GAP"), "{playlist}");
    }
}

#[test]
fn every_codec_that_ffmpeg_can_make_decodes_after_packaging() {
    for (name, arguments) in [
        (
            "hevc-opus",
            "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=60 -tag:v hvc1 -c:a libopus",
        ),
        ("av1-flac", "-c:v libsvtav1 -preset 12 -svtav1-params keyint=60 -c:a flac -strict -2"),
        ("vp9-mp3", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 60 -c:a libmp3lame"),
    ] {
        let scratch = Scratch::new(name);
        let form = "-f mp4 -movflags frag_keyframe+empty_moov+default_base_moof";
        let file = make(&scratch.0, &format!("{arguments} {form}"), "in.mp4");
        let rig = package(&fragments::read(&Bytes::from(file)), &scratch.0);
        decode(&rig, &scratch.0);
        for track in [V0, A0] {
            assert!(rig.presentation.media(track, false).unwrap().contains("#EXTINF:2"), "{name}");
        }
    }
}
