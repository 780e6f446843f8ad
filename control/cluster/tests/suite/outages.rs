use std::time::Duration;

use cluster::{Claim, Cluster, Event, Limit, Link, Redis, Verdict};
use tokio::time::timeout;

use crate::common::{LONG, join, node, until, until_event, until_link, user};
use crate::server::Server;

const LIMIT: Limit = Limit { name: "test", burst: 1_000_000, per: Duration::from_hours(1) };

#[tokio::test]
async fn redis_may_come_after_the_node() {
    let mut server = Server::not_started(&[]);
    let a = Cluster::start(node("a"), Some(server.redis())).unwrap();
    assert_eq!(a.link(), Link::Down);
    assert_eq!(a.claim("s", 1, false).await, Claim::Unknown);
    assert_eq!(a.home("s").await.unwrap().node, "a");
    assert!(matches!(a.take(&LIMIT, "x").await, Verdict::Allowed { .. }));
    a.remember("k", "x", "1", Duration::from_mins(1)).await;
    assert_eq!(a.recall("k", "x").await.as_deref(), Some("1"));
    let mut events = a.events();
    server.run();
    until_event(&mut events, &Event::Missed).await;
    until_link(&a, Link::Up).await;
    let b = join("b", server.redis()).await;
    until("it is registered", async || b.home("s").await.is_some_and(|home| home.node == "a"))
        .await;
}

#[tokio::test]
async fn what_a_restarted_redis_forgot_is_registered_again() {
    let mut server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    server.kill();
    until_link(&a, Link::Down).await;
    assert_eq!(a.claim("t", 1, false).await, Claim::Unknown);
    until_link(&b, Link::Down).await;
    assert_eq!(b.home("s").await, None);
    server.run();
    for stream in ["s", "t"] {
        until("it is back", async || b.home(stream).await.is_some_and(|home| home.node == "a"))
            .await;
    }
}

#[tokio::test]
async fn of_two_that_went_on_by_themselves_the_newer_session_stays() {
    let mut server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    let mut at_a = a.events();
    server.kill();
    until_link(&a, Link::Down).await;
    until_link(&b, Link::Down).await;
    assert_eq!(a.claim("s", 1, false).await, Claim::Unknown);
    assert_eq!(b.claim("s", 2, false).await, Claim::Unknown);
    server.run();
    let taken = Event::StreamTaken { stream: "s".into(), session: 2, node: "b".into() };
    until_event(&mut at_a, &taken).await;
    assert_eq!((a.metrics().streams_held, b.metrics().streams_held), (0, 1));
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_wait_and_comes_back() {
    let server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    server.hang();
    // Half a second each would be far longer.
    let calls = async {
        for _ in 0..200 {
            assert!(matches!(a.take(&LIMIT, "x").await, Verdict::Allowed { .. }));
            a.remember("k", "x", "1", Duration::from_mins(1)).await;
            assert_eq!(a.recall("k", "x").await.as_deref(), Some("1"));
            a.forget("k", "x").await;
            assert_eq!(a.recall("k", "x").await, None);
            assert_eq!(a.home("t").await, None);
            assert_eq!(a.claim("u", 1, false).await, Claim::Unknown);
        }
        a.leave().await;
    };
    timeout(LONG, calls).await.expect("only the first call waits");
    until_link(&b, Link::Down).await;
    server.go_on();
    until_link(&a, Link::Up).await;
    until_link(&b, Link::Up).await;
    let mut at_b = b.events();
    a.tell(user(1));
    until_event(&mut at_b, &user(1)).await;
}

#[tokio::test]
async fn calls_at_the_first_moment_of_a_hang_wait_together() {
    let server = Server::start();
    let a = join("a", server.redis()).await;
    server.hang();
    let calls: Vec<_> = (0..500)
        .map(|call| {
            let a = a.clone();
            tokio::spawn(async move { a.home(&call.to_string()).await })
        })
        .collect();
    let all = async {
        for call in calls {
            assert_eq!(call.await.unwrap(), None);
        }
    };
    timeout(LONG, all).await.expect("they wait at the same time");
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_away_until_it_does() {
    let server = Server::start();
    let a = join("a", server.redis()).await;
    let mut plain = server.connect();
    let mut set = |value: &str| {
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(value).exec(&mut plain).unwrap();
    };
    set("1");
    until_link(&a, Link::Down).await;
    assert_eq!(a.claim("s", 1, false).await, Claim::Unknown);
    set("0");
    until_link(&a, Link::Up).await;
    until("it is registered", async || {
        redis::cmd("EXISTS").arg("shardcast:stream:s").query(&mut server.connect()).unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_password_opens_and_a_wrong_one_leaves_the_node_alone() {
    let server = Server::with(&["--requirepass", "right"]);
    let with = |password: &str| {
        let redis = Redis::new(server.url(), Some(password.to_owned()));
        Cluster::start(node("a"), Some(redis)).unwrap()
    };
    let (good, bad) = (with("right"), with("wrong"));
    until_link(&good, Link::Up).await;
    assert_eq!(bad.link(), Link::Down);
    assert_eq!(bad.metrics().connections, 0);
    assert!(matches!(bad.take(&LIMIT, "x").await, Verdict::Allowed { .. }));
}
