//! Health, readiness, metrics, what is live, and how the port treats connections.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use control::ShardHealth;
use serde_json::{Value, json};
use store::UtcTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::fixture::{Fixture, WELL, in_force, text};
use crate::{Limits, serve};

#[tokio::test]
async fn health_has_the_shape_that_was_promised() {
    let (status, health) = Fixture::new().await.get("/health").await;
    assert_eq!(status, StatusCode::OK);
    let redis = if std::env::var_os("TEST_REDIS").is_some() { "up" } else { "off" };
    let services = json!({ "database": "up", "redis": redis, "storage": "up", "media": "up" });
    assert_eq!((&health["status"], &health["services"]), (&json!("healthy"), &services));
    assert_eq!((&health["runtime"], &health["shards"]), (&json!("io_uring"), &json!(2)));
    assert_eq!((&health["version"], &health["uptimeSeconds"]), (&json!("1.2.3"), &json!(0)));
    assert!(health["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_late_shard_degrades_and_a_dead_one_is_503() {
    let fixture = Fixture::new().await;
    let late = ShardHealth { heartbeat_age: Duration::from_secs(3), ..WELL };
    let (status, health) = fixture.set(vec![WELL, late]).await;
    assert_eq!((status, &health["status"]), (StatusCode::OK, &json!("degraded")));
    let hung = ShardHealth { heartbeat_age: Duration::from_secs(30), ..WELL };
    let gone = ShardHealth { running: false, ..WELL };
    for dead in [hung, gone] {
        let (status, health) = fixture.set(vec![WELL, dead]).await;
        assert_eq!(
            (status, &health["status"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("unhealthy"))
        );
    }
}

#[tokio::test]
async fn readiness_follows_the_phase_and_the_room() {
    let fixture = Fixture::new().await;
    let unready = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(fixture.get("/ready").await, (unready, json!({ "status": "starting" })));
    fixture.lifecycle.ready();
    assert_eq!(fixture.get("/ready").await, (StatusCode::OK, json!({ "status": "ready" })));
    fixture.set(vec![ShardHealth { full: true, ..WELL }; 2]).await;
    assert_eq!(fixture.get("/ready").await, (unready, json!({ "status": "full" })));
    fixture.set(vec![WELL; 2]).await;
    fixture.lifecycle.draining();
    assert_eq!(fixture.get("/ready").await, (unready, json!({ "status": "draining" })));
}

#[tokio::test]
async fn metrics_are_open_metrics_by_shard_and_protocol() {
    let fixture = Fixture::new().await;
    let wrong = json!({ "email": "a@b.org", "password": "wrong one" });
    fixture.call(Method::POST, "/api/auth/login", None, Some(wrong)).await;
    let response = fixture.send(Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = text(response).await;
    for line in [
        "shardcast_build{version=\"1.2.3\",runtime=\"io_uring\"} 1",
        "shardcast_dropped_log_lines_total 5",
        "shardcast_api_answers_total{status=\"4xx\"} 1",
        "shardcast_logins_refused_total 1",
        "shardcast_limit{setting=\"MAX_STREAMS_PER_USER\"} 3",
        "shardcast_service_up{service=\"database\"} 1",
        "shardcast_shard_heartbeat_age_seconds{shard=\"1\"} 0.02",
        "shardcast_shard_load{shard=\"0\"} 0.25",
        "shardcast_connections{shard=\"0\",protocol=\"rtmp\"} 3",
        "shardcast_viewers{shard=\"0\",protocol=\"hls\"} 7",
        "shardcast_received_bytes_total{shard=\"0\"} 1000",
        "shardcast_received_bytes_total{shard=\"1\"} 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn live_streams_are_listed_in_pages_without_keys() {
    let fixture = Fixture::new().await;
    let store = fixture.store.clone();
    let live = move |second: i64| {
        let new = store.add_stream(&format!("T{second}"), None).unwrap();
        let now = UtcTime::from_unix(1_800_000_000 + second);
        store.session_started(&new.stream.id, 1, now).unwrap();
        new.key
    };
    let begin = tokio::task::spawn_blocking(move || (0..3).map(live).collect::<Vec<_>>());
    let keys = begin.await.unwrap();
    let (status, first) = fixture.get("/api/streams/live?limit=2").await;
    assert_eq!(status, StatusCode::OK);
    let item = &first["items"][0];
    assert_eq!((&item["title"], &item["viewers"]), (&json!("T2"), &json!(7)));
    assert_eq!(item["startedAt"], "2027-01-15T08:00:02Z");
    assert!(item["watchUrl"].as_str().unwrap().contains("/watch/"));
    assert!(item["hlsUrl"].as_str().unwrap().ends_with("/index.m3u8"));
    assert_eq!(item["dashUrl"], Value::Null);
    let cursor = first["nextCursor"].as_str().unwrap();
    let (_, second) = fixture.get(&format!("/api/streams/live?limit=2&cursor={cursor}")).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!((&second["items"][0]["title"], &second["nextCursor"]), (&json!("T0"), &Value::Null));
    for key in keys {
        assert!(!format!("{first}{second}").contains(key.expose()));
    }
}

#[tokio::test]
async fn errors_are_problems_that_repeat_no_query() {
    let fixture = Fixture::new().await;
    let (status, problem) = fixture.get("/nothing?token=visible").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(problem["type"], "urn:shardcast:problem:not-found");
    assert!(problem["detail"].as_str().unwrap().contains("/nothing"));
    assert!(!problem.to_string().contains("visible"));
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=1.%2F", "limit=1&limit=2"]
    {
        let (status, problem) = fixture.get(&format!("/api/streams/live?{query}")).await;
        assert_eq!((status, &problem["status"]), (StatusCode::BAD_REQUEST, &json!(400)), "{query}");
    }
    let request = Request::post("/health").body(Body::empty()).unwrap();
    let response = fixture.send(request).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let fixture = Fixture::new().await;
    for path in ["/health", "/nothing"] {
        let response = fixture.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    }
}

#[tokio::test]
async fn a_list_of_origins_narrows_who_may_read() {
    let fixture = Fixture::with(&[("CORS_ORIGINS", "https://example.org")]).await;
    for (origin, allowed) in [("https://example.org", true), ("https://evil.example", false)] {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri("/api/streams/live")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
            .body(Body::empty())
            .unwrap();
        let response = fixture.send(request).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        let found = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(found.is_some_and(|found| found == origin), allowed);
    }
}

/// Serves on a free port until the sender is dropped.
async fn served(limits: Limits) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let fixture = Fixture::new().await;
    tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        serve(listener, fixture.router.clone(), limits, stopped).await;
    });
    (address, stop)
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), reading)
        .await
        .expect("the server closes")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn silent_and_slow_clients_are_cut() {
    let limits = Limits { head_timeout: Duration::from_millis(100), ..Limits::default() };
    let (address, _stop) = served(limits).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(answer(&mut silent).await, "");
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(answer(&mut idle).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn endless_heads_are_refused() {
    let (address, _stop) = served(Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /health HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let _ = stream.write_all(head.as_bytes()).await;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 431");
}

#[tokio::test]
async fn idle_connections_end_with_the_server() {
    let (address, stop) = served(Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    drop(stop);
    answer(&mut stream).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_reload_changes_headers_and_is_told_by_health_and_metrics() {
    let fixture = Fixture::new().await;
    let allowed = async || {
        let request = Request::get("/ready").header("Origin", "https://a.example");
        let response = fixture.send(request.body(Body::empty()).unwrap()).await;
        response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).cloned()
    };
    let told = async || {
        let (_, health) = fixture.get("/health").await;
        let metrics = fixture.send(Request::get("/metrics").body(Body::empty()).unwrap()).await;
        let metrics = text(metrics).await;
        let metrics = metrics.lines().filter(|line| line.starts_with("shardcast_config"));
        let values: Vec<_> =
            metrics.map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect();
        (health["configuration"].as_str().unwrap().to_owned(), values.join(" "))
    };
    assert_eq!(allowed().await.unwrap(), "*");
    assert_eq!(told().await, ("current".into(), "0 0 0 0".into()));
    fixture.reloader.refuse();
    assert_eq!(told().await, ("refused".into(), "0 1 1 0".into()));
    fixture.reloader.take(in_force(&[("CORS_ORIGINS", "https://b.example")]), 3);
    assert_eq!(told().await, ("current".into(), "1 1 0 3".into()));
    assert_eq!(allowed().await, None);
}
