use std::time::Duration;

use cluster::{Cluster, Event, Events, Link, Node, Redis};
use tokio::time::{Instant, sleep, timeout};

use crate::server::Server;

/// Far longer than anything takes on a machine that is not overloaded.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) fn node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        media_url: format!("http://{name}.media"),
        api_url: format!("http://{name}.api"),
    }
}

/// A node that is connected.
pub(crate) async fn join(name: &str, redis: Redis) -> Cluster {
    let cluster = Cluster::start(node(name), Some(redis)).unwrap();
    until_link(&cluster, Link::Up).await;
    cluster
}

/// Runs a test of one node without Redis and with it.
pub(crate) async fn in_both_modes(test: impl AsyncFn(Cluster)) {
    test(Cluster::start(node("a"), None).unwrap()).await;
    let server = Server::start();
    test(join("a", server.redis()).await).await;
}

/// Waits until the condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds().await {
        assert!(Instant::now() < deadline, "still waiting until {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn until_link(cluster: &Cluster, link: Link) {
    until(&format!("the link is {link:?}"), async || cluster.link() == link).await;
}

/// Waits for this event and gives those before it.
pub(crate) async fn until_event(events: &mut Events, wanted: &Event) -> Vec<Event> {
    let mut before = Vec::new();
    loop {
        let event = timeout(LONG, events.next()).await;
        let event = event.unwrap_or_else(|_| panic!("no {wanted:?}, but {before:?}")).unwrap();
        if event == *wanted {
            return before;
        }
        before.push(event);
    }
}

pub(crate) fn user(user: i64) -> Event {
    Event::UserChanged { user }
}
