//! What an owner does by the REST API with a stream that is live.

use std::time::Duration;

use e2e::api::Api;
use e2e::publish::Publisher;
use e2e::rtmp::{self, Refusal};
use e2e::server::{Server, Stream};
use e2e::sources::{self, HEIGHT, WIDTH};
use e2e::wait::eventually;
use serde_json::{Value, json};

use crate::common::{tags, until};

/// How long a publisher may stay connected after it lost its right.
const CUT: Duration = Duration::from_secs(3);
/// How long what the shards measure may take to be told.
const TOLD: Duration = Duration::from_secs(15);

struct Owned {
    server: Server,
    api: Api,
    stream: Stream,
    path: String,
}

fn owned() -> Owned {
    let server = Server::start();
    let api = Api::admin(&server);
    let json = api.json("POST", "/api/streams", Some(&json!({ "title": "by the API" })));
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    let stream = Stream { id: text("id"), key: text("streamKey"), json: json.clone() };
    let path = format!("/api/streams/{}", stream.id);
    Owned { server, api, stream, path }
}

impl Owned {
    fn publish(&self, key: &str) -> Result<rtmp::Publisher, Refusal> {
        rtmp::Publisher::start(self.server.ports().rtmp, "live", key)
    }

    /// A publisher that is live.
    #[track_caller]
    fn live(&self, key: &str) -> rtmp::Publisher {
        let mut publisher = self.publish(key).expect("the key is right");
        publisher.send_faster(until(&tags(&sources::OBS), 2_000), 10);
        self.until_status("live");
        publisher
    }

    fn until_status(&self, status: &str) -> Value {
        eventually(TOLD, status, || {
            let read = self.api.json("GET", &self.path, None);
            (read["status"] == status).then_some(read)
        })
    }
}

#[test]
fn a_stopped_or_cancelled_stream_is_cut_and_stays_out_until_it_is_started() {
    let owned = owned();
    let mut publisher = owned.live(&owned.stream.key);
    let stopped = owned.api.json("POST", &format!("{}/stop", owned.path), None);
    assert_eq!(stopped["status"], "ended");
    assert!(publisher.is_cut_within(CUT));
    assert!(matches!(owned.publish(&owned.stream.key), Err(Refusal::Status(_))));
    owned.api.json("POST", &format!("{}/start", owned.path), None);
    let mut again = owned.live(&owned.stream.key);
    let cancelled = owned.api.json("PUT", &owned.path, Some(&json!({ "status": "cancelled" })));
    assert_eq!(cancelled["status"], "cancelled");
    assert!(again.is_cut_within(CUT));
    assert!(matches!(owned.publish(&owned.stream.key), Err(Refusal::Status(_))));
    // The session's end does not bring it back.
    assert!(!owned.until_status("cancelled")["endedAt"].is_null());
}

#[test]
fn a_new_key_cuts_who_has_the_old_one() {
    let owned = owned();
    let mut publisher = owned.live(&owned.stream.key);
    let new = owned.api.json("POST", &format!("{}/key", owned.path), None);
    assert!(publisher.is_cut_within(CUT));
    assert!(matches!(owned.publish(&owned.stream.key), Err(Refusal::Status(_))));
    owned.live(new["streamKey"].as_str().expect("a key"));
}

#[test]
fn statistics_and_sessions_tell_of_a_live_stream_and_a_session_is_cut() {
    let owned = owned();
    let _publisher = Publisher::start(&owned.server, &owned.stream, &sources::OBS);
    let stats = eventually(TOLD, "complete statistics", || {
        let stats = owned.api.json("GET", &format!("{}/stats", owned.path), None);
        (stats["gopMs"].is_u64() && stats["health"] == "good").then_some(stats)
    });
    assert_eq!(stats["video"]["width"], WIDTH);
    assert_eq!(stats["video"]["height"], HEIGHT);
    assert_eq!(stats["details"]["publisher"]["protocol"], "rtmp");
    let list = || owned.api.json("GET", &format!("{}/sessions", owned.path), None);
    let mut player =
        rtmp::Player::start(owned.server.ports().rtmp, &owned.stream.id).expect("it plays");
    player.tag().expect("media");
    let sessions = eventually(TOLD, "two sessions", || {
        let items = list()["items"].as_array().expect("a list").clone();
        (items.len() == 2).then_some(items)
    });
    assert_eq!(
        (&sessions[0]["kind"], &sessions[1]["kind"]),
        (&json!("publisher"), &json!("viewer"))
    );
    let viewer = sessions[1]["id"].as_str().expect("an id");
    owned.api.json("DELETE", &format!("{}/sessions/{viewer}", owned.path), None);
    eventually(CUT, "the viewer's end", || player.tag().is_err().then_some(()));
    let unknown = owned.api.call("DELETE", &format!("{}/sessions/{viewer}", owned.path), None);
    assert_eq!(unknown.status, 404);
}

#[test]
fn a_limit_of_viewers_holds_at_once() {
    let owned = owned();
    let _publisher = Publisher::start(&owned.server, &owned.stream, &sources::OBS);
    owned.until_status("live");
    let limit = |most: u32| {
        owned.api.json("PUT", &owned.path, Some(&json!({ "maxViewers": most })));
    };
    let play = || rtmp::Player::start(owned.server.ports().rtmp, &owned.stream.id);
    let _first = play().expect("nobody watches yet");
    limit(1);
    eventually(CUT, "a refusal", || matches!(play(), Err(Refusal::Status(_))).then_some(()));
    limit(2);
    eventually(CUT, "room for one more", || play().ok());
}

#[test]
fn a_locked_owners_publisher_is_cut() {
    let owned = owned();
    let new = json!({ "email": "ann@example.com", "password": "long enough" });
    let ann = owned.api.json("POST", "/api/users", Some(&new));
    let api = Api::log_in(&owned.server, "ann@example.com", "long enough");
    let made = api.json("POST", "/api/streams", Some(&json!({ "title": "Ann's" })));
    let mut publisher = owned.publish(made["streamKey"].as_str().expect("a key")).expect("a key");
    publisher.send_faster(until(&tags(&sources::OBS), 2_000), 10);
    let path = format!("/api/users/{}", ann["id"]);
    owned.api.json("PATCH", &path, Some(&json!({ "isActive": false })));
    assert!(publisher.is_cut_within(CUT));
    assert_eq!(api.call("GET", "/api/auth/me", None).status, 401);
}
