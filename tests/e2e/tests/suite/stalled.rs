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
/// A heart that beats every 20 ms is late when the last beat is this old, in seconds.
const LATE: f64 = 0.06;

/// How often a shard's last beat was late, as a share of all looks, and the oldest beat seen.
fn lateness(server: &Server) -> (f64, f64) {
    let mut client = Client::connect(server.ports().api).expect("the control port answers");
    let (mut looks, mut late, mut worst) = (0, 0, 0.0_f64);
    let start = Instant::now();
    while start.elapsed() < OBSERVED {
        let metrics = client.get("/metrics").expect("metrics").text();
        let ages = metrics
            .lines()
            .filter(|line| line.starts_with("shardcast_shard_heartbeat_age_seconds{"));
        for line in ages {
            let age: f64 =
                line.rsplit(' ').next().and_then(|text| text.parse().ok()).expect("a number");
            looks += 1;
            late += i32::from(age > LATE);
            worst = worst.max(age);
        }
        std::thread::sleep(Duration::from_millis(7));
    }
    assert!(looks > 100, "{looks} looks");
    (f64::from(late) / f64::from(looks), worst)
}

#[test]
fn stalled_readers_do_not_move_the_heartbeat() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::SEED, 3);
    let before = lateness(&server);

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
    let after = lateness(&server);
    let slack = 0.02;
    assert!(
        after.0 <= before.0 + slack,
        "late beats: {before:?} without stalled readers, {after:?} with"
    );
    assert!(after.1 < before.1 + 0.25, "the oldest beat: {before:?} without, {after:?} with");

    let tags = reader.record(Duration::from_secs(2)).expect("a reader that reads plays on");
    assert!(tags.len() > 100, "{}", tags.len());
    assert_eq!(server.get(&format!("/live/{}/v0.m3u8", stream.id)).status, 200);
    drop((stalled_http, stalled_rtmp));
}
