//! Who may publish, who is cut, and what becomes of a stream whose publisher is gone.

use std::time::{Duration, Instant};

use e2e::checker::{self, Rendition};
use e2e::publish::Publisher;
use e2e::rtmp::{self, Refusal};
use e2e::server::{Server, Stream};
use e2e::sources;
use e2e::wait::eventually;

use crate::common::{live, tags, until, until_segments};

/// How long a publisher may stay connected after it lost its right.
const CUT: Duration = Duration::from_secs(3);
/// A publisher is taken for gone after this much silence.
const STALE: Duration = Duration::from_secs(3);
/// A session outlives its publisher by this much.
const GRACE: Duration = Duration::from_secs(10);

fn publish(server: &Server, name: &str) -> Result<rtmp::Publisher, Refusal> {
    rtmp::Publisher::start(server.ports().rtmp, "live", name)
}

/// An accepted publisher that has sent two seconds of media just now.
#[track_caller]
fn publisher(server: &Server, stream: &Stream) -> rtmp::Publisher {
    let mut publisher = publish(server, &stream.key).expect("the key is right");
    publisher.send_paced(until(&tags(&sources::OBS), 2_000));
    publisher
}

#[track_caller]
fn assert_refused(refused: Result<rtmp::Publisher, Refusal>, what: &str) {
    match refused {
        Err(Refusal::Status(code)) => {
            let codes = ["NetStream.Publish.Denied", "NetStream.Publish.BadName"];
            assert!(codes.contains(&code.as_str()), "{what}: {code}");
        }
        Err(other) => panic!("{what}: not told why: {other:?}"),
        Ok(_) => panic!("{what}: accepted"),
    }
}

#[test]
fn wrong_keys_and_ids_and_disabled_streams_may_not_publish() {
    let server = Server::start();
    let stream = server.add_stream("guarded");
    assert_refused(publish(&server, "no-such-key"), "a wrong key");
    assert_refused(publish(&server, &stream.id), "an id is no key");
    assert_refused(publish(&server, &stream.key[1..]), "a part of a key");
    server.json(&["stream", "disable", &stream.id]);
    assert_refused(publish(&server, &stream.key), "a disabled stream");
    server.json(&["stream", "enable", &stream.id]);
    publish(&server, &stream.key).expect("an enabled stream");

    let url = server.rtmp_url("no-such-key");
    let mut ffmpeg = Publisher::to(&url, &sources::OBS);
    assert!(!ffmpeg.process().wait(Duration::from_secs(10)).success(), "ffmpeg notices it");
}

#[test]
fn a_user_has_a_limited_number_of_live_streams() {
    let server = e2e::server::Site::new().with("MAX_STREAMS_PER_USER", "1").start();
    server.json(&["user", "add", "ann@example.com"]);
    let streams = ["one", "two"].map(|title| {
        let json = server.json(&["stream", "add", title, "--owner", "ann@example.com"]);
        json["streamKey"].as_str().expect("a key").to_owned()
    });
    let first = publish(&server, &streams[0]).expect("the first one");
    assert_refused(publish(&server, &streams[1]), "one too many");
    drop(first);
    let admins = ["three", "four"].map(|title| server.add_stream(title));
    let _live =
        admins.map(|stream| publish(&server, &stream.key).expect("no limit for administrators"));
}

#[test]
fn any_application_name_a_query_and_a_trailing_slash_publish_too() {
    let server = Server::start();
    for (app, suffix) in [("app", ""), ("live", "?user=1"), ("live", "/"), ("live/", "")] {
        let stream = server.add_stream("spelling");
        let name = format!("{}{suffix}", stream.key);
        let mut publisher = rtmp::Publisher::start(server.ports().rtmp, app, &name)
            .unwrap_or_else(|refusal| panic!("{app} {suffix}: {refusal:?}"));
        publisher.send_paced(until(&tags(&sources::OBS), 300));
        eventually(Duration::from_secs(5), "it is live", || {
            let status = server.get(&format!("/live/{}/status.json", stream.id)).json();
            (status["state"] == "live").then_some(())
        });
    }
}

#[test]
fn a_second_publisher_of_a_live_key_is_refused_and_the_first_goes_on() {
    let server = Server::start();
    let (stream, mut first) = live(&server, &sources::OBS, 1);
    assert_refused(publish(&server, &stream.key), "a second publisher");
    let before = checker::playlist_now(&server, &stream.id, "v0.m3u8");
    eventually(Duration::from_secs(5), "the first one's playlist grows", || {
        let after = checker::playlist_now(&server, &stream.id, "v0.m3u8");
        (after.next_part() > before.next_part()).then_some(())
    });
    assert!(first.is_running());
}

#[test]
fn a_second_publisher_takes_over_where_that_is_allowed() {
    let server = e2e::server::Site::new().with("PUBLISH_TAKEOVER", "always").start();
    let stream = server.add_stream("takeover");
    let mut first = publisher(&server, &stream);
    let mut second = publisher(&server, &stream);
    assert!(first.is_cut_within(CUT), "the first one is cut");
    assert!(!second.is_cut_within(Duration::from_millis(500)), "the second one goes on");
}

#[test]
fn a_publisher_whose_key_is_replaced_disabled_or_removed_is_cut_at_once() {
    let server = Server::start();
    let cut_by = |arguments: &[&str]| {
        let stream = server.add_stream("rights");
        let mut publisher = publisher(&server, &stream);
        let arguments: Vec<&str> = arguments
            .iter()
            .map(|word| if *word == "ID" { stream.id.as_str() } else { word })
            .collect();
        let answer = server.json(&arguments);
        assert!(publisher.is_cut_within(CUT), "{arguments:?}");
        assert_refused(publish(&server, &stream.key), &format!("{arguments:?}"));
        answer
    };
    let renewed = cut_by(&["stream", "key", "ID", "--new"]);
    let key = renewed["streamKey"].as_str().expect("the new key is told");
    publish(&server, key).expect("the new key works");
    cut_by(&["stream", "disable", "ID"]);
    cut_by(&["stream", "rm", "ID"]);
}

#[test]
fn a_killed_publisher_that_returns_in_time_continues_the_same_playlist() {
    let server = Server::start();
    let (stream, first) = live(&server, &sources::OBS, 1);
    let port = server.ports().http;
    let watched = Duration::from_secs(14);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| Rendition::watch(port, &stream.id, "v0.m3u8", 1, watched));
        // The watcher is a viewer that never reloads the page: it waits for what comes next.
        let before = until_segments(&server, &stream.id, 2).1;
        first.kill();
        std::thread::sleep(Duration::from_secs(4));
        let _second = Publisher::start(&server, &stream, &sources::OBS);
        let seen = watch.join().expect("a watcher does not panic");
        assert_eq!(seen.complaints, [""; 0]);
        let discontinuities =
            seen.segments.values().filter(|segment| segment.discontinuity).count();
        assert_eq!(discontinuities, 1, "{:?}", seen.segments);
        assert!(seen.last.next_msn() > before.next_msn() + 1, "it grows: {:?}", seen.last);
        assert!(!seen.last.ended);
        let session = |uri: &str| uri.split('-').nth(1).map(str::to_owned);
        let mut sessions: Vec<_> =
            seen.segments.values().map(|segment| session(&segment.uri)).collect();
        sessions.retain(|session| session.as_ref().is_some_and(|session| !session.is_empty()));
        sessions.dedup();
        assert_eq!(sessions.len(), 1, "one session: {sessions:?}");
    });
}

#[test]
fn the_playlist_of_a_publisher_that_stays_away_ends_and_the_next_session_goes_on_counting() {
    let server = Server::start();
    let (stream, first) = live(&server, &sources::OBS, 2);
    let away = Instant::now();
    first.kill();
    let ended = eventually(GRACE * 2, "the playlist ends", || {
        let playlist = checker::playlist_now(&server, &stream.id, "v0.m3u8");
        playlist.ended.then_some(playlist)
    });
    assert!(away.elapsed() > GRACE.mul_f32(0.8), "ended after {:?}", away.elapsed());
    let _second = Publisher::start(&server, &stream, &sources::OBS);
    let next = eventually(GRACE, "the next session has a playlist", || {
        let response = server.get(&format!("/live/{}/v0.m3u8", stream.id));
        let playlist = checker::Playlist::parse(&response.text()).ok()?;
        (response.status == 200 && !playlist.ended && playlist.all().next().is_some())
            .then_some(playlist)
    });
    assert!(
        next.media_sequence >= ended.next_msn(),
        "{} < {}",
        next.media_sequence,
        ended.next_msn()
    );
    let old: Vec<_> = ended.segments.iter().map(|segment| &segment.uri).collect();
    assert!(next.segments.iter().all(|segment| !old.contains(&&segment.uri)));
}

#[test]
fn a_publisher_whose_line_was_cut_gets_back_in_from_another_address_at_the_first_try() {
    let server = Server::start();
    let stream = server.add_stream("half open");
    // Sends nothing more and closes nothing: as if its cable was pulled.
    let _silent = publisher(&server, &stream);
    assert_refused(publish(&server, &stream.key), "while the first one sent media just now");
    std::thread::sleep(STALE + Duration::from_millis(500));
    let other = std::net::Ipv4Addr::new(127, 0, 0, 2);
    let back = rtmp::Publisher::start_from(other, server.ports().rtmp, &stream.key);
    let mut back = back.expect("accepted at the first try");
    back.send_paced(until(&tags(&sources::OBS), 1_000));
    assert!(!back.is_cut_within(Duration::from_millis(300)));
}

#[test]
fn what_comes_in_one_burst_is_packaged_like_what_comes_in_time() {
    let server = Server::start();
    for number in 0..5 {
        let stream = server.add_stream(&format!("burst {number}"));
        let mut publisher = publish(&server, &stream.key).expect("the key is right");
        for tag in until(&tags(&sources::OBS), 4_000) {
            publisher.send(tag);
        }
        checker::first_playlist(&server, &stream.id);
    }
}
