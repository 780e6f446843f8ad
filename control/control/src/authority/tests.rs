mod nodes;
mod outage;
mod redis;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use cluster::Node;
use store::{NewKey, NewUser, Options, Role, Secret, Status};

use super::*;
use crate::current::tests::in_force;

struct Fixture {
    store: Store,
    authority: Arc<Authority>,
    commands: mpsc::Receiver<ShardCommand>,
    dir: Arc<tempfile::TempDir>,
}

const ANN: &str = "ann@example.org";

fn node(name: &str) -> Node {
    let media_url = format!("http://{name}.example/");
    Node { name: name.into(), media_url, api_url: String::new() }
}

fn settings(max_streams_per_user: u32) -> AuthoritySettings {
    settings_of(&[("MAX_STREAMS_PER_USER", &max_streams_per_user.to_string())])
}

fn settings_of(settings: &[(&str, &str)]) -> AuthoritySettings {
    AuthoritySettings { shards: 2, current: Current::fixed(in_force(settings)) }
}

/// A node that stands alone.
fn fixture(max_streams_per_user: u32) -> Fixture {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let cluster = Cluster::start(node("alone"), None).unwrap();
    let fixture = Fixture::new(dir, cluster, settings(max_streams_per_user));
    for (email, role) in [("admin@example.org", Role::Admin), (ANN, Role::Streamer)] {
        let new = NewUser { email: email.into(), name: None, role };
        fixture.store.add_user(&new, Some(&Secret::new("long enough"))).unwrap();
    }
    fixture
}

impl Fixture {
    /// A node on the database in this directory.
    fn new(dir: Arc<tempfile::TempDir>, cluster: Cluster, settings: AuthoritySettings) -> Self {
        let location = store::Location::File(dir.path().join("s.db"));
        let options = Options { node: cluster.node().name.clone(), ..Options::default() };
        let store = Store::open(&location, &Secret::new("k".repeat(32)), options).unwrap();
        let (authority, commands) = Authority::new(store.clone(), settings, cluster);
        Self { store, authority, commands, dir }
    }

    fn database(&self) -> PathBuf {
        self.dir.path().join("s.db")
    }

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

    async fn rotate(&self, id: &str) -> NewKey {
        let (authority, id) = (self.authority.clone(), id.to_owned());
        let change = move || {
            let concerned = |new: &NewKey| vec![new.stream.id.clone()];
            authority.revoke(StopReason::KeyReplaced, |store| store.new_key(&id), concerned)
        };
        tokio::task::spawn_blocking(change).await.unwrap().unwrap()
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

/// Takes the database's tables away, or puts them back.
fn set_away(database: &Path, away: bool) {
    let connection = rusqlite::Connection::open(database).unwrap();
    for table in ["live_streams", "shardcast_settings"] {
        let (from, to) = (table.to_owned(), format!("{table}_away"));
        let (from, to) = if away { (from, to) } else { (to, from) };
        connection.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}")).unwrap();
    }
}

/// Rows of `stream_sessions`: session and status, in order.
fn sessions(database: &Path) -> Vec<(u32, String)> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let query = "SELECT CAST(session_id AS INTEGER), status FROM stream_sessions ORDER BY 1";
    let mut query = connection.prepare(query).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
