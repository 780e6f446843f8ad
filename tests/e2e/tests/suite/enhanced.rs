//! Enhanced RTMP, as a current ffmpeg sends and plays it.

use std::path::PathBuf;

use e2e::server::Server;
use e2e::sources::{self, Source};
use e2e::{play, tools};

use crate::common::live;

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
