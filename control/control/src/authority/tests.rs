use std::net::{IpAddr, Ipv4Addr};

use store::{NewKey, NewUser, Options, Role, Secret, Status};

use super::*;
use crate::current::tests::in_force;

struct Fixture {
    store: Store,
    authority: Arc<Authority>,
    commands: mpsc::Receiver<ShardCommand>,
    _dir: tempfile::TempDir,
}

const ANN: &str = "ann@example.org";

fn fixture(max_streams_per_user: u32) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let secret = Secret::new("k".repeat(32));
    let store =
        Store::open(&store::Location::File(dir.path().join("s.db")), &secret, Options::default())
            .unwrap();
    for (email, role) in [("admin@example.org", Role::Admin), (ANN, Role::Streamer)] {
        let new = NewUser { email: email.into(), name: None, role };
        store.add_user(&new, Some(&Secret::new("long enough"))).unwrap();
    }
    let limit = max_streams_per_user.to_string();
    let in_force = in_force(&[("MAX_STREAMS_PER_USER", &limit)]);
    let settings = AuthoritySettings { shards: 2, current: Current::fixed(in_force) };
    let (authority, commands) = Authority::new(store.clone(), settings);
    Fixture { store, authority, commands, _dir: dir }
}

impl Fixture {
    fn stream(&self, owner: Option<&str>) -> NewKey {
        self.store.add_stream("Title", owner).unwrap()
    }

    async fn publish(&self, key: &Secret) -> Result<Grant, Denial> {
        let key = StreamKey(key.expose().to_owned());
        let question = Question::Publish { key, peer: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        match self.authority.answer(question).await {
            Answer::Publish(result) => result,
            other => panic!("an answer to another question: {other:?}"),
        }
    }

    async fn go_live(&self, key: &Secret) -> Grant {
        let grant = self.publish(key).await.unwrap();
        let started = Notice::Started { stream: grant.stream.clone(), session: grant.session };
        self.authority.notice(grant.home, started).await;
        grant
    }

    async fn end(&self, grant: &Grant, last_msn: u64) {
        let (stream, session) = (grant.stream.clone(), grant.session);
        self.authority.notice(grant.home, Notice::Ended { stream, session, last_msn }).await;
    }

    async fn disable(&self, id: &str) {
        let (authority, id) = (self.authority.clone(), id.to_owned());
        let change = move || {
            authority.revoke(
                StopReason::Disabled,
                |store| store.set_disabled(&id, true),
                |stream| vec![stream.id.clone()],
            )
        };
        tokio::task::spawn_blocking(change).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_right_key_is_granted_a_home_and_a_session() {
    let fixture = fixture(3);
    let new = fixture.stream(None);
    let grant = fixture.publish(&new.key).await.unwrap();
    assert_eq!((grant.stream.as_str(), &*grant.title), (new.stream.id.as_str(), "Title"));
    assert_eq!((grant.home, grant.session), (0, 1));
    assert!(grant.first_msn > 0);
}

#[tokio::test]
async fn a_wrong_key_and_a_disabled_stream_are_denied() {
    let fixture = fixture(3);
    assert_eq!(fixture.publish(&Secret::new("no")).await.unwrap_err(), Denial::UnknownKey);
    let new = fixture.stream(None);
    fixture.store.set_disabled(&new.stream.id, true).unwrap();
    assert_eq!(fixture.publish(&new.key).await.unwrap_err(), Denial::Disabled);
}

#[tokio::test]
async fn a_user_has_only_so_many_streams_live_at_once() {
    let fixture = fixture(2);
    let streams = [0; 3].map(|_| fixture.stream(Some(ANN)));
    let first = fixture.go_live(&streams[0].key).await;
    fixture.publish(&streams[1].key).await.unwrap();
    let denied = fixture.publish(&streams[2].key).await.unwrap_err();
    assert_eq!(denied, Denial::TooManyStreams { limit: 2 });
    let back = fixture.publish(&streams[0].key).await.unwrap();
    assert!(back.session > first.session && back.first_msn > first.first_msn);
    assert_eq!(back.home, first.home);
    fixture.end(&back, back.first_msn).await;
    fixture.publish(&streams[2].key).await.unwrap();
}

#[tokio::test]
async fn administrators_and_a_limit_of_zero_know_no_limit() {
    let strict = fixture(1);
    for _ in 0..3 {
        let new = strict.stream(None);
        strict.go_live(&new.key).await;
    }
    let open = fixture(0);
    for _ in 0..3 {
        let new = open.stream(Some(ANN));
        open.go_live(&new.key).await;
    }
}

#[tokio::test]
async fn the_table_follows_the_notices() {
    let fixture = fixture(3);
    let new = fixture.stream(None);
    let status = || fixture.store.stream(&new.stream.id).unwrap().status;
    let grant = fixture.go_live(&new.key).await;
    assert_eq!(status(), Status::Live);
    assert_eq!(fixture.authority.home(&grant.stream), Some(grant.home));
    fixture.end(&grant, grant.first_msn + 50).await;
    assert_eq!(status(), Status::Ended);
    assert_eq!(fixture.authority.home(&grant.stream), None);
    assert!(fixture.publish(&new.key).await.unwrap().first_msn > grant.first_msn + 50);
}

#[tokio::test]
async fn a_disabled_stream_is_stopped_where_it_is_live() {
    let mut fixture = fixture(3);
    let (new, other) = (fixture.stream(None), fixture.stream(None));
    fixture.go_live(&new.key).await;
    let grant = fixture.go_live(&other.key).await;
    fixture.disable(&other.stream.id).await;
    let command = Command::Stop { stream: grant.stream, reason: StopReason::Disabled };
    assert_eq!(fixture.commands.recv().await.unwrap(), ShardCommand { shard: 1, command });
    assert!(fixture.commands.try_recv().is_err());
}

#[tokio::test]
async fn a_stream_that_is_disabled_before_its_media_arrive_is_stopped_when_they_do() {
    let mut fixture = fixture(3);
    let new = fixture.stream(None);
    let grant = fixture.publish(&new.key).await.unwrap();
    fixture.disable(&new.stream.id).await;
    let first = fixture.commands.recv().await.unwrap();
    let started = Notice::Started { stream: grant.stream.clone(), session: grant.session };
    fixture.authority.notice(grant.home, started).await;
    assert_eq!(fixture.commands.recv().await.unwrap(), first);
}

#[tokio::test]
async fn a_removed_stream_that_starts_all_the_same_is_stopped() {
    let mut fixture = fixture(3);
    let new = fixture.stream(None);
    fixture.store.remove_stream(&new.stream.id).unwrap();
    let stream = StreamId::parse(&new.stream.id).unwrap();
    fixture.authority.notice(1, Notice::Started { stream: stream.clone(), session: 1 }).await;
    let command = Command::Stop { stream, reason: StopReason::Removed };
    assert_eq!(fixture.commands.recv().await.unwrap(), ShardCommand { shard: 1, command });
}

#[tokio::test]
async fn public_streams_are_described_and_others_are_not() {
    let fixture = fixture(3);
    let new = fixture.stream(None);
    let describe = async |id: &str| {
        let id = StreamId::parse(id).unwrap();
        match fixture.authority.answer(Question::Describe { id }).await {
            Answer::Describe(description) => description.map(|found| found.title),
            other => panic!("an answer to another question: {other:?}"),
        }
    };
    assert_eq!(describe(&new.stream.id).await.as_deref(), Some("Title"));
    assert_eq!(describe("unknown").await, None);
}

#[tokio::test]
async fn a_limit_of_viewers_is_granted_and_a_new_one_told_again_when_it_overtakes_the_media() {
    let mut fixture = fixture(3);
    let new = fixture.stream(None);
    let five = store::StreamFields { max_viewers: Some(5), ..store::StreamFields::default() };
    fixture.store.change_stream(&new.stream.id, &five).unwrap();
    let grant = fixture.publish(&new.key).await.unwrap();
    assert_eq!(grant.max_viewers, 5);
    let (authority, stream) = (fixture.authority.clone(), grant.stream.clone());
    tokio::task::spawn_blocking(move || authority.limit(&stream, 7)).await.unwrap();
    let first = fixture.commands.recv().await.unwrap();
    let command = Command::Limit { stream: grant.stream.clone(), max_viewers: 7 };
    assert_eq!(first, ShardCommand { shard: grant.home, command });
    let started = Notice::Started { stream: grant.stream.clone(), session: grant.session };
    fixture.authority.notice(grant.home, started.clone()).await;
    assert_eq!(fixture.commands.recv().await.unwrap(), first);
    fixture.publish(&new.key).await.unwrap();
    fixture.authority.notice(grant.home, started).await;
    assert!(fixture.commands.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn another_nodes_address_is_told_in_time_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let secret = Secret::new("k".repeat(32));
    let location = store::Location::File(dir.path().join("s.db"));
    let store = Store::open(&location, &secret, Options::default()).unwrap();
    let settings = AuthoritySettings {
        shards: 1,
        current: Current::fixed(in_force(&[("MAX_STREAMS_PER_USER", "0")])),
    };
    let elsewhere: Elsewhere = Arc::new(|id: &StreamId| {
        let slow = id.as_str() == "slow";
        Box::pin(async move {
            if slow {
                tokio::time::sleep(ELSEWHERE * 2).await;
            }
            Some("https://b.example.org/".to_owned())
        })
    });
    let (authority, _commands) = Authority::among(store, settings, Some(elsewhere));
    let ask = async |id: &str| {
        let id = StreamId::parse(id).unwrap();
        match authority.answer(Question::Elsewhere { id }).await {
            Answer::Elsewhere(base) => base,
            other => panic!("an answer to another question: {other:?}"),
        }
    };
    assert_eq!(ask("quick").await.as_deref(), Some("https://b.example.org"));
    assert_eq!(ask("slow").await, None);
}
