//! What operators see of a live stream, whom they send away, and how many may watch.

use std::time::Duration;

use e2e::http::{Client, Response};
use e2e::publish::Publisher;
use e2e::rtmp::{Player, Refusal};
use e2e::server::{Server, Stream};
use e2e::sources::{self, HEIGHT, WIDTH};
use e2e::wait::eventually;
use serde_json::Value;

use crate::common::{live, tags, until};

/// How long a session may go on after it was cut.
const CUT: Duration = Duration::from_secs(3);
/// How old the count of viewers may be, with room for a busy machine.
const COUNTED: Duration = Duration::from_secs(5);
/// Connections after which both shards have one for sure: the kernel draws the shard.
const MANY: usize = 40;

fn sessions(server: &Server, stream: &Stream) -> Vec<Value> {
    let json = server.json(&["stream", "sessions", &stream.id]);
    json.as_array().expect("a list").clone()
}

fn stats(server: &Server, stream: &Stream) -> Value {
    server.json(&["stream", "stats", &stream.id])
}

/// A viewer by HTTP-FLV, and the head of its response.
fn flv(server: &Server, stream: &Stream) -> (Client, Response) {
    let mut client = Client::connect(server.ports().http).expect("the port is open");
    let path = format!("/live/{}.flv", stream.id);
    client.send("GET", &path, &["User-Agent: a viewer"]).expect("a request is sent");
    let head = client.receive_head().expect("a response");
    (client, head)
}

/// A viewer by HLS, told apart by its program, and the answer to its first request.
fn hls(server: &Server, stream: &Stream, program: &str) -> (Client, Response) {
    let mut client = Client::connect(server.ports().http).expect("the port is open");
    let path = format!("/live/{}/index.m3u8", stream.id);
    let answer = client.request("GET", &path, &[&format!("User-Agent: {program}")]);
    (client, answer.expect("a response"))
}

fn assert_ends(viewer: &mut Client) {
    let mut buffer = [0; 16 << 10];
    while viewer.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

#[track_caller]
fn assert_full(answer: &Response) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.field("content-type"), Some("application/problem+json"));
    assert!(answer.field("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()));
}

#[test]
fn the_stats_of_a_live_stream_are_those_of_its_source() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::FPS_50, 2);
    let found = eventually(Duration::from_secs(15), "rates of some seconds", || {
        let stats = stats(&server, &stream);
        let rate = stats["video"]["frameRate"].as_f64()?;
        ((rate - 50.0).abs() < 2.0).then_some(stats)
    });
    let video = &found["video"];
    assert_eq!((&video["width"], &video["height"]), (&WIDTH.into(), &HEIGHT.into()), "{found}");
    assert!(video["codecString"].as_str().is_some_and(|codec| codec.starts_with("avc1.")));
    let audio = &found["audio"];
    assert_eq!((&audio["sampleRate"], &audio["channels"]), (&48_000.into(), &2.into()), "{found}");
    assert_eq!(audio["codecString"], "mp4a.40.2");
    let gop = found["gopMs"].as_u64().expect("a group");
    assert!(gop.abs_diff(2000) <= 40, "{found}");
    let bitrate = found["bitrate"].as_u64().expect("a rate");
    assert!((100_000..4_000_000).contains(&bitrate), "{found}");
    assert!(found["silentMs"].as_u64().is_some_and(|silent| silent < 1500), "{found}");
    assert_eq!(found["publisher"]["address"], "127.0.0.1");
    assert_eq!(found["health"], "good", "{found}");
    let text = server.run(&["stream", "stats", &stream.id]).stdout;
    assert!(text.contains(&format!("{WIDTH}x{HEIGHT}")) && text.contains("mp4a.40.2"), "{text}");
}

#[test]
fn sessions_of_all_shards_are_listed_and_cut_one_by_one() {
    let server = Server::start();
    let (stream, mut publisher) = live(&server, &sources::OBS, 1);
    let mut flvs = Vec::new();
    let on = |shard: &str, protocol: &str| {
        let found = sessions(&server, &stream).into_iter().find(|session| {
            session["protocol"] == protocol
                && session["kind"] == "viewer"
                && session["id"].as_str().is_some_and(|id| id.starts_with(shard))
        });
        Some(found?["id"].as_str()?.to_owned())
    };
    while on("c0", "flv").is_none() || on("c1", "flv").is_none() {
        assert!(flvs.len() < MANY, "the kernel gives one shard everything");
        flvs.push(flv(&server, &stream).0);
    }
    let mut player = Player::start(server.ports().rtmp, &stream.id).expect("it is live");
    let (_keep, _) = hls(&server, &stream, "a player");
    let all = sessions(&server, &stream);
    let watching = |all: &[Value]| all.iter().filter(|it| it["protocol"] == "flv").count();
    assert_eq!(watching(&all), flvs.len(), "{all:?}");
    assert_eq!(all.iter().filter(|it| it["protocol"] == "rtmp").count(), 2, "{all:?}");
    assert_eq!((&all[0]["kind"], &all[0]["protocol"]), (&"publisher".into(), &"rtmp".into()));
    let is_of = |session: &&Value| session["protocol"] == "flv";
    let viewer = all.iter().find(is_of).expect("it is listed");
    assert_eq!(
        (&viewer["address"], &viewer["userAgent"]),
        (&"127.0.0.1".into(), &"a viewer".into())
    );
    assert!(all.iter().all(|session| session["bytes"] != 0), "{all:?}");

    let cut = |session: &str| server.run(&["stream", "cut", &stream.id, session]);
    let counted = all.iter().find(|session| session["protocol"] == "hls").expect("it is listed");
    let refused = cut(counted["id"].as_str().expect("an id"));
    assert!(refused.code != Some(0) && refused.stderr.contains("signed playback"), "{refused:?}");
    let refused = cut("c0-0");
    assert!(refused.code != Some(0) && refused.stderr.contains("no such session"), "{refused:?}");

    let session = on("c", "rtmp").expect("it is listed");
    assert_eq!(cut(&session).code, Some(0));
    let ended = std::iter::repeat_with(|| player.tag()).find_map(Result::err);
    assert_eq!(ended, Some(Refusal::Status("NetStream.Play.Failed".into())));
    for shard in ["c0", "c1"] {
        assert_eq!(cut(&on(shard, "flv").expect("it is listed")).code, Some(0));
    }
    eventually(CUT, "two viewers are gone", || {
        (watching(&sessions(&server, &stream)) == flvs.len() - 2).then_some(())
    });
    assert_eq!(cut(all[0]["id"].as_str().expect("an id")).code, Some(0));
    publisher.process().wait(Duration::from_secs(10));
    eventually(CUT, "the others are told that it is gone", || {
        (stats(&server, &stream)["health"] == "bad").then_some(())
    });
}

#[test]
fn a_cut_publisher_is_told_and_may_come_back() {
    let server = Server::start();
    let stream = server.add_stream("cut");
    let start = || e2e::rtmp::Publisher::start(server.ports().rtmp, "live", &stream.key);
    let mut publisher = start().expect("the key is right");
    publisher.send_paced(until(&tags(&sources::OBS), 1_000));
    let (mut viewer, head) = flv(&server, &stream);
    assert_eq!(head.status, 200);
    let before = stats(&server, &stream)["session"].clone();
    let id = sessions(&server, &stream)[0]["id"].as_str().expect("an id").to_owned();
    server.json(&["stream", "cut", &stream.id, &id]);
    assert!(publisher.is_cut_within(CUT));
    let mut again = start().expect("it may come back");
    again.send_paced(until(&tags(&sources::OBS), 300));
    assert_eq!(stats(&server, &stream)["session"], before, "the session goes on");
    assert!(viewer.read(&mut [0; 100]).is_ok_and(|count| count > 0), "its viewers stay");
}

#[test]
fn one_viewer_too_many_is_refused_by_every_protocol_while_the_others_go_on() {
    let server = Server::start();
    let json = server.json(&["stream", "add", "small", "--max-viewers", "2"]);
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    let stream = Stream { id: text("id"), key: text("streamKey"), json: json.clone() };
    let _publisher = Publisher::start(&server, &stream, &sources::OBS);
    eventually(Duration::from_secs(10), "it is live with the limit that was set", || {
        let stats = server.run(&["stream", "stats", &stream.id, "--json"]);
        stats.stdout.contains("\"limit\": 2").then_some(())
    });
    let limited = server.json(&["stream", "limit", &stream.id, "3"]);
    assert_eq!(limited["maxViewers"], 3);
    let port = server.ports().rtmp;
    let mut player = Player::start(port, &stream.id).expect("the first");
    let (mut watching, head) = flv(&server, &stream);
    assert_eq!(head.status, 200, "the second");
    let (mut listed, answer) = hls(&server, &stream, "one");
    assert_eq!(answer.status, 200, "the third");
    eventually(COUNTED, "three are counted", || {
        (stats(&server, &stream)["viewers"]["total"] == 3).then_some(())
    });

    let refused = Player::start(port, &stream.id).err();
    assert_eq!(refused, Some(Refusal::Status("NetStream.Play.Failed".into())));
    assert_full(&flv(&server, &stream).1);
    assert_full(&hls(&server, &stream, "two").1);
    let path = format!("/live/{}/index.m3u8", stream.id);
    let again = listed.request("GET", &path, &["User-Agent: one"]).expect("a response");
    assert_eq!(again.status, 200, "who watches may load it again");
    player.record(Duration::from_secs(1)).expect("the first goes on");
    assert!(watching.read(&mut [0; 100]).is_ok_and(|count| count > 0), "the second goes on");
    assert_eq!(stats(&server, &stream)["viewers"]["refused"], 3);
    let metrics = server.api("/metrics").text();
    let refused = metrics.lines().filter_map(|line| {
        line.strip_prefix("shardcast_refused_viewers_total{")
            .and_then(|it| it.split(' ').next_back())
    });
    assert_eq!(refused.filter_map(|count| count.parse::<u32>().ok()).sum::<u32>(), 3, "{metrics}");

    server.json(&["stream", "limit", &stream.id, "0"]);
    let _more = [(); 2].map(|()| Player::start(port, &stream.id).expect("there is no limit now"));
    drop(watching);
}

#[test]
fn a_viewer_that_is_cut_reads_whole_messages_and_then_the_end() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let (mut viewer, _) = flv(&server, &stream);
    let id = eventually(COUNTED, "it is listed", || {
        let all = sessions(&server, &stream);
        Some(all.iter().find(|it| it["protocol"] == "flv")?["id"].as_str()?.to_owned())
    });
    server.json(&["stream", "cut", &stream.id, &id]);
    assert_ends(&mut viewer);
    let not_live = server.add_stream("not live");
    let done = server.run(&["stream", "stats", &not_live.id]);
    assert!(done.code != Some(0) && done.stderr.contains("not live"), "{done:?}");
}

#[test]
fn behind_a_trusted_proxy_viewers_have_their_own_addresses() {
    let server = e2e::server::Site::new().with("TRUSTED_PROXIES", "127.0.0.0/8").start();
    let (stream, _publisher) = live(&server, &sources::OBS, 1);
    let ask = |path: &str, address: &str| {
        let mut client = Client::connect(server.ports().http).expect("the port is open");
        let field = format!("X-Forwarded-For: 6.6.6.6, {address}");
        client.send("GET", path, &[&field, "User-Agent: one and the same"]).expect("it is sent");
        assert_eq!(client.receive_head().expect("a response").status, 200);
        client
    };
    let _flv = ask(&format!("/live/{}.flv", stream.id), "203.0.113.1");
    let playlist = format!("/live/{}/index.m3u8", stream.id);
    let _hls = ["203.0.113.2", "203.0.113.3"].map(|address| ask(&playlist, address));
    let mut expected = ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(str::to_owned).to_vec();
    expected.sort();
    eventually(COUNTED, "three viewers", || {
        let ours = |it: &Value| it["userAgent"] == "one and the same";
        let viewers = sessions(&server, &stream).into_iter().filter(ours);
        let mut found: Vec<_> =
            viewers.map(|it| it["address"].as_str().expect("a text").to_owned()).collect();
        found.sort();
        (found == expected).then_some(())
    });
}
