//! How the change of each setting shows from the outside.

use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use e2e::checker::{self, Playlist};
use e2e::http::{self, Response};
use e2e::rtmp::{Publisher, Refusal};
use e2e::server::{Server, Site};
use e2e::sources;
use e2e::wait::eventually;

use super::{change, log, says};
use crate::common::{tags, until, until_segments};

/// How soon a change shows, after it is in force.
const SHOWS: Duration = Duration::from_secs(10);
/// How long a publisher may stay connected after another one took over.
const CUT: Duration = Duration::from_secs(3);
/// How much faster than they are played media are sent where only their end matters.
const FASTER: u32 = 15;
/// The address of clients that the limits of connections count.
const COUNTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// Has a server change a setting and sees that it shows. The server is as before then.
pub(super) type Check = fn(&mut Server);

/// Every setting of class "live" or "next session" that has an effect. The last one ends the server.
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("PUBLIC_HOST", public_host),
    ("PUBLIC_MEDIA_URL", public_media_url),
    ("KEY_PLAYBACK", key_playback),
    ("MAX_STREAMS_PER_USER", max_streams_per_user),
    ("PUBLISH_TAKEOVER", publish_takeover),
    ("HLS_SEGMENT_MS", hls_segment),
    ("HLS_PART_MS", hls_part),
    ("HLS_WINDOW", hls_window),
    ("GATHER_MS", gather),
    ("CORS_ORIGINS", cors_origins),
    ("FRONTEND_URL", frontend_url),
    ("EMBED_ORIGINS", embed_origins),
    ("MAX_CONN_PER_IP", max_conn_per_ip),
    ("THROTTLE_EXEMPT", throttle_exempt),
    ("LOG_LEVEL", log_level),
    ("SHUTDOWN_TIMEOUT", shutdown_timeout),
];

/// Every setting of class "restart" that has an effect, with another value than [`site`] has. Of the
/// ports and the runtime the test chooses one.
pub(super) const RESTART: &[(&str, &str)] = &[
    ("STREAMING_PORT", ""),
    ("RTMP_PORT", ""),
    ("HTTP_PORT", ""),
    ("BIND", "0.0.0.0"),
    ("JWT_SECRET", super::SECRETS[1]),
    ("JWT_ROLE_MAP", "boss=admin"),
    ("KEY_SECRET", super::SECRETS[0]),
    ("ADMIN_EMAIL", "other@example.com"),
    ("ADMIN_PASSWORD", "another battery staple"),
    ("PLAIN_STREAM_KEYS", "true"),
    ("DB_HOST", "db.invalid"),
    ("DB_PORT", "3307"),
    ("DB_USER", "other"),
    ("DB_PASSWORD", "other password"),
    ("DB_NAME", "other"),
    ("REDIS_URL", "redis://redis.invalid"),
    ("REDIS_PASSWORD", "other password"),
    ("DATA_DIR", "./other-data"),
    ("LOG_DIR", "./other-log"),
    ("RECORDING_PATH", "./other-recordings"),
    ("MEDIA_DIR", "./other-media"),
    ("SHARDS", "1"),
    ("RUNTIME", "epoll"),
];

/// Settings in `.env`; the limits of connections count this machine, and logs are as by default.
pub(super) fn site() -> Site {
    Site::new().with("LOG_LEVEL", "info").with("THROTTLE_EXEMPT", "192.0.2.0/24").in_dotenv()
}

fn public_host(server: &mut Server) {
    change(server, &[("PUBLIC_HOST", "reload.example")]);
    let streams = server.json(&["stream", "list"]);
    let port = server.ports().rtmp;
    assert_eq!(streams[0]["rtmpServer"], format!("rtmp://reload.example:{port}/live"));
}

fn public_media_url(server: &mut Server) {
    change(server, &[("PUBLIC_MEDIA_URL", "https://media.example/tv")]);
    let begins =
        |url: &serde_json::Value| url.to_string().starts_with("\"https://media.example/tv/");
    assert!(begins(&server.json(&["stream", "list"])[0]["hlsUrl"]), "as administrators are told");
    let live = server.api("/api/streams/live").json();
    assert!(begins(&live["items"][0]["watchUrl"]), "as the site is told: {live}");
}

fn key_playback(server: &mut Server) {
    let stream = server.add_stream("by key");
    let _publisher = publish(server, &stream.key, 4_000);
    until_segments(server, &stream.id, 1);
    let status = |server: &Server| server.get(&format!("/live/{}/index.m3u8", stream.key)).status;
    change(server, &[]);
    assert_eq!(status(server), 307);
    change(server, &[("KEY_PLAYBACK", "false")]);
    shows("a key leads nowhere", || status(server) == 404);
    change(server, &[]);
    shows("a key leads to the stream again", || status(server) == 307);
}

fn max_streams_per_user(server: &mut Server) {
    server.json(&["user", "add", "ann@example.com"]);
    let keys = ["one", "two", "three"].map(|title| {
        let json = server.json(&["stream", "add", title, "--owner", "ann@example.com"]);
        json["streamKey"].as_str().expect("a key").to_owned()
    });
    let start = |server: &Server, key: &str| Publisher::start(server.ports().rtmp, "live", key);
    let _first = start(server, &keys[0]).expect("the first one");
    change(server, &[("MAX_STREAMS_PER_USER", "1")]);
    assert!(matches!(start(server, &keys[1]), Err(Refusal::Status(_))), "one too many");
    change(server, &[("MAX_STREAMS_PER_USER", "2")]);
    let _second = start(server, &keys[1]).expect("two are allowed now");
    assert!(matches!(start(server, &keys[2]), Err(Refusal::Status(_))), "one too many again");
}

fn publish_takeover(server: &mut Server) {
    let stream = server.add_stream("takeover");
    let mut first = publish(server, &stream.key, 1_000);
    let second = |server: &Server| Publisher::start(server.ports().rtmp, "live", &stream.key);
    assert!(matches!(second(server), Err(Refusal::Status(_))), "the first one sent just now");
    change(server, &[("PUBLISH_TAKEOVER", "always")]);
    // The stream's home shard may get its settings a moment after control.
    let _second = eventually(SHOWS, "the second one is let in", || second(server).ok());
    assert!(first.is_cut_within(CUT), "the first one is cut");
}

fn hls_segment(server: &mut Server) {
    let (before, after) = next_session(server, ("HLS_SEGMENT_MS", "4000"));
    assert_eq!((before.target_duration, after.target_duration), (2, 4));
}

fn hls_part(server: &mut Server) {
    let (before, after) = next_session(server, ("HLS_PART_MS", "500"));
    // It is what the parts of whole frames are at most.
    assert!(before.part_target < 0.3, "{before:?}");
    assert!((0.5..0.55).contains(&after.part_target), "{after:?}");
}

fn hls_window(server: &mut Server) {
    let (before, after) = next_session(server, ("HLS_WINDOW", "3"));
    assert!(before.segments.len() > 3, "{before:?}");
    assert_eq!(after.segments.len(), 3, "{after:?}");
}

fn gather(server: &mut Server) {
    // On shards that are not busy nothing is gathered, whatever is set: that each has the value is seen
    // in its own words.
    change(server, &[("GATHER_MS", "17"), ("LOG_LEVEL", "debug")]);
    shows("both shards tell of the value", || {
        let lines = log(server);
        let told = |shard: u64| {
            lines.iter().any(|line| {
                line["shard"] == shard && line["settings"].to_string().contains("gather: 17ms")
            })
        };
        told(0) && told(1)
    });
}

fn cors_origins(server: &mut Server) {
    assert_eq!(allowed(server, "https://a.example"), [Some("*".into()), Some("*".into())]);
    change(server, &[("CORS_ORIGINS", "https://a.example")]);
    shows_origin(server, "https://a.example", "https://b.example");
}

fn frontend_url(server: &mut Server) {
    change(server, &[("FRONTEND_URL", "https://site.example")]);
    shows_origin(server, "https://site.example", "https://a.example");
    change(server, &[]);
    shows("everybody may again", || {
        allowed(server, "https://a.example") == [Some("*".into()), Some("*".into())]
    });
}

fn embed_origins(server: &mut Server) {
    let ancestors = |server: &Server| {
        let page = server.get("/embed/none");
        let policy = page.field("content-security-policy").expect("a policy").to_owned();
        let (_, rest) = policy.split_once("frame-ancestors ").expect("who may frame it");
        rest.split(';').next().unwrap_or_default().to_owned()
    };
    assert_eq!(ancestors(server), "'self'");
    change(server, &[("EMBED_ORIGINS", "https://b.example")]);
    shows("another site may frame it", || ancestors(server) == "https://b.example");
}

fn max_conn_per_ip(server: &mut Server) {
    let _two = [(); 2].map(|()| counted(server).expect("no limit is near"));
    change(server, &[("MAX_CONN_PER_IP", "3")]);
    let _third = counted(server).expect("one more is allowed");
    shows("one more than the limit is closed", || counted(server).is_none());
    change(server, &[]);
    shows("it is let in again", || counted(server).is_some());
}

fn throttle_exempt(server: &mut Server) {
    let one = ("MAX_CONN_PER_IP", "1");
    change(server, &[one]);
    let _first = eventually(SHOWS, "those of before are gone", || counted(server));
    assert!(counted(server).is_none(), "the limit holds");
    change(server, &[one, ("THROTTLE_EXEMPT", "127.0.0.9")]);
    shows("the address is passed over", || counted(server).is_some());
    change(server, &[one]);
    shows("the address is counted again", || counted(server).is_none());
    change(server, &[]);
}

fn log_level(server: &mut Server) {
    change(server, &[]);
    let debug =
        |server: &Server| log(server).iter().filter(|line| line["level"] == "DEBUG").count();
    let before = debug(server);
    change(server, &[("LOG_LEVEL", "debug")]);
    // Requests that are none are told at this level.
    shows("details are logged", || {
        let mut client = http::Client::connect(server.ports().http).expect("an open port");
        client.send_raw(b"NONE\r\n\r\n").expect("an open connection");
        debug(server) > before
    });
    change(server, &[("LOG_LEVEL", "error")]);
    let lines = log(server).len();
    let refused = Publisher::start(server.ports().rtmp, "live", "a wrong key");
    assert!(refused.is_err());
    shows("errors are logged", || log(server).iter().any(|line| says(line, "publish refused")));
    assert!(log(server)[lines..].iter().all(|line| line["level"] == "ERROR"), "and nothing else");
    change(server, &[]);
}

fn shutdown_timeout(server: &mut Server) {
    change(server, &[("SHUTDOWN_TIMEOUT", "1s")]);
    // A connection that says nothing and stays is waited for, but no longer than that.
    let _silent = TcpStream::connect(("127.0.0.1", server.ports().rtmp)).expect("an open port");
    let start = Instant::now();
    let status = server.terminate(SHOWS);
    assert!(status.success() && start.elapsed() >= Duration::from_secs(1), "{status}");
    assert!(server.log("combined.log").contains("SHUTDOWN_TIMEOUT is over"));
}

#[track_caller]
fn shows(what: &str, mut probe: impl FnMut() -> bool) {
    eventually(SHOWS, what, || probe().then_some(()));
}

/// A publisher that has sent so many milliseconds of media.
#[track_caller]
fn publish(server: &Server, key: &str, ms: u32) -> Publisher {
    let mut publisher =
        Publisher::start(server.ports().rtmp, "live", key).expect("the key is right");
    publisher.send_faster(until(&tags(&sources::OBS), ms), FASTER);
    publisher
}

/// The playlists of two sessions with more segments than the smallest window: one that began before a
/// change and goes on under it, and one that began after it.
#[track_caller]
fn next_session(server: &mut Server, changed: (&str, &str)) -> (Playlist, Playlist) {
    change(server, &[]);
    let before = Session::begin(server);
    change(server, &[changed]);
    let after = Session::begin(server);
    (before.finish(server), after.finish(server))
}

/// A stream whose media come faster than they are played.
struct Session {
    id: String,
    publisher: Publisher,
    /// The number of its first segment.
    first: u64,
}

impl Session {
    /// So many milliseconds hold a complete segment of any length that is tested.
    const BEGIN: u32 = 6_000;
    /// So many hold more segments than the smallest window.
    const ALL: u32 = 22_000;

    fn begin(server: &Server) -> Self {
        let stream = server.add_stream("session");
        let publisher = publish(server, &stream.key, Self::BEGIN);
        let first = until_segments(server, &stream.id, 1).1.media_sequence;
        Self { id: stream.id, publisher, first }
    }

    #[track_caller]
    fn finish(mut self, server: &Server) -> Playlist {
        let media = tags(&sources::OBS);
        let sent = until(&media, Self::BEGIN).len();
        self.publisher.send_faster(&until(&media, Self::ALL)[sent..], FASTER);
        let name = checker::first_playlist(server, &self.id).playlists().remove(0);
        eventually(SHOWS, "all segments are there", || {
            let playlist = checker::playlist_now(server, &self.id, &name);
            (playlist.next_msn() - self.first > 3).then_some(playlist)
        })
    }
}

/// What the media port and the API tell pages of an origin.
fn allowed(server: &Server, origin: &str) -> [Option<String>; 2] {
    let field = format!("Origin: {origin}");
    let ask = |port: u16, path: &str| -> Response {
        let mut client = http::Client::connect(port).expect("an open port");
        client.request("GET", path, &[&field]).expect("an answer")
    };
    [ask(server.ports().http, "/live.json"), ask(server.ports().api, "/ready")]
        .map(|response| response.field("access-control-allow-origin").map(str::to_owned))
}

#[track_caller]
fn shows_origin(server: &Server, ours: &str, other: &str) {
    shows("one origin may read", || {
        allowed(server, ours) == [Some(ours.into()), Some(ours.into())]
            && allowed(server, other) == [None, None]
    });
}

/// A connection from an address that is counted; `None` when it is refused, which shows as an end.
fn counted(server: &Server) -> Option<http::Client> {
    let mut client =
        http::Client::connect_from(COUNTED, server.ports().http).expect("an open port");
    client.get("/live.json").ok().map(|_| client)
}
