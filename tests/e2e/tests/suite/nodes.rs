//! Two nodes on one database and one Redis.

use std::process::Command;
use std::time::Duration;

use e2e::checker;
use e2e::process::run;
use e2e::publish::Publisher;
use e2e::server::{Server, Stream};
use e2e::services::{Database, Redis, node};
use e2e::sources;
use e2e::wait::eventually;

const SOON: Duration = Duration::from_secs(20);
/// How long the end of a right may take to reach another node's publisher.
const CUT: Duration = Duration::from_secs(1);

/// Where the media port sends the viewer of a stream that is not there.
fn sent_to(server: &Server, id: &str) -> Option<String> {
    let answer = server.get(&format!("/live/{id}/index.m3u8"));
    (answer.status == 307).then(|| answer.field("location").unwrap_or_default().to_owned())
}

#[track_caller]
fn until_sent(from: &Server, to: &Server, id: &str) {
    let there = to.hls_url(id);
    eventually(SOON, "viewers are sent to the other node", || {
        sent_to(from, id).filter(|place| *place == there)
    });
}

fn publish(server: &Server, stream: &Stream) -> Publisher {
    Publisher::start(server, stream, &sources::OBS)
}

#[test]
fn two_nodes_are_one_site() {
    let (database, redis) = (Database::start(), Redis::start());
    let [a, b] = [(); 2].map(|()| node(&database, &redis).start());
    let mut stream = a.add_stream("On two nodes");
    let id = stream.id.clone();

    // A viewer is sent to the node that has the stream, by any of its addresses.
    let mut on_b = publish(&b, &stream);
    checker::first_playlist(&b, &id);
    until_sent(&a, &b, &id);
    for url in [a.hls_url(&id), a.flv_url(&id)] {
        let mut probe = Command::new("ffprobe");
        probe.args(["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv", &url]);
        let seen = run(&mut probe, SOON);
        assert!(seen.stdout.contains("h264") && seen.stdout.contains("aac"), "{url}: {seen:?}");
    }

    // A second publisher is refused on the other node as on the same one.
    let mut second = publish(&a, &stream);
    second.process().wait(SOON);
    assert!(on_b.is_running());
    let said = "being published already, on node";
    assert!(a.output().contains(said), "{}", a.output());

    // A new key on one node cuts the publisher on the other.
    let renewed = a.json(&["stream", "key", &id, "--new"]);
    on_b.process().wait(CUT);
    stream.key = renewed["streamKey"].as_str().expect("a key").to_owned();

    // A publisher that comes back to another node gets in while its stream lingers on the old one.
    let on_b = publish(&b, &stream);
    until_sent(&a, &b, &id);
    on_b.kill();
    let mut on_a = eventually(SOON, "the publisher is let in", || {
        let mut publisher = publish(&a, &stream);
        let here = |publisher: &mut Publisher| {
            (sent_to(&b, &id).is_some() || !publisher.is_running()).then(|| publisher.is_running())
        };
        let is_in = eventually(SOON, "it is decided", || here(&mut publisher));
        is_in.then_some(publisher)
    });
    until_sent(&b, &a, &id);
    checker::first_playlist(&a, &id);
    assert!(on_a.is_running());

    let rows = database.query(
        "SELECT session_id, COUNT(*) FROM site.stream_sessions GROUP BY session_id HAVING COUNT(*) > 1",
    );
    assert_eq!(rows, [""; 0], "no session is there twice");
}
