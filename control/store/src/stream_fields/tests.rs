use super::*;
use crate::store::tests::Fixture;
use crate::{Denied, NewUser};

const NOW: UtcTime = UtcTime::from_unix(1_800_000_000);

fn titled(title: &str) -> StreamFields {
    StreamFields { title: Some(title.into()), ..StreamFields::default() }
}

fn owner(store: &Store, role: Role) -> i64 {
    let new = NewUser { email: format!("{role}@b.org"), name: None, role };
    store.add_user(&new, Some(&crate::Secret::new("long enough"))).unwrap().0.id
}

fn full() -> StreamFields {
    StreamFields {
        title: Some("  T ".into()),
        description: Some(Some("two\nlines".into())),
        category: Some("arts".into()),
        tags: Some(vec!["a".into(), " b ".into()]),
        scheduled_start: Some(Some(NOW)),
        is_private: Some(true),
        quality: Some("1080p".into()),
        recording_enabled: Some(false),
        chat_enabled: Some(false),
        moderation_enabled: Some(false),
        max_viewers: Some(0),
    }
}

#[test]
fn every_field_that_is_given_is_kept_and_what_is_cleared_is_gone() {
    let store = Fixture::new().store;
    let owner = owner(&store, Role::Streamer);
    let made = store.create_stream(owner, &full(), None, NOW).unwrap().new.stream;
    assert_eq!((made.title.as_str(), made.category.as_str()), ("T", "arts"));
    assert_eq!(made.tags, ["a", "b"]);
    assert_eq!((made.scheduled_start, made.max_viewers, made.is_private), (Some(NOW), 0, true));
    assert_eq!(made.description.as_deref(), Some("two\nlines"));
    assert!(!made.recording_enabled && !made.chat_enabled && !made.moderation_enabled);
    let change = StreamFields {
        description: Some(None),
        scheduled_start: Some(None),
        quality: Some("360p".into()),
        ..StreamFields::default()
    };
    let changed = store.change_stream(&made.id, &change).unwrap();
    assert_eq!((changed.description, changed.scheduled_start), (None, None));
    assert_eq!((changed.quality.as_str(), changed.title.as_str()), ("360p", "T"));
}

#[test]
fn a_value_that_breaks_its_rule_is_refused_by_its_name_and_nothing_is_changed() {
    let store = Fixture::new().store;
    let id = store.add_stream("Before", None).unwrap().stream.id;
    let cases = [
        ("title", StreamFields { title: Some(" ".into()), ..StreamFields::default() }),
        ("title", titled(&"x".repeat(256))),
        ("title", titled("a\nb")),
        (
            "description",
            StreamFields { description: Some(Some("\u{7}".into())), ..StreamFields::default() },
        ),
        ("category", StreamFields { category: Some(String::new()), ..StreamFields::default() }),
        ("tags", StreamFields { tags: Some(vec!["x".into(); 21]), ..StreamFields::default() }),
        ("quality", StreamFields { quality: Some("4k".into()), ..StreamFields::default() }),
        ("maxViewers", StreamFields { max_viewers: Some(-1), ..StreamFields::default() }),
    ];
    for (name, fields) in cases {
        let both = StreamFields { is_private: Some(true), ..fields };
        let error = store.change_stream(&id, &both).unwrap_err();
        assert!(matches!(error, Error::Invalid { field, .. } if field == name), "{name}: {error}");
    }
    assert!(!store.stream(&id).unwrap().is_private);
}

#[test]
fn a_repeated_request_gets_the_stream_that_it_made_and_another_with_its_key_is_refused() {
    let store = Fixture::new().store;
    let owner = owner(&store, Role::Streamer);
    let request = Idempotency::new("key", "body").unwrap();
    let one = store.create_stream(owner, &titled("T"), Some(&request), NOW).unwrap();
    let two = store.create_stream(owner, &titled("T"), Some(&request), NOW).unwrap();
    assert_eq!((one.repeated, two.repeated), (false, true));
    assert_eq!((one.new.stream.id, one.new.key), (two.new.stream.id, two.new.key));
    let other = Idempotency::new("key", "another body").unwrap();
    let error = store.create_stream(owner, &titled("U"), Some(&other), NOW).unwrap_err();
    assert!(matches!(error, Error::OtherRequest));
    let day_after = UtcTime::from_unix(NOW.unix() + 25 * 3600);
    let later = store.create_stream(owner, &titled("U"), Some(&other), day_after).unwrap();
    assert!(!later.repeated);
    assert_eq!(store.streams_of(owner, 10, None).unwrap().len(), 2);
}

#[test]
fn viewers_make_no_streams() {
    let store = Fixture::new().store;
    let viewer = owner(&store, Role::Viewer);
    let error = store.create_stream(viewer, &titled("T"), None, NOW).unwrap_err();
    assert!(matches!(error, Error::MayNotStream(_)));
}

#[test]
fn a_stopped_or_cancelled_stream_is_not_published_until_it_is_started() {
    let store = Fixture::new().store;
    let new = store.add_stream("T", None).unwrap();
    let (id, key) = (new.stream.id, new.key);
    let authorized = || store.authorize(key.expose()).unwrap();
    store.session_started(&id, 1, NOW).unwrap();
    let stopped = store.stop_stream(&id, false, NOW).unwrap();
    assert_eq!((stopped.status, stopped.ended_at), (Status::Ended, Some(NOW)));
    assert_eq!(authorized(), Err(Denied::Disabled));
    assert_eq!(store.start_stream(&id).unwrap().status, Status::Ended);
    assert!(authorized().is_ok());
    assert_eq!(store.stop_stream(&id, true, NOW).unwrap().status, Status::Cancelled);
    assert_eq!(authorized(), Err(Denied::Disabled));
    assert_eq!(store.start_stream(&id).unwrap().status, Status::Scheduled);
    assert!(authorized().is_ok());
}
