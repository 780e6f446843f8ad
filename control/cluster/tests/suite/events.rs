use cluster::{Cluster, Event, Link};

use crate::common::{in_both_modes, join, node, until, until_event, until_link, user};
use crate::server::Server;

#[tokio::test]
async fn a_node_hears_itself_at_once_and_once() {
    in_both_modes(async |cluster| {
        let mut events = cluster.events();
        cluster.tell(user(1));
        cluster.tell(user(2));
        assert_eq!(until_event(&mut events, &user(2)).await, [user(1)]);
    })
    .await;
}

#[tokio::test]
async fn nodes_hear_each_other_once_and_in_order() {
    let server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    let (mut at_a, mut at_b) = (a.events(), b.events());
    let revoked = Event::StreamRevoked { stream: "s".into(), reason: "new key".into() };
    a.tell(user(1));
    a.tell(revoked.clone());
    a.tell(user(2));
    assert_eq!(until_event(&mut at_b, &user(2)).await, [user(1), revoked.clone()]);
    b.tell(user(3));
    assert_eq!(until_event(&mut at_a, &user(3)).await, [user(1), revoked, user(2)]);
    assert_eq!(a.metrics().events_sent, 3);
    assert_eq!((a.metrics().events_received, b.metrics().events_received), (1, 3));
}

#[tokio::test]
async fn nodes_of_one_name_hear_each_other_too() {
    let server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("a", server.redis()).await);
    let mut at_b = b.events();
    a.tell(user(1));
    assert_eq!(until_event(&mut at_b, &user(1)).await, []);
}

#[tokio::test]
async fn sites_with_different_databases_do_not_hear_each_other() {
    let server = Server::start();
    let ours = [join("a", server.redis()).await, join("b", server.redis()).await];
    let other = join("a", server.database(1)).await;
    let mut here = ours[1].events();
    other.tell(user(1));
    until("it is sent", async || other.metrics().events_sent == 1).await;
    ours[0].tell(user(2));
    assert_eq!(until_event(&mut here, &user(2)).await, []);
}

#[tokio::test]
async fn after_a_restart_of_redis_all_are_told_to_forget_and_events_flow_again() {
    let mut server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    let (mut at_a, mut at_b) = (a.events(), b.events());
    server.kill();
    until_link(&a, Link::Down).await;
    until_link(&b, Link::Down).await;
    server.run();
    until_event(&mut at_a, &Event::Missed).await;
    until_event(&mut at_b, &Event::Missed).await;
    until_link(&a, Link::Up).await;
    a.tell(user(1));
    until_event(&mut at_b, &user(1)).await;
    assert_eq!(b.metrics().connections, 2);
}

#[tokio::test]
async fn an_event_of_a_short_outage_arrives_after_it() {
    let mut server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    let mut at_b = b.events();
    server.kill();
    until_link(&a, Link::Down).await;
    a.tell(user(1));
    server.run();
    // It is sent when `a` is back; whether `b` is back by then is open, and if not it is told so.
    until("it is settled", async || a.metrics().events_sent + a.metrics().events_lost > 0).await;
    until_event(&mut at_b, &Event::Missed).await;
}

#[tokio::test]
async fn others_are_told_to_forget_when_a_node_that_was_cut_off_lost_events() {
    let server = Server::start();
    let door = server.side_door();
    let (a, b) = (join("a", door.redis()).await, join("b", server.redis()).await);
    let mut at_b = b.events();
    a.tell(user(1));
    until_event(&mut at_b, &user(1)).await;

    door.bar();
    kill_oldest_client(&server);
    until_link(&a, Link::Down).await;
    for _ in 0..2000 {
        a.tell(user(2));
    }
    assert!(a.metrics().events_lost > 0, "there is no room for all");
    door.open();
    until_event(&mut at_b, &Event::Missed).await;
    assert_eq!(b.metrics().connections, 1, "it was there all the time");
}

#[tokio::test]
async fn what_is_no_event_of_ours_is_counted_and_passed_over() {
    let server = Server::start();
    let a = join("a", server.redis()).await;
    let mut events = a.events();
    let mut plain = server.connect();
    for message in ["", "{}", r#"{"from":"x","event":"ofALaterVersion","more":1}"#] {
        redis::cmd("PUBLISH").arg("shardcast:events:0").arg(message).exec(&mut plain).unwrap();
    }
    let good = r#"{"from":"x","event":"userChanged","user":1}"#;
    redis::cmd("PUBLISH").arg("shardcast:events:0").arg(good).exec(&mut plain).unwrap();
    assert_eq!(until_event(&mut events, &user(1)).await, []);
    assert_eq!((a.metrics().events_unknown, a.metrics().events_received), (3, 1));
}

#[tokio::test]
async fn subscriptions_end_with_the_cluster() {
    let server = Server::start();
    for redis in [None, Some(server.redis())] {
        let cluster = Cluster::start(node("a"), redis).unwrap();
        let mut events = cluster.events();
        drop(cluster.clone());
        cluster.tell(user(1));
        until_event(&mut events, &user(1)).await;
        drop(cluster);
        while let Some(event) = events.next().await {
            assert_eq!(event, Event::Missed);
        }
    }
}

/// The node that joined first.
fn kill_oldest_client(server: &Server) {
    let mut plain = server.connect();
    let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut plain).unwrap();
    let ids = list.lines().filter_map(|line| line.strip_prefix("id=")?.split(' ').next());
    let oldest = ids.map(|id| id.parse::<u64>().unwrap()).min().unwrap();
    redis::cmd("CLIENT").arg("KILL").arg("ID").arg(oldest).exec(&mut plain).unwrap();
}
