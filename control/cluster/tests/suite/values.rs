use std::time::Duration;

use cluster::{Link, MAX_TTL};

use crate::common::{in_both_modes, join, until, until_link};
use crate::server::Server;

#[tokio::test]
async fn a_value_is_recalled_until_it_is_forgotten_or_ends() {
    in_both_modes(async |cluster| {
        assert_eq!(cluster.recall("k", "x").await, None);
        cluster.remember("k", "x", "1", MAX_TTL).await;
        cluster.remember("other", "x", "2", MAX_TTL).await;
        assert_eq!(cluster.recall("k", "x").await.as_deref(), Some("1"));
        cluster.remember("k", "x", "ä\r\n\0", MAX_TTL).await;
        assert_eq!(cluster.recall("k", "x").await.as_deref(), Some("ä\r\n\0"), "replaced");
        cluster.forget("k", "x").await;
        assert_eq!(cluster.recall("k", "x").await, None);
        assert_eq!(cluster.recall("other", "x").await.as_deref(), Some("2"));
        cluster.remember("k", "short", "1", Duration::from_millis(20)).await;
        until("it ended", async || cluster.recall("k", "short").await.is_none()).await;
        cluster.remember("k", "none", "1", Duration::ZERO).await;
        assert_eq!(cluster.recall("k", "none").await, None);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_long_is_not_kept() {
    in_both_modes(async |cluster| {
        let long = "x".repeat(10_000);
        cluster.remember("k", &long, "1", MAX_TTL).await;
        assert_eq!(cluster.recall("k", &long).await, None);
        cluster.remember("k", "x", &long, MAX_TTL).await;
        assert_eq!(cluster.recall("k", "x").await, None);
        cluster.forget("k", &long).await;
    })
    .await;
}

#[tokio::test]
async fn nodes_share_values() {
    let server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    a.remember("k", "x", "1", MAX_TTL).await;
    assert_eq!(b.recall("k", "x").await.as_deref(), Some("1"));
    b.forget("k", "x").await;
    assert_eq!(a.recall("k", "x").await, None);
}

#[tokio::test]
async fn what_is_forgotten_while_redis_hangs_is_forgotten_when_it_goes_on() {
    let server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    a.remember("k", "x", "1", MAX_TTL).await;
    server.hang();
    // A command gets to Redis even now, and is done when it goes on; so the way is to be found shut.
    until_link(&a, Link::Down).await;
    a.forget("k", "x").await;
    server.go_on();
    until_link(&b, Link::Up).await;
    until("it is forgotten", async || b.recall("k", "x").await.is_none()).await;
}

#[tokio::test]
async fn what_was_remembered_alone_ends_when_redis_is_back() {
    let mut server = Server::start();
    let a = join("a", server.redis()).await;
    server.kill();
    until_link(&a, Link::Down).await;
    a.remember("k", "x", "1", MAX_TTL).await;
    assert_eq!(a.recall("k", "x").await.as_deref(), Some("1"));
    server.run();
    until_link(&a, Link::Up).await;
    server.kill();
    until_link(&a, Link::Down).await;
    assert_eq!(a.recall("k", "x").await, None, "others may have forgotten it meanwhile");
}
