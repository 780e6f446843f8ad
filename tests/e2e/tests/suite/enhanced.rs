//! Enhanced RTMP, as a current ffmpeg sends and plays it.

use std::path::PathBuf;
use std::time::Duration;

use e2e::checker;
use e2e::publish::Publisher;
use e2e::server::Server;
use e2e::sources::{self, Source};
use e2e::{play, tools};

use crate::common::{live, until_segments};

const RECORDED: u32 = 5;

#[track_caller]
fn arrives(source: &Source, kind: &str, codec: &str) {
    let server = Server::start();
    let (stream, _publisher) = live(&server, source, 2);
    let dir = tempfile::tempdir().expect("a temporary directory");
    // Debian's ffmpeg plays the HLS; FLV and RTMP with these codecs take a current one.
    let players = [
        (PathBuf::from("ffmpeg"), server.hls_url(&stream.id)),
        (tools::current_ffmpeg(), server.flv_url(&stream.id)),
        (tools::current_ffmpeg(), server.rtmp_url(&stream.id)),
    ];
    std::thread::scope(|scope| {
        for (index, (ffmpeg, url)) in players.into_iter().enumerate() {
            let file = dir.path().join(format!("{index}.mkv"));
            scope.spawn(move || {
                play::pull_by(&ffmpeg, &url, RECORDED, &file);
                play::decode_by(&ffmpeg, &file);
                let description = play::describe(&file);
                let stream = play::stream_of(&description, kind);
                assert_eq!(stream["codec_name"], codec, "{url}");
                assert!(play::packets(stream) > 50, "{url}: {stream}");
                assert_eq!(description.len(), 2, "{url}: {description:?}");
            });
        }
    });
}

#[test]
fn hevc_reaches_hls_and_flv() {
    arrives(&sources::HEVC, "video", "hevc");
}

#[test]
fn opus_reaches_hls_and_flv() {
    arrives(&sources::OPUS, "audio", "opus");
}

#[test]
fn av1_reaches_hls_and_flv() {
    arrives(&sources::AV1, "video", "av1");
}

#[test]
fn a_second_sound_is_a_rendition_of_its_own_and_players_of_one_get_the_first() {
    let server = Server::start();
    let stream = server.add_stream("two sounds");
    let _publisher = Publisher::with_two_sounds(&server, &stream, &sources::OBS);
    until_segments(&server, &stream.id, 1);
    let report = checker::check(&server, &stream.id, Duration::from_secs(3));
    report.assert_clean("two sounds");
    let names: Vec<_> = report.renditions.iter().map(|rendition| rendition.name.as_str()).collect();
    assert_eq!(names, ["v0.m3u8", "a0.m3u8", "a1.m3u8"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flv.mkv");
    play::pull(&server.flv_url(&stream.id), 3, &file);
    play::decode(&file);
    assert_eq!(play::describe(&file).len(), 2);
}
