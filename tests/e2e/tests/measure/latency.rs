//! How far players are behind, and how soon the first frame is there.

use std::time::{Duration, Instant};

use e2e::browser::Page;
use e2e::http::Client;
use e2e::publish::{Publisher, Stamped};
use e2e::rtmp::Player;
use e2e::server::Server;
use e2e::wait::eventually;
use e2e::{checker, flv, sources};

use crate::common::{live, until_segments};

/// Players whose first frame is waited for.
const PLAYERS: usize = 20;
/// How far a low-latency player may be behind, 95 times of 100, in milliseconds.
const LOW_LATENCY_P95_MS: f64 = 1_500.0;
/// How long a player may wait for its first frame, half of the times, in milliseconds.
const FIRST_FRAME_P50_MS: f64 = 5.0;

/// The value below which this share of the values lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len() as f64 * share) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

#[test]
fn the_watch_page_is_at_most_1500_ms_behind_in_low_latency_mode_and_4_target_durations_without() {
    let server = Server::start();
    let stream = server.add_stream("latency");
    let _publisher = Stamped::start(&server, &stream);
    let (_, playlist) = until_segments(&server, &stream.id, 6);
    let normal = 4_000.0 * playlist.target_duration as f64 + 500.0;
    for (mode, mark) in [("low", LOW_LATENCY_P95_MS), ("normal", normal)] {
        let p95 = behind(&server.http_url(&format!("/watch/{}?latency={mode}", stream.id)), mode);
        assert!(p95 <= mark, "{mode}: p95 {p95} ms, the mark is {mark} ms");
    }
}

/// How far a page is behind, 95 times of 100, in milliseconds.
#[track_caller]
fn behind(url: &str, mode: &str) -> f64 {
    let page = Page::open(url);
    page.plays_for(8.0, Duration::from_secs(40));
    let settled = page.samples().len();
    page.plays_for(20.0, Duration::from_secs(40));
    let samples = page.samples();
    let behind = samples[settled..]
        .iter()
        .filter_map(|sample| Some(sample["now"].as_f64()? - sample["stamp"]["unixMs"].as_f64()?));
    let mut behind: Vec<f64> = behind.collect();
    let (p50, p95) = (quantile(&mut behind, 0.5), quantile(&mut behind, 0.95));
    eprintln!("latency {mode}: {} looks, p50 {p50:.0} ms, p95 {p95:.0} ms", behind.len());
    assert!(behind.len() > 50, "only {} looks", behind.len());
    p95
}

fn first_flv_frame(port: u16, id: &str) -> f64 {
    let start = Instant::now();
    let mut client = Client::connect(port).expect("the server accepts connections");
    client.send("GET", &format!("/live/{id}.flv"), &[]).expect("a request is sent");
    assert_eq!(client.receive_head().expect("an answer").status, 200);
    let mut header = [0; 13];
    client.read_exact(&mut header).expect("a header");
    loop {
        let mut head = [0; 11];
        client.read_exact(&mut head).expect("a tag");
        let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        let mut body = vec![0; length + 4];
        client.read_exact(&mut body).expect("a tag's body");
        let tag = flv::Tag { kind: flv::Kind::Video, timestamp: 0, body };
        if head[0] == 9 && tag.is_key_frame() {
            return start.elapsed().as_secs_f64() * 1000.0;
        }
    }
}

fn first_rtmp_frame(port: u16, id: &str) -> f64 {
    let start = Instant::now();
    let mut player = Player::start(port, id).expect("a live stream plays");
    while !player.tag().expect("it plays").is_key_frame() {}
    start.elapsed().as_secs_f64() * 1000.0
}

#[test]
fn a_players_first_frame_comes_within_5_ms() {
    let server = Server::start();
    let (stream, _publisher): (_, Publisher) = live(&server, &sources::OBS, 2);
    let ports = server.ports();
    let mut rtmp: Vec<f64> =
        (0..PLAYERS).map(|_| first_rtmp_frame(ports.rtmp, &stream.id)).collect();
    let mut flv: Vec<f64> = (0..PLAYERS).map(|_| first_flv_frame(ports.http, &stream.id)).collect();
    for (name, times) in [("RTMP", &mut rtmp), ("FLV", &mut flv)] {
        let (p50, p95) = (quantile(times, 0.5), quantile(times, 0.95));
        eprintln!("first frame by {name}: p50 {p50:.2} ms, p95 {p95:.2} ms");
        assert!(p50 <= FIRST_FRAME_P50_MS, "{name}: p50 {p50} ms");
    }
}

#[test]
fn viewers_resume_within_1500_ms_of_a_returned_publishers_first_key_frame() {
    let server = Server::start();
    let (stream, first) = live(&server, &sources::OBS, 3);
    let page = Page::open(&server.http_url(&format!("/watch/{}", stream.id)));
    page.plays_for(6.0, Duration::from_secs(40));
    let before = checker::playlist_now(&server, &stream.id, "v0.m3u8").next_msn();
    first.kill();
    std::thread::sleep(Duration::from_secs(5));
    let seen = page.samples().len();
    let _second = Publisher::start(&server, &stream, &sources::OBS);
    // The first part of the new group ends a part's duration after its key frame.
    let part = eventually(Duration::from_secs(10), "the playlist goes on", || {
        let playlist = checker::playlist_now(&server, &stream.id, "v0.m3u8");
        let new = playlist.all().find(|segment| segment.discontinuity && segment.msn >= before)?;
        Some(new.parts.first()?.duration)
    });
    let listed = Instant::now();
    eventually(Duration::from_secs(20), "the new pictures are shown", || {
        let samples = page.samples();
        let mut frames =
            samples[seen..].iter().filter_map(|sample| sample["stamp"]["frame"].as_u64());
        frames.any(|frame| frame < 90).then_some(())
    });
    let resumed = listed.elapsed() + Duration::from_secs_f64(part);
    eprintln!("viewers resume {} ms after the new key frame", resumed.as_millis());
    assert!(resumed <= Duration::from_millis(1_500), "{resumed:?}");
}
