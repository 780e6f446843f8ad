//! Readers that stop reading hold nobody else up.

use std::time::{Duration, Instant};

use e2e::http::Client;
use e2e::rtmp::Player;
use e2e::server::Server;
use e2e::sources;

use crate::common::{live, until_segments};

/// Connections of each kind: enough for the kernel to give each of two shards some.
const EACH: usize = 8;
const OBSERVED: Duration = Duration::from_secs(4);
/// A heart beats every 20 ms; beats that come later than another 20 ms are counted.
const LATE: &str = "over_ms=\"20\"";
/// Of the 400 beats that two shards do meanwhile: what another process on the same cores may take.
const SLACK: u64 = 20;
/// No beat for this many seconds: the shard hangs.
const HUNG: f64 = 1.0;

/// Late beats of all shards while this watched, and the oldest last beat seen, in seconds.
fn beats(server: &Server) -> (u64, f64) {
    let mut client = Client::connect(server.ports().api).expect("the control port answers");
    let mut metrics = || client.get("/metrics").expect("metrics").text();
    let late = |metrics: &str| -> u64 {
        let beats = samples(metrics, "shardcast_late_beats_total{");
        beats.filter(|line| line.contains(LATE)).map(|line| value(line) as u64).sum()
    };
    let (before, start, mut oldest) = (late(&metrics()), Instant::now(), 0.0_f64);
    while start.elapsed() < OBSERVED {
        for line in samples(&metrics(), "shardcast_shard_heartbeat_age_seconds{") {
            oldest = oldest.max(value(line));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    (late(&metrics()) - before, oldest)
}

fn samples<'a>(metrics: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    metrics.lines().filter(move |line| line.starts_with(name))
}

fn value(line: &str) -> f64 {
    line.rsplit(' ').next().and_then(|text| text.parse().ok()).expect("a number")
}

#[test]
fn stalled_readers_do_not_move_the_heartbeat() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::SEED, 3);
    let before = beats(&server);

    let playlist = until_segments(&server, &stream.id, 3).1;
    let mut stalled_http = Vec::new();
    for _ in 0..EACH {
        let mut client = Client::connect(server.ports().http).unwrap();
        // More than any socket buffer holds, and none of it is read.
        for _ in 0..20 {
            for segment in &playlist.segments {
                client.send("GET", &format!("/live/{}/{}", stream.id, segment.uri), &[]).unwrap();
            }
        }
        let mut flv = Client::connect(server.ports().http).unwrap();
        flv.send("GET", &format!("/live/{}.flv", stream.id), &[]).unwrap();
        stalled_http.push((client, flv));
    }
    let stalled_rtmp: Vec<Player> =
        (0..EACH).map(|_| Player::start(server.ports().rtmp, &stream.id).unwrap()).collect();
    let mut reader = Player::start(server.ports().rtmp, &stream.id).unwrap();
    let after = beats(&server);
    assert!(after.0 <= before.0 + SLACK, "late beats: {before:?} without, {after:?} with them");
    assert!(after.1 < HUNG, "the oldest beat: {before:?} without, {after:?} with them");

    let tags = reader.record(Duration::from_secs(2)).expect("a reader that reads plays on");
    assert!(tags.len() > 100, "{}", tags.len());
    assert_eq!(server.get(&format!("/live/{}/v0.m3u8", stream.id)).status, 200);
    drop((stalled_http, stalled_rtmp));
}
