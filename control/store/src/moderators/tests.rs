use super::*;
use crate::store::tests::Fixture;
use crate::{NewUser, Role, Secret};

#[test]
fn a_moderator_is_appointed_changed_and_dismissed() {
    let store = Fixture::new().store;
    let admin = store.user("admin@example.org").unwrap().id;
    let new = NewUser { email: "m@b.org".into(), name: Some("M".into()), role: Role::Viewer };
    let user = store.add_user(&new, Some(&Secret::new("long enough"))).unwrap().0.id;
    let stream = store.add_stream("T", None).unwrap().stream.id;
    let usual = store.set_moderator(&stream, user, ModeratorRights::default(), admin).unwrap();
    assert_eq!((usual.name.as_str(), usual.assigned_by), ("M", Some(admin)));
    assert_eq!(usual.rights, ModeratorRights::default());
    let rights = ModeratorRights { ban_users: true, ..ModeratorRights::default() };
    store.set_moderator(&stream, user, rights, admin).unwrap();
    // The same again changes no column, and is still there.
    store.set_moderator(&stream, user, rights, admin).unwrap();
    assert_eq!(store.moderators(&stream).unwrap().len(), 1);
    assert_eq!(store.moderator(&stream, user).unwrap().unwrap().rights, rights);
    assert!(store.remove_moderator(&stream, user).unwrap());
    assert!(!store.remove_moderator(&stream, user).unwrap());
    assert_eq!(store.moderator(&stream, user).unwrap(), None);
}

#[test]
fn there_is_no_moderator_without_a_user_and_a_stream() {
    let store = Fixture::new().store;
    let admin = store.user("admin@example.org").unwrap().id;
    let stream = store.add_stream("T", None).unwrap().stream.id;
    let rights = ModeratorRights::default();
    let error = store.set_moderator(&stream, 999, rights, admin).unwrap_err();
    assert!(matches!(error, Error::NoSuchUser(_)));
    let error = store.set_moderator("none", admin, rights, admin).unwrap_err();
    assert!(matches!(error, Error::NoSuchStream(_)));
}
