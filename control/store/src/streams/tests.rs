use super::*;
use crate::store::tests::Fixture;
use crate::stream_fields::ID_SYMBOLS;
use crate::{NewUser, OpenedSession, Role};

fn viewer(store: &Store) {
    let new = NewUser { email: "v@example.org".into(), name: None, role: Role::Viewer };
    store.add_user(&new, None).unwrap();
}

#[test]
fn a_stream_without_an_owner_is_the_first_administrators() {
    let store = Fixture::new().store;
    let stream = store.add_stream("  Evening news ", None).unwrap().stream;
    assert_eq!(
        (stream.owner.as_str(), stream.title.as_str()),
        ("admin@example.org", "Evening news")
    );
    assert_eq!(stream.status, Status::Scheduled);
    assert_eq!((stream.quality.as_str(), stream.max_viewers), ("720p", 1000));
    assert_eq!(stream.id.len(), ID_SYMBOLS);
    assert_eq!(store.stream(&stream.id).unwrap(), stream);
    assert_eq!(store.streams().unwrap(), [stream]);
}

#[test]
fn viewers_and_strangers_own_no_stream() {
    let store = Fixture::new().store;
    viewer(&store);
    let error = store.add_stream("T", Some("v@example.org")).unwrap_err();
    assert!(matches!(error, Error::MayNotStream(_)));
    let error = store.add_stream("T", Some("nobody@example.org")).unwrap_err();
    assert!(matches!(error, Error::NoSuchUser(_)));
}

#[test]
fn titles_have_their_limits() {
    let store = Fixture::new().store;
    for title in ["", "  ", "two\nlines", &"x".repeat(256)] {
        let error = store.add_stream(title, None).unwrap_err();
        assert!(matches!(error, Error::Invalid { field: "title", .. }));
    }
    store.add_stream(&"ß".repeat(255), None).unwrap();
}

#[test]
fn a_removed_stream_is_gone() {
    let store = Fixture::new().store;
    let id = store.add_stream("T", None).unwrap().stream.id;
    assert_eq!(store.remove_stream(&id).unwrap().id, id);
    assert!(matches!(store.remove_stream(&id), Err(Error::NoSuchStream(_))));
}

#[test]
fn an_error_shows_a_bounded_line_of_what_was_asked_for() {
    let store = Fixture::new().store;
    let error = store.stream(&format!("a\n{}", "b".repeat(10_000))).unwrap_err();
    let text = error.to_string();
    assert!(text.len() < 300 && !text.contains('\n'));
}

#[test]
fn live_streams_are_paged_newest_first_and_private_ones_are_left_out() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let mut expected = Vec::new();
    for second in 0..5 {
        let id = store.add_stream(&format!("T{second}"), None).unwrap().stream.id;
        let now = UtcTime::from_unix(1_800_000_000 + second / 2);
        let OpenedSession { session, .. } = store.open_session(&id, now).unwrap();
        store.session_started(&id, session, now).unwrap();
        expected.push((std::cmp::Reverse(now), id));
    }
    expected.sort();
    let hidden = expected.pop().unwrap().1;
    fixture.raw(&format!("UPDATE live_streams SET is_private = 1 WHERE id = '{hidden}'"));
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.live_streams(&LiveFilter::default(), 2, after.as_ref()).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(StreamCursor { time: last.started_at, id: last.id.clone() });
        let place = |stream: crate::LiveStream| (std::cmp::Reverse(stream.started_at), stream.id);
        seen.extend(page.into_iter().map(place));
    }
    assert!(seen.is_sorted_by_key(|(time, _)| *time));
    // Which of two ids comes first is the database's: a site's collation knows no capital letters.
    seen.sort();
    assert_eq!(seen, expected);
}

#[test]
fn what_is_live_is_found_by_a_part_of_its_title_or_streamer_and_by_category() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let now = UtcTime::from_unix(1_800_000_000);
    for title in ["Jazz 100%", "News"] {
        let id = store.add_stream(title, None).unwrap().stream.id;
        store.session_started(&id, 1, now).unwrap();
    }
    fixture.raw("UPDATE live_streams SET category = 'arts' WHERE title = 'News'");
    let find = |search: Option<&str>, category: Option<&str>| {
        let filter =
            LiveFilter { search: search.map(str::to_owned), category: category.map(str::to_owned) };
        let found = store.live_streams(&filter, 10, None).unwrap();
        found.into_iter().map(|stream| stream.title).collect::<Vec<_>>()
    };
    assert_eq!(find(Some("JAZZ"), None), ["Jazz 100%"]);
    assert_eq!(find(Some("0%"), None), ["Jazz 100%"]);
    assert_eq!(find(Some("%%"), None), Vec::<String>::new());
    assert_eq!(find(Some("admin"), None).len(), 2);
    assert_eq!(find(None, Some("arts")), ["News"]);
}
