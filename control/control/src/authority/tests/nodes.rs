//! Two nodes on one database and one Redis.

use cluster::Link;
use tokio::time::timeout;

use super::redis::{LONG, Server, until};
use super::*;

struct Nodes {
    a: Fixture,
    b: Fixture,
    redis: Server,
}

impl Nodes {
    async fn new() -> Self {
        Self::with(settings(0)).await
    }

    async fn with(settings: AuthoritySettings) -> Self {
        let redis = Server::start();
        let dir = fixture(0).dir;
        let join = async |name| {
            let node = Fixture::new(dir.clone(), redis.join(name).await, settings.clone());
            tokio::spawn(node.authority.clone().keep());
            node
        };
        let (a, b) = (join("a").await, join("b").await);
        Self { a, b, redis }
    }
}

impl Fixture {
    async fn stopped(&mut self) -> (String, StopReason) {
        let ordered = timeout(LONG, self.commands.recv()).await;
        match ordered.expect("a command comes").unwrap().command {
            Command::Stop { stream, reason } => (stream.to_string(), reason),
            limit @ Command::Limit { .. } => panic!("another command: {limit:?}"),
        }
    }

    async fn elsewhere(&self, id: &str) -> Option<Arc<str>> {
        let id = StreamId::parse(id).unwrap();
        match self.authority.answer(Question::Elsewhere { id }).await {
            Answer::Elsewhere(base) => base,
            other => panic!("an answer to another question: {other:?}"),
        }
    }

    async fn linger(&self, grant: &Grant) {
        let notice = Notice::Lingering { stream: grant.stream.clone() };
        self.authority.notice(grant.home, notice).await;
    }
}

fn elsewhere(node: &str) -> Denial {
    Denial::Elsewhere { node: node.into() }
}

#[tokio::test]
async fn a_right_that_ends_on_one_node_cuts_the_publisher_on_another() {
    let mut nodes = Nodes::new().await;
    let [rotated, disabled] = [0; 2].map(|_| nodes.a.stream(None));
    nodes.b.go_live(&rotated.key).await;
    nodes.a.rotate(&rotated.stream.id).await;
    let stop = nodes.b.stopped().await;
    assert_eq!(stop, (rotated.stream.id.clone(), StopReason::KeyReplaced));
    nodes.b.go_live(&disabled.key).await;
    nodes.a.disable(&disabled.stream.id).await;
    assert_eq!(nodes.b.stopped().await, (disabled.stream.id.clone(), StopReason::Disabled));
    set_away(&nodes.b.database(), true);
    for key in [&rotated.key, &disabled.key] {
        assert_eq!(nodes.b.publish(key).await.unwrap_err(), Denial::Unavailable, "it is forgotten");
    }
}

#[tokio::test]
async fn a_publisher_with_the_new_key_is_not_cut_for_the_old_one() {
    let mut nodes = Nodes::new().await;
    let new = nodes.a.stream(None);
    let renewed = nodes.b.store.new_key(&new.stream.id).unwrap();
    let grant = nodes.b.go_live(&renewed.key).await;
    let stream = new.stream.id.clone();
    let reason = StopReason::KeyReplaced.name().to_owned();
    nodes.a.authority.cluster().tell(Event::StreamRevoked { stream, reason });
    nodes.a.disable(&new.stream.id).await;
    assert_eq!(nodes.b.stopped().await, (grant.stream.to_string(), StopReason::Disabled));
}

#[tokio::test]
async fn a_key_that_was_replaced_unheard_cuts_its_publisher_when_the_new_one_comes() {
    let mut alone = fixture(0);
    let new = alone.stream(None);
    alone.go_live(&new.key).await;
    let renewed = alone.store.new_key(&new.stream.id).unwrap();
    alone.publish(&renewed.key).await.unwrap();
    assert_eq!(alone.stopped().await, (new.stream.id, StopReason::KeyReplaced));
}

#[tokio::test]
async fn a_user_who_is_locked_out_is_cut_when_a_node_hears_of_it() {
    let mut nodes = Nodes::new().await;
    let new = nodes.a.stream(Some(ANN));
    nodes.b.go_live(&new.key).await;
    let user = nodes.a.store.user(ANN).unwrap().id;
    let lock = store::UserChange { is_active: Some(false), ..store::UserChange::default() };
    nodes.a.store.change_user(user, &lock, now()).unwrap();
    nodes.a.authority.cluster().tell(Event::UserChanged { user });
    assert_eq!(nodes.b.stopped().await, (new.stream.id, StopReason::Disabled));
}

#[tokio::test]
async fn a_limit_of_viewers_reaches_the_node_that_has_the_stream() {
    let mut nodes = Nodes::new().await;
    let new = nodes.a.stream(None);
    let grant = nodes.b.go_live(&new.key).await;
    let five = store::StreamFields { max_viewers: Some(5), ..store::StreamFields::default() };
    nodes.a.store.change_stream(&new.stream.id, &five).unwrap();
    let (authority, stream) = (nodes.a.authority.clone(), grant.stream.clone());
    tokio::task::spawn_blocking(move || authority.limit(&stream, 5)).await.unwrap();
    let command = Command::Limit { stream: grant.stream, max_viewers: 5 };
    let told = timeout(LONG, nodes.b.commands.recv()).await.unwrap();
    assert_eq!(told.unwrap(), ShardCommand { shard: grant.home, command });
}

#[tokio::test]
async fn a_second_publisher_on_another_node_waits_until_the_first_one_is_absent() {
    let mut nodes = Nodes::new().await;
    let new = nodes.a.stream(None);
    let first = nodes.a.go_live(&new.key).await;
    assert_eq!(nodes.b.publish(&new.key).await.unwrap_err(), elsewhere("a"));
    nodes.a.linger(&first).await;
    let returned = Notice::Returned { stream: first.stream.clone() };
    nodes.a.authority.notice(first.home, returned).await;
    assert_eq!(nodes.b.publish(&new.key).await.unwrap_err(), elsewhere("a"), "it came back");
    nodes.a.linger(&first).await;
    let second = nodes.b.go_live(&new.key).await;
    assert!(second.session > first.session && second.first_msn > first.first_msn);
    assert_eq!(nodes.a.stopped().await, (new.stream.id.clone(), StopReason::Taken));
    nodes.a.end(&first, first.first_msn).await;
    assert_eq!(nodes.a.publish(&new.key).await.unwrap_err(), elsewhere("b"));
    assert_eq!(nodes.a.store.stream(&new.stream.id).unwrap().status, Status::Live);
    nodes.b.end(&second, second.first_msn).await;
    until("it is free", async || nodes.a.publish(&new.key).await.is_ok()).await;
}

#[tokio::test]
async fn where_takeover_is_always_a_publisher_takes_the_stream_from_another_node() {
    let mut nodes = Nodes::with(settings_of(&[("PUBLISH_TAKEOVER", "always")])).await;
    let new = nodes.a.stream(None);
    nodes.a.go_live(&new.key).await;
    nodes.b.publish(&new.key).await.unwrap();
    assert_eq!(nodes.a.stopped().await, (new.stream.id, StopReason::Taken));
}

#[tokio::test]
async fn viewers_are_sent_to_the_node_that_has_the_stream_as_long_as_it_has_it() {
    let nodes = Nodes::new().await;
    let new = nodes.a.stream(None);
    let id = &new.stream.id;
    assert_eq!(nodes.a.elsewhere(id).await, None);
    let grant = nodes.b.go_live(&new.key).await;
    assert_eq!(nodes.a.elsewhere(id).await.as_deref(), Some("http://b.example"));
    assert_eq!(nodes.b.elsewhere(id).await, None);
    nodes.b.linger(&grant).await;
    assert_eq!(nodes.a.elsewhere(id).await.as_deref(), Some("http://b.example"));
    nodes.b.end(&grant, grant.first_msn).await;
    until("it is nowhere", async || nodes.a.elsewhere(id).await.is_none()).await;
}

#[tokio::test]
async fn without_redis_each_node_goes_on_and_afterwards_the_newer_session_wins() {
    let mut nodes = Nodes::new().await;
    let new = nodes.a.stream(None);
    let first = nodes.a.go_live(&new.key).await;
    nodes.redis.kill();
    let cluster = nodes.b.authority.cluster().clone();
    until("it is missed", async || cluster.link() == Link::Down).await;
    let second = nodes.b.go_live(&new.key).await;
    assert!(second.session > first.session);
    nodes.redis.run();
    assert_eq!(nodes.a.stopped().await, (new.stream.id.clone(), StopReason::Taken));
    until("it is found", async || nodes.a.elsewhere(&new.stream.id).await.is_some()).await;
    assert_eq!(nodes.b.elsewhere(&new.stream.id).await, None);
}

#[tokio::test]
async fn what_ends_while_redis_is_away_is_found_out_all_the_same() {
    let mut nodes = Nodes::new().await;
    let new = nodes.a.stream(None);
    nodes.b.go_live(&new.key).await;
    nodes.redis.kill();
    nodes.a.rotate(&new.stream.id).await;
    assert_eq!(nodes.b.stopped().await, (new.stream.id, StopReason::KeyReplaced));
}
