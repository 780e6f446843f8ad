use cluster::{Claim, Cluster, Event, Home};

use crate::common::{in_both_modes, join, node, until, until_event, user};
use crate::server::Server;

fn home(name: &str, session: u32) -> Home {
    let node = node(name);
    Home { node: node.name, media_url: node.media_url, api_url: node.api_url, session }
}

fn taken(session: u32, node: &str) -> Event {
    Event::StreamTaken { stream: "s".into(), session, node: node.into() }
}

async fn two_nodes(server: &Server) -> (Cluster, Cluster) {
    (join("a", server.redis()).await, join("b", server.redis()).await)
}

#[tokio::test]
async fn a_node_has_its_streams_until_it_releases_them() {
    in_both_modes(async |cluster| {
        assert_eq!(cluster.home("s").await, None);
        assert_eq!(cluster.claim("s", 1, false).await, Claim::Ours);
        assert_eq!(cluster.claim("s", 1, false).await, Claim::Ours, "again");
        assert_eq!(cluster.claim("s", 3, false).await, Claim::Ours, "a newer session");
        assert_eq!(cluster.home("s").await, Some(home("a", 3)));
        let older = cluster.claim("s", 2, true).await;
        assert_eq!(older, Claim::Held(home("a", 3)), "an older one");
        cluster.release("s", 2);
        assert_eq!(cluster.home("s").await, Some(home("a", 3)), "another's release");
        assert_eq!(cluster.metrics().streams_held, 1);
        cluster.release("s", 3);
        assert_eq!(cluster.home("s").await, None);
        assert_eq!(cluster.metrics().streams_held, 0);
        let long = "s".repeat(1000);
        assert_eq!(cluster.claim(&long, 1, false).await, Claim::Unknown);
        assert_eq!(cluster.home(&long).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_another_node_is_found_and_held_until_released() {
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    assert_eq!(b.claim("s", 2, false).await, Claim::Held(home("a", 1)));
    assert_eq!(b.home("s").await, Some(home("a", 1)));
    a.release("s", 1);
    until("it is free", async || b.home("s").await.is_none()).await;
    assert_eq!(b.claim("s", 2, false).await, Claim::Ours);
    assert_eq!(a.home("s").await, Some(home("b", 2)));
}

#[tokio::test]
async fn a_stream_that_is_taken_over_is_lost_once_by_its_node_and_by_no_other() {
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    let mut events = [a.events(), b.events()];
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    assert_eq!(b.claim("s", 2, true).await, Claim::Ours);
    assert_eq!(until_event(&mut events[0], &taken(2, "b")).await, []);
    assert_eq!((a.metrics().streams_held, b.metrics().streams_held), (0, 1));
    a.release("s", 1);
    a.tell(user(1));
    for events in &mut events {
        assert_eq!(until_event(events, &user(1)).await, []);
    }
    assert_eq!(a.home("s").await, Some(home("b", 2)), "the loser's release takes nothing");
}

#[tokio::test]
async fn a_stream_that_is_offered_goes_to_whoever_claims_it_first() {
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    let mut events = a.events();
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    a.offer("s", 1).await;
    assert_eq!(b.home("s").await, Some(home("a", 1)), "it is there until somebody takes it");
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    assert_eq!(b.claim("s", 2, false).await, Claim::Held(home("a", 1)), "it is offered no more");
    a.offer("s", 1).await;
    b.offer("s", 1).await;
    assert_eq!(b.claim("s", 2, false).await, Claim::Ours);
    assert_eq!(until_event(&mut events, &taken(2, "b")).await, []);
    a.offer("s", 1).await;
    assert_eq!(a.claim("s", 3, false).await, Claim::Held(home("b", 2)), "it is not a's to offer");
}

#[tokio::test]
async fn an_older_session_never_wins() {
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    assert_eq!(a.claim("s", 10, false).await, Claim::Ours);
    for (session, take_over) in [(9, false), (9, true), (10, true)] {
        let claim = b.claim("s", session, take_over).await;
        assert_eq!(claim, Claim::Held(home("a", 10)), "session {session}");
    }
    assert_eq!(b.metrics().streams_held, 0);
    assert_eq!(b.claim("s", 11, true).await, Claim::Ours);
    assert_eq!(a.claim("s", 10, true).await, Claim::Held(home("b", 11)));
}

#[tokio::test]
async fn a_node_that_did_not_hear_of_the_loss_finds_it_out_and_tells() {
    let server = Server::start();
    let a = join("a", server.redis()).await;
    let mut events = a.events();
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    let mut plain = server.connect();
    let mut set = redis::cmd("HSET");
    set.arg("shardcast:stream:s").arg(&[("session", "2"), ("node", "x")]);
    set.exec(&mut plain).unwrap();
    assert_eq!(until_event(&mut events, &taken(2, "x")).await, []);
    assert_eq!(a.metrics().streams_held, 0);
}

#[tokio::test]
async fn leases_outlive_their_renewal_and_expire_after_their_node() {
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    assert_eq!(a.claim("s", 1, false).await, Claim::Ours);
    assert_eq!(a.claim("t", 1, false).await, Claim::Ours);
    let mut plain = server.connect();
    let mut left =
        || -> i64 { redis::cmd("PTTL").arg("shardcast:stream:s").query(&mut plain).unwrap() };
    let mut before = left();
    until("it is renewed", async || {
        let now = left();
        now > std::mem::replace(&mut before, now)
    })
    .await;
    drop(a);
    assert_eq!(b.home("s").await, Some(home("a", 1)), "it did not say good-bye");
    until("the leases end", async || b.home("s").await.is_none() && b.home("t").await.is_none())
        .await;
    assert_eq!(b.claim("s", 2, false).await, Claim::Ours);
}

#[tokio::test]
async fn a_node_that_leaves_frees_its_streams_at_once() {
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    for stream in ["s", "t"] {
        assert_eq!(a.claim(stream, 1, false).await, Claim::Ours);
    }
    a.leave().await;
    for stream in ["s", "t"] {
        assert_eq!(b.claim(stream, 2, false).await, Claim::Ours);
    }
    Cluster::start(node("a"), None).unwrap().leave().await;
}

#[tokio::test]
async fn many_streams_are_renewed_together_and_set_again_where_they_are_missing() {
    const MANY: u32 = 500;
    let server = Server::start();
    let (a, b) = two_nodes(&server).await;
    for stream in 0..MANY {
        assert_eq!(a.claim(&stream.to_string(), 1, false).await, Claim::Ours);
    }
    let before = a.metrics().commands;
    redis::cmd("FLUSHALL").exec(&mut server.connect()).unwrap();
    for stream in 0..MANY {
        let stream = stream.to_string();
        until("it is back", async || b.home(&stream).await == Some(home("a", 1))).await;
    }
    let commands = a.metrics().commands - before;
    assert!(commands < u64::from(MANY) / 5, "{commands} commands");
}
