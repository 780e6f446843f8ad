//! Readers that stop reading hold nobody else up.

use std::time::{Duration, Instant};

use e2e::checker::Playlist;
use e2e::http::Client;
use e2e::rtmp::Player;
use e2e::server::Server;
use e2e::sources;

use crate::common::{live, until_segments};

/// Connections of each kind: enough for the kernel to give each of two shards some.
const EACH: usize = 16;
/// Segments that a reader asks for in a row: more than any send buffer holds.
const REQUESTS: usize = 60;
const OBSERVED: Duration = Duration::from_secs(4);
/// Seconds of lateness that other processes on the same cores may cause meanwhile. A server that waited
/// 50 ms for each of its stalled readers would have more.
const SLACK: f64 = 1.0;
/// No beat for this many seconds: the shard hangs.
const HUNG: f64 = 1.0;

/// How late all shards' beats were together during `act` and the time after it, and the oldest last beat
/// seen then; in seconds.
fn beats<T>(server: &Server, act: impl FnOnce() -> T) -> (T, f64, f64) {
    let mut client = Client::connect(server.ports().api).expect("the control port answers");
    let mut metrics = || client.get("/metrics").expect("metrics").text();
    let late = |metrics: &str| -> f64 {
        samples(metrics, "shardcast_late_seconds_total{").map(value).sum()
    };
    let before = late(&metrics());
    let made = act();
    let (start, mut oldest) = (Instant::now(), 0.0_f64);
    while start.elapsed() < OBSERVED {
        for line in samples(&metrics(), "shardcast_shard_heartbeat_age_seconds{") {
            oldest = oldest.max(value(line));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    (made, late(&metrics()) - before, oldest)
}

fn samples<'a>(metrics: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    metrics.lines().filter(move |line| line.starts_with(name))
}

fn value(line: &str) -> f64 {
    line.rsplit(' ').next().and_then(|text| text.parse().ok()).expect("a number")
}

/// Asks for media in every way and reads none of it.
fn stall(server: &Server, id: &str, playlist: &Playlist) -> (Vec<Client>, Vec<Player>) {
    let mut clients = Vec::new();
    for _ in 0..EACH {
        let mut client = Client::connect_narrow(server.ports().http).expect("a viewer may connect");
        for segment in playlist.segments.iter().cycle().take(REQUESTS) {
            let target = format!("/live/{id}/{}", segment.uri);
            client.send("GET", &target, &[]).expect("a request can be sent");
        }
        let mut flv = Client::connect_narrow(server.ports().http).expect("a viewer may connect");
        flv.send("GET", &format!("/live/{id}.flv"), &[]).expect("a request can be sent");
        clients.extend([client, flv]);
    }
    let player = |_| Player::start_narrow(server.ports().rtmp, id).expect("a viewer may play");
    (clients, (0..EACH).map(player).collect())
}

#[test]
fn stalled_readers_do_not_move_the_heartbeat() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::SEED, 3);
    let playlist = until_segments(&server, &stream.id, 3).1;
    let ((), usual, _) = beats(&server, || ());
    let (stalled, late, oldest) = beats(&server, || stall(&server, &stream.id, &playlist));
    assert!(late <= usual + SLACK, "late by {usual} s without stalled readers, {late} s with");
    assert!(oldest < HUNG, "a shard did not beat for {oldest} s");

    let mut reader = Player::start(server.ports().rtmp, &stream.id).unwrap();
    let tags = reader.record(Duration::from_secs(2)).expect("a reader that reads plays on");
    assert!(tags.len() > 100, "{}", tags.len());
    assert_eq!(server.get(&format!("/live/{}/v0.m3u8", stream.id)).status, 200);
    drop(stalled);
}
