use super::*;
use crate::store::tests::Fixture;
use crate::{Error, Options};

fn plain() -> Options {
    Options { plain_stream_keys: true, ..Options::default() }
}

fn column(store: &Store, name: &str, id: &str) -> Option<String> {
    store
        .transaction(|sql| {
            let query = format!("SELECT {name} FROM live_streams WHERE id = ?");
            sql.row(&query, &[id.into()])?.unwrap().opt_text(0)
        })
        .unwrap()
}

/// A stream as the site's own program would have written it.
fn adopt(fixture: &Fixture) {
    fixture.raw(
        "INSERT INTO live_streams (id, user_id, title, stream_key) VALUES ('stream-001', 1, 'T', 'plain-key')",
    );
}

#[test]
fn a_key_publishes_its_own_stream_and_is_not_in_the_table() {
    let store = Fixture::new().store;
    let NewKey { stream, key } = store.add_stream("Title", None).unwrap();
    let authorized = store.authorize(key.expose()).unwrap().unwrap();
    assert_eq!(authorized.stream, stream.id);
    assert_eq!((authorized.title.as_str(), authorized.is_admin), ("Title", true));
    let look_up = column(&store, "stream_key", &stream.id).unwrap();
    assert!(look_up.len() == 64 && !look_up.contains(key.expose()));
    assert_eq!(store.reveal_key(&stream.id).unwrap().key, key);
}

#[test]
fn the_column_itself_is_no_key() {
    let store = Fixture::new().store;
    let stream = store.add_stream("Title", None).unwrap().stream;
    let look_up = column(&store, "stream_key", &stream.id).unwrap();
    assert_eq!(store.authorize(&look_up).unwrap(), Err(Denied::Unknown));
}

#[test]
fn wrong_empty_and_endless_keys_are_unknown() {
    let store = Fixture::new().store;
    store.add_stream("Title", None).unwrap();
    for key in ["", "sk_live_x", &"x".repeat(100_000), "' OR 1=1 --"] {
        assert_eq!(store.authorize(key).unwrap(), Err(Denied::Unknown));
    }
}

#[test]
fn a_new_key_ends_the_old_one() {
    let store = Fixture::new().store;
    let old = store.add_stream("Title", None).unwrap();
    let new = store.new_key(&old.stream.id).unwrap();
    assert_eq!(store.authorize(old.key.expose()).unwrap(), Err(Denied::Unknown));
    assert!(store.authorize(new.key.expose()).unwrap().is_ok());
    assert!(matches!(store.new_key("nothing"), Err(Error::NoSuchStream(_))));
}

#[test]
fn disabled_cancelled_and_ownerless_streams_are_denied() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let NewKey { stream, key } = store.add_stream("Title", None).unwrap();
    store.set_disabled(&stream.id, true).unwrap();
    assert_eq!(store.authorize(key.expose()).unwrap(), Err(Denied::Disabled));
    assert!(!store.set_disabled(&stream.id, false).unwrap().disabled);
    assert!(store.authorize(key.expose()).unwrap().is_ok());
    fixture.raw("UPDATE live_streams SET status = 'cancelled'");
    assert_eq!(store.authorize(key.expose()).unwrap(), Err(Denied::Disabled));
    fixture.raw("UPDATE live_streams SET status = 'ended'");
    fixture.raw("UPDATE users SET is_active = 0");
    assert_eq!(store.authorize(key.expose()).unwrap(), Err(Denied::Disabled));
}

#[test]
fn an_adopted_key_works_and_is_sealed_on_its_first_use() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    adopt(&fixture);
    assert_eq!(store.reveal_key("stream-001").unwrap().key.expose(), "plain-key");
    assert_eq!(store.authorize("plain()-KEY").unwrap(), Err(Denied::Unknown));
    assert_eq!(store.authorize("plain-key").unwrap().unwrap().stream, "stream-001");
    assert_ne!(column(store, "stream_key", "stream-001").unwrap(), "plain-key");
    assert!(store.authorize("plain-key").unwrap().is_ok());
    assert_eq!(store.reveal_key("stream-001").unwrap().key.expose(), "plain-key");
}

#[test]
fn plain_keys_stay_readable_for_other_programs_when_that_is_wanted() {
    let fixture = Fixture::new();
    adopt(&fixture);
    let sealed = fixture.store.add_stream("Sealed before", None).unwrap();
    let store = fixture.reopen(plain());
    assert!(store.authorize("plain-key").unwrap().is_ok());
    assert_eq!(column(&store, "stream_key", "stream-001").unwrap(), "plain-key");
    let unsealed = column(&store, "stream_key", &sealed.stream.id).unwrap();
    assert_eq!(unsealed, sealed.key.expose());
    assert!(store.authorize(&unsealed).unwrap().is_ok());
    let new = store.add_stream("New", None).unwrap();
    assert_eq!(column(&store, "stream_key", &new.stream.id).unwrap(), new.key.expose());
}

#[test]
fn a_seal_moved_to_another_stream_does_not_open() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let one = store.add_stream("One", None).unwrap().stream.id;
    let two = store.add_stream("Two", None).unwrap().stream.id;
    let seal = column(store, "key_sealed", &one).unwrap();
    fixture.raw(&format!("UPDATE live_streams SET key_sealed = '{seal}' WHERE id = '{two}'"));
    assert!(matches!(store.reveal_key(&two), Err(Error::Corrupt(_))));
}

#[test]
fn who_was_made_a_viewer_here_publishes_no_more_and_whom_the_site_calls_so_does() {
    let fixture = Fixture::new();
    let new = fixture.store.add_stream("T", None).unwrap();
    fixture.raw("UPDATE users SET own_role = NULL, role = 'user'");
    assert!(fixture.store.authorize(new.key.expose()).unwrap().is_ok());
    fixture.raw("UPDATE users SET own_role = 'viewer'");
    assert_eq!(fixture.store.authorize(new.key.expose()).unwrap(), Err(Denied::Disabled));
    assert!(fixture.store.publish_rights(&[new.stream.id]).unwrap()[0].is_disabled);
}

#[test]
fn rights_are_what_a_publisher_would_be_told() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    adopt(&fixture);
    let new: Vec<_> = (0..17).map(|_| store.add_stream("T", None).unwrap()).collect();
    store.set_disabled(&new[1].stream.id, true).unwrap();
    fixture.raw(&format!("UPDATE live_streams SET stopped = 1 WHERE id = '{}'", new[2].stream.id));
    let mut ids: Vec<String> = new.iter().map(|new| new.stream.id.clone()).collect();
    ids.push("gone".into());
    ids.push("stream-001".into());
    let rights = store.publish_rights(&ids).unwrap();
    assert_eq!(rights.len(), 18);
    let right = |id: &str| rights.iter().find(|right| right.stream == id).unwrap();
    for (at, new) in new.iter().enumerate() {
        let right = right(&new.stream.id);
        assert_eq!(right.key, store.key_hash(new.key.expose()));
        assert_eq!((right.is_disabled, right.is_stopped), (at == 1, at == 2));
        let denied = store.authorize(new.key.expose()).unwrap().is_err();
        assert_eq!(denied, right.is_disabled || right.is_stopped);
    }
    assert_eq!(right("stream-001").key, store.key_hash("plain-key"));
    assert_eq!(store.publish_rights(&[]).unwrap(), []);
}
