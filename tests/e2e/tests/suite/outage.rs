//! The database and Redis are killed and come back, while 20 publish and 200 watch.

use std::path::Path;
use std::time::{Duration, Instant};

use e2e::checker;
use e2e::process::Process;
use e2e::publish::Publisher;
use e2e::server::{Server, Stream};
use e2e::services::{Database, Redis, node};
use e2e::sources;
use e2e::wait::eventually;

/// Publishers of the load; two more come and go.
const LOADED: usize = 18;
const VIEWERS: usize = 200;
const SOON: Duration = Duration::from_secs(30);
/// How long the server may take to notice.
const NOTICE: Duration = Duration::from_secs(5);

struct Site {
    database: Database,
    redis: Redis,
    server: Server,
}

impl Site {
    /// The state that `/health` tells; the code is 200 all the time.
    #[track_caller]
    fn health(&self) -> String {
        let answer = self.server.api("/health");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["status"].as_str().expect("a status").to_owned()
    }

    #[track_caller]
    fn until_health(&self, limit: Duration, wanted: &str) {
        eventually(limit, wanted, || (self.health() == wanted).then_some(()));
    }

    fn load(&self, arguments: &[&str], output: &Path) -> Process {
        Process::start(self.server.command(&[]).arg("load").args(arguments), output)
    }

    /// `load publish` of these streams.
    fn publish_all(&self, streams: &[Stream]) -> Process {
        let keys: String = streams.iter().map(|stream| stream.key.clone() + "\n").collect();
        let file = self.server.path("keys");
        std::fs::write(&file, keys).expect("a writable file");
        let (file, count) = (file.to_string_lossy(), streams.len().to_string());
        let url = self.server.rtmp_url("{key}");
        let what = ["--size", "320x180", "--fps", "15", "--bitrate", "150k", "--warmup", "0"];
        let arguments = ["publish", &url, "--keys-file", &file, "--streams", &count];
        let arguments = [&arguments, &what[..], &["--duration", "120"]].concat();
        self.load(&arguments, &self.server.path("publish.out"))
    }

    /// `load play`, which ends with 0 if nobody missed a picture.
    fn watch_all(&self, streams: &[Stream]) -> Process {
        let urls: Vec<String> = streams.iter().map(|it| self.server.flv_url(&it.id)).collect();
        let mut arguments = vec!["play"];
        arguments.extend(urls.iter().map(String::as_str));
        let players = VIEWERS.to_string();
        arguments.extend(["--players", &players, "--duration", "20"]);
        for expected in ["lost=0", "stalls=0", "failed=0", "refused=0", "doubled=0"] {
            arguments.extend(["--expect", expected]);
        }
        self.load(&arguments, &self.server.path("play.out"))
    }

    #[track_caller]
    fn until_rows(&self, what: &str, query: &str, rows: usize) {
        let count = || self.database.query(&format!("SELECT COUNT(*) FROM site.{query}"));
        let rows = rows.to_string();
        let start = Instant::now();
        while count() != [rows.as_str()] {
            assert!(start.elapsed() < SOON, "not {rows} {what}: {:?}", count());
        }
    }

    fn viewers(&self) -> usize {
        let page = self.server.api("/metrics").text();
        let lines = page.lines().filter(|line| line.starts_with("shardcast_viewers{"));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<usize>().ok()).sum()
    }
}

#[test]
fn nobody_who_watches_notices_that_the_database_and_redis_are_away() {
    let (database, redis) = (Database::start(), Redis::start());
    let server = node(&database, &redis).with("THROTTLE_EXEMPT", "loopback").start();
    let mut site = Site { database, redis, server };
    let streams: Vec<_> = (0..LOADED).map(|_| site.server.add_stream("Loaded")).collect();
    let [ended, returning] = ["Ended", "Returning"].map(|title| site.server.add_stream(title));

    let publish = |stream: &Stream| Publisher::start(&site.server, stream, &sources::OBS);
    let before = publish(&ended);
    checker::first_playlist(&site.server, &ended.id);
    before.kill();
    let leaving = publish(&returning);
    let _publishing = site.publish_all(&streams);
    site.until_rows("live", "live_streams WHERE status = 'live'", LOADED + 1);
    site.until_rows("completed", "stream_sessions WHERE status = 'completed'", 1);
    let mut watching = site.watch_all(&streams);
    eventually(SOON, "all watch", || (site.viewers() >= VIEWERS).then_some(()));
    site.until_health(SOON, "healthy");

    site.database.kill();
    site.redis.kill();
    site.until_health(NOTICE, "degraded");
    // What cannot be done is refused, and says why.
    let refused = site.server.run(&["stream", "add", "Refused"]);
    assert!(refused.code != Some(0) && refused.stderr.contains("database"), "{refused:?}");
    // A publisher that comes back goes on; one that was there before begins anew.
    leaving.kill();
    let back = [&returning, &ended].map(|stream| {
        let publisher = Publisher::start(&site.server, stream, &sources::OBS);
        checker::first_playlist(&site.server, &stream.id);
        publisher
    });
    assert_eq!(site.health(), "degraded");

    site.database.run();
    site.redis.run();
    site.until_health(SOON, "healthy");
    site.until_rows("live", "live_streams WHERE status = 'live'", LOADED + 2);
    site.until_rows("rows", "stream_sessions", LOADED + 3);
    site.until_rows("active", "stream_sessions WHERE status = 'active'", LOADED + 2);
    let all = "(SELECT DISTINCT stream_id, session_id FROM site.stream_sessions) one";
    let distinct = site.database.query(&format!("SELECT COUNT(*) FROM {all}"));
    assert_eq!(distinct, [(LOADED + 3).to_string()], "no session is there twice");
    let times = "stream_sessions WHERE ended_at < started_at";
    site.until_rows("that end before they start", times, 0);

    let watched = watching.wait(SOON);
    assert!(watched.success(), "{}", watching.output());
    drop(back);
    let status = site.server.terminate(Duration::from_secs(35));
    assert!(status.success(), "{status}");
    site.until_rows("completed", "stream_sessions WHERE status = 'completed'", LOADED + 3);
}
