use super::*;
use crate::NewUser;
use crate::store::tests::Fixture;

const NOW: UtcTime = UtcTime::from_unix(1_800_000_000);

fn add(store: &Store, email: &str, role: Role) -> User {
    let new = NewUser { email: email.into(), name: None, role };
    store.add_user(&new, Some(&Secret::new("long enough"))).unwrap().0
}

#[test]
fn a_role_a_name_and_a_password_change_and_the_rest_stays() {
    let store = Fixture::new().store;
    let user = add(&store, "v@b.org", Role::Viewer);
    let change = UserChange {
        name: Some(" New ".into()),
        role: Some(Role::Streamer),
        password: Some(Secret::new("next password")),
        ..UserChange::default()
    };
    let changed = store.change_user(user.id, &change, NOW).unwrap().user;
    let expected = User { name: "New".into(), role: Role::Streamer, ..user.clone() };
    assert_eq!(changed, expected);
    assert!(store.is_password(user.id, &Secret::new("next password")).unwrap());
    assert!(!store.is_password(user.id, &Secret::new("long enough")).unwrap());
}

#[test]
fn who_may_not_stream_any_more_has_the_streams_named() {
    let store = Fixture::new().store;
    let user = add(&store, "s@b.org", Role::Streamer);
    let stream = store.add_stream("T", Some("s@b.org")).unwrap().stream.id;
    let lock = UserChange { is_active: Some(false), ..UserChange::default() };
    assert_eq!(
        store.change_user(user.id, &lock, NOW).unwrap().silenced,
        std::slice::from_ref(&stream)
    );
    let unlock = UserChange { is_active: Some(true), ..UserChange::default() };
    assert!(store.change_user(user.id, &unlock, NOW).unwrap().silenced.is_empty());
    let demote = UserChange { role: Some(Role::Viewer), ..UserChange::default() };
    assert_eq!(store.change_user(user.id, &demote, NOW).unwrap().silenced, [stream]);
}

#[test]
fn the_last_administrator_stays_one() {
    let store = Fixture::new().store;
    let admin = store.user("admin@example.org").unwrap();
    for change in [
        UserChange { role: Some(Role::Viewer), ..UserChange::default() },
        UserChange { is_active: Some(false), ..UserChange::default() },
    ] {
        let error = store.change_user(admin.id, &change, NOW).unwrap_err();
        assert!(matches!(error, Error::LastAdministrator(_)));
    }
    add(&store, "second@b.org", Role::Admin);
    let demote = UserChange { role: Some(Role::Viewer), ..UserChange::default() };
    store.change_user(admin.id, &demote, NOW).unwrap();
}

#[test]
fn pages_of_users_go_on_where_the_last_one_ended() {
    let store = Fixture::new().store;
    for number in 0..5 {
        add(&store, &format!("u{number}@b.org"), Role::Viewer);
    }
    let all = UserFilter::default();
    let first = store.users_page(&all, 4, 0).unwrap();
    let second = store.users_page(&all, 4, first[3].id).unwrap();
    assert_eq!((first.len(), second.len()), (4, 2));
}

#[test]
fn users_are_found_by_role_and_by_a_part_of_their_name_that_is_no_pattern() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    add(store, "ann_%@b.org", Role::Streamer);
    add(store, "anne@b.org", Role::Viewer);
    fixture.raw("UPDATE users SET role = 'unheard-of', own_role = NULL WHERE email = 'anne@b.org'");
    let find = |search: &str, role| {
        let filter = UserFilter { search: (!search.is_empty()).then(|| search.into()), role };
        let found = store.users_page(&filter, 10, 0).unwrap();
        found.into_iter().map(|user| user.email).collect::<Vec<_>>()
    };
    assert_eq!(find("ANN", None).len(), 2);
    assert_eq!(find("n_%", None), ["ann_%@b.org"]);
    assert_eq!(find("", Some(Role::Viewer)), ["anne@b.org"]);
    assert_eq!(find("", Some(Role::Admin)), ["admin@example.org"]);
}
