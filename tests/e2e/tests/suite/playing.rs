//! What is published arrives in every protocol, complete, decodable and in sync.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use e2e::analysis::timing;
use e2e::flv::{self, Tag};
use e2e::rtmp::Player;
use e2e::server::{Server, Site, Stream};
use e2e::sources::{self, Source};
use e2e::wait::eventually;
use e2e::websocket::Listener;
use e2e::{http, play};

use crate::common::{live, until_segments};

/// How far sound and picture may drift apart between the source and a player, in milliseconds.
const SYNC_MS: f64 = 40.0;
/// The time that each player records, in seconds: over the seed's distance between key frames.
const RECORDED: u32 = 10;
const RECORDING: Duration = Duration::from_secs(RECORDED as u64);

/// Decodes a recording without an error, and compares its sync with the source's.
#[track_caller]
fn assert_like_source(recording: &Path, source: &Source, what: &str) {
    play::decode(recording);
    let (found, reference) = (timing(recording), timing(&source.file()));
    assert!(found.pictures >= 30 && found.stamped == found.pictures, "{what}: {found:?}");
    assert_eq!(found.missing, 0, "{what}: {found:?}");
    assert!(found.beeps >= 1, "{what}: {found:?}");
    let drift = found.sound_after_picture_ms - reference.sound_after_picture_ms;
    assert!(
        drift.abs() <= SYNC_MS,
        "{what}: {drift} ms apart: {found:?}, the source: {reference:?}"
    );
}

fn record_rtmp(server: &Server, stream: &Stream) -> Vec<Tag> {
    let mut player = Player::start(server.ports().rtmp, &stream.id).expect("a live stream plays");
    player.record(RECORDING).expect("it plays on")
}

fn record_websocket(server: &Server, stream: &Stream) -> Vec<Tag> {
    let target = format!("/live/{}.flv", stream.id);
    let mut socket = Listener::open(server.ports().http, &target);
    flv::read_header(&mut socket).expect("an FLV header");
    let mut tags: Vec<Tag> = Vec::new();
    let played = |tags: &[Tag]| {
        let time = |tag: Option<&Tag>| tag.map_or(0, |tag| tag.timestamp);
        time(tags.last()).saturating_sub(time(tags.iter().find(|tag| !tag.is_configuration())))
    };
    while played(&tags) < RECORDED * 1000 {
        tags.push(flv::read_tag(&mut socket).expect("a tag").expect("it plays on"));
        if tags.len() == 100 {
            socket.ping(b"still here").expect("a ping is sent");
        }
    }
    tags
}

/// One publisher, and a player of each protocol at the same time.
fn plays_everywhere(source: &Source) {
    let server = Server::start();
    let (stream, _publisher) = live(&server, source, 2);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| dir.path().join(name);
    let files = ["hls.mkv", "rtmp.mkv", "flv.mkv", "second-client.flv", "websocket.flv"].map(file);
    std::thread::scope(|scope| {
        let urls =
            [server.hls_url(&stream.id), server.rtmp_url(&stream.id), server.flv_url(&stream.id)];
        for (url, file) in urls.into_iter().zip(&files) {
            scope.spawn(move || play::pull(&url, RECORDED, file));
        }
        for (record, file) in [
            (record_rtmp as fn(&Server, &Stream) -> Vec<Tag>, &files[3]),
            (record_websocket, &files[4]),
        ] {
            let (server, stream) = (&server, &stream);
            scope.spawn(move || {
                let tags = record(server, stream);
                let mut file = File::create(file).expect("a writable directory");
                flv::write_file(&mut file, &tags).expect("tags of a usual size");
            });
        }
    });
    for file in &files {
        assert_like_source(file, source, &file.display().to_string());
    }
}

#[test]
fn the_readmes_ffmpeg_command_plays_in_every_protocol_in_sync() {
    plays_everywhere(&sources::SEED);
}

#[test]
fn an_obs_like_stream_plays_in_every_protocol_in_sync() {
    plays_everywhere(&sources::OBS);
}

#[test]
fn obs_custom_server_defaults_and_a_webcams_chroma_play_in_ffmpeg() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for source in [&sources::OBS_CUSTOM, &sources::CHROMA_422] {
            let (server, dir) = (&server, dir.path());
            scope.spawn(move || {
                let (stream, _publisher) = live(server, source, 2);
                let urls = [
                    server.hls_url(&stream.id),
                    server.rtmp_url(&stream.id),
                    server.flv_url(&stream.id),
                ];
                std::thread::scope(|scope| {
                    for (index, url) in urls.into_iter().enumerate() {
                        let file = dir.join(format!("{}-{index}.mkv", source.name));
                        scope.spawn(move || {
                            play::pull(&url, RECORDED, &file);
                            play::decode(&file);
                            let description = play::describe(&file);
                            for kind in ["video", "audio"] {
                                let count = play::packets(play::stream_of(&description, kind));
                                assert!(count > 100, "{url}: {count} packets of {kind}");
                            }
                        });
                    }
                });
                let status = server.get(&format!("/live/{}/status.json", stream.id)).json();
                let advice = status["advice"].to_string();
                let due = if source.name == "422" { "-pix_fmt yuv420p" } else { "-g 60" };
                assert!(advice.contains(due), "{}: {status}", source.name);
            });
        }
    });
}

#[test]
fn the_demo_stream_is_live_by_itself_whole_and_in_sync() {
    let server = Site::new().start_by(&[], &["--demo"]);
    let id = eventually(Duration::from_secs(20), "the demo stream is listed", || {
        let live = server.get("/live.json").json();
        Some(live["streams"].as_array()?.first()?["id"].as_str()?.to_owned())
    });
    until_segments(&server, &id, 2);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("demo.mkv");
    play::pull(&server.hls_url(&id), 6, &file);
    play::decode(&file);
    let found = timing(&file);
    assert!(found.pictures > 100 && found.stamped == found.pictures, "{found:?}");
    // Where the machine is too busy to encode in time, a picture is left out now and then.
    assert!(found.missing * 4 < found.pictures && found.beeps >= 3, "{found:?}");
    assert!(found.sound_after_picture_ms.abs() <= SYNC_MS, "{found:?}");
}

#[test]
fn a_stream_that_is_not_live_is_refused_to_players_in_each_protocols_own_words() {
    let server = Server::start();
    let stream = server.add_stream("not live");
    let id = &stream.id;
    let port = server.ports().http;
    for path in
        [format!("/live/{id}.flv"), format!("/live/{id}/index.m3u8"), format!("/live/{id}/v0.m3u8")]
    {
        let response = http::get(port, &path);
        assert_eq!(response.status, 404, "{path}");
        assert_eq!(response.field("content-type"), Some("application/problem+json"), "{path}");
    }
    let refusal = Player::start(server.ports().rtmp, id).err().expect("nothing to play");
    let said = format!("{refusal:?}");
    assert!(said.contains("NetStream.Play.StreamNotFound"), "{said}");
    let status = server.get(&format!("/live/{id}/status.json")).json();
    assert_eq!(status["state"], "offline", "{status}");
}
