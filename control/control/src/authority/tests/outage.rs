//! The database goes away and comes back.

use super::redis::until;
use super::*;

impl Fixture {
    fn lose_database(&self) {
        set_away(&self.database(), true);
    }

    async fn database_returns(&self) {
        set_away(&self.database(), false);
        self.authority.catch_up().await;
    }
}

#[tokio::test]
async fn a_known_key_publishes_again_with_higher_numbers_and_an_unknown_one_does_not() {
    let fixture = fixture(1);
    let [known, other] = [0; 2].map(|_| fixture.stream(Some(ANN)));
    let first = fixture.publish(&known.key).await.unwrap();
    fixture.lose_database();
    assert_eq!(fixture.publish(&other.key).await.unwrap_err(), Denial::Unavailable);
    assert!(fixture.authority.database.is_away());
    let second = fixture.publish(&known.key).await.unwrap();
    let third = fixture.publish(&known.key).await.unwrap();
    assert!(first.session < second.session && second.session < third.session);
    assert!(first.first_msn < second.first_msn && second.first_msn < third.first_msn);
    assert_eq!((&*second.title, second.home), ("Title", first.home));
    assert_eq!(fixture.authority.waiting(), 1, "a stream's numbers are one write");
    fixture.database_returns().await;
    assert_eq!(fixture.authority.waiting(), 0);
    let fourth = fixture.publish(&known.key).await.unwrap();
    assert!(fourth.session > third.session && fourth.first_msn > third.first_msn);
    assert_eq!(fixture.publish(&other.key).await.unwrap_err(), Denial::TooManyStreams { limit: 1 });
}

#[tokio::test]
async fn the_limit_of_streams_counts_in_an_outage() {
    let fixture = fixture(1);
    let [one, two] = [0; 2].map(|_| fixture.stream(Some(ANN)));
    let first = fixture.go_live(&one.key).await;
    fixture.end(&first, 0).await;
    fixture.publish(&two.key).await.unwrap();
    fixture.lose_database();
    assert_eq!(fixture.publish(&one.key).await.unwrap_err(), Denial::TooManyStreams { limit: 1 });
}

#[tokio::test]
async fn sessions_of_an_outage_are_written_once() {
    let fixture = fixture(0);
    let [kept, ended, began] = [0; 3].map(|_| fixture.stream(None));
    fixture.go_live(&kept.key).await;
    let over = fixture.go_live(&ended.key).await;
    fixture.publish(&began.key).await.unwrap();
    fixture.lose_database();
    fixture.end(&over, over.first_msn + 7).await;
    let again = fixture.go_live(&ended.key).await;
    let new = fixture.go_live(&began.key).await;
    let returned = Notice::Started { stream: new.stream.clone(), session: new.session };
    fixture.authority.notice(new.home, returned).await;
    fixture.end(&new, new.first_msn).await;
    let live = fixture.go_live(&began.key).await;
    let waiting = fixture.authority.waiting();
    fixture.authority.catch_up().await;
    assert_eq!(fixture.authority.waiting(), waiting, "nothing is lost while it is away");
    fixture.database_returns().await;
    fixture.authority.catch_up().await;
    assert_eq!(fixture.authority.waiting(), 0);
    let mut expected = vec![
        (1, "active".to_owned()),
        (1, "completed".to_owned()),
        (again.session, "active".to_owned()),
        (new.session, "completed".to_owned()),
        (live.session, "active".to_owned()),
    ];
    expected.sort_unstable();
    let mut rows = sessions(&fixture.database());
    rows.sort_unstable();
    assert_eq!(rows, expected);
    for stream in [&kept, &ended, &began] {
        assert_eq!(fixture.store.stream(&stream.stream.id).unwrap().status, Status::Live);
    }
}

#[tokio::test]
async fn what_follows_a_write_that_waits_is_written_after_it() {
    let fixture = fixture(0);
    let new = fixture.stream(None);
    fixture.publish(&new.key).await.unwrap();
    fixture.lose_database();
    let live = fixture.go_live(&new.key).await;
    set_away(&fixture.database(), false);
    assert!(fixture.authority.database.probe().await);
    // The start still waits.
    fixture.end(&live, live.first_msn).await;
    assert_eq!(sessions(&fixture.database()), []);
    let next = fixture.publish(&new.key).await.unwrap();
    assert!(next.session > live.session);
    fixture.authority.catch_up().await;
    assert_eq!(sessions(&fixture.database()), [(live.session, "completed".to_owned())]);
}

#[tokio::test]
async fn a_right_that_ended_before_an_outage_is_not_remembered_in_it() {
    let fixture = fixture(0);
    let [disabled, rotated, denied] = [0; 3].map(|_| fixture.stream(None));
    for new in [&disabled, &rotated, &denied] {
        fixture.publish(&new.key).await.unwrap();
    }
    fixture.disable(&disabled.stream.id).await;
    let renewed = fixture.rotate(&rotated.stream.id).await;
    fixture.publish(&renewed.key).await.unwrap();
    fixture.store.set_disabled(&denied.stream.id, true).unwrap();
    assert_eq!(fixture.publish(&denied.key).await.unwrap_err(), Denial::Disabled);
    fixture.lose_database();
    for key in [&disabled.key, &rotated.key, &denied.key] {
        assert_eq!(fixture.publish(key).await.unwrap_err(), Denial::Unavailable);
    }
    fixture.publish(&renewed.key).await.unwrap();
}

#[tokio::test]
async fn what_ended_unheard_during_an_outage_is_cut_when_it_is_over() {
    let mut fixture = fixture(0);
    let new = fixture.stream(None);
    fixture.publish(&new.key).await.unwrap();
    fixture.lose_database();
    let live = fixture.go_live(&new.key).await;
    set_away(&fixture.database(), false);
    let connection = rusqlite::Connection::open(fixture.database()).unwrap();
    connection.execute_batch("UPDATE live_streams SET key_disabled = 1").unwrap();
    let keeping = tokio::spawn(fixture.authority.clone().keep());
    let command = Command::Stop { stream: live.stream, reason: StopReason::Disabled };
    let stop = fixture.commands.recv().await.unwrap();
    assert_eq!(stop, ShardCommand { shard: live.home, command });
    until("all is written", async || fixture.authority.waiting() == 0).await;
    keeping.abort();
}

#[tokio::test]
async fn the_end_of_the_server_writes_what_waits() {
    let fixture = fixture(0);
    let new = fixture.stream(None);
    fixture.publish(&new.key).await.unwrap();
    fixture.lose_database();
    let live = fixture.go_live(&new.key).await;
    fixture.end(&live, live.first_msn).await;
    fixture.authority.close().await;
    assert!(fixture.authority.waiting() > 0, "it is still away");
    set_away(&fixture.database(), false);
    fixture.authority.close().await;
    assert_eq!(sessions(&fixture.database()), [(live.session, "completed".to_owned())]);
}
