use super::*;
use crate::store::tests::Fixture;

const NOW: UtcTime = UtcTime::from_unix(1_800_000_000);

fn new(email: &str) -> NewUser {
    NewUser { email: email.into(), name: None, role: Role::Streamer }
}

#[test]
fn a_made_password_logs_in_and_the_log_in_is_dated() {
    let store = Fixture::new().store;
    let (user, made) = store.add_user(&new(" ann@example.org "), None).unwrap();
    assert_eq!((user.email.as_str(), user.name.as_str()), ("ann@example.org", "ann"));
    let user = store.log_in("Ann@Example.org", &made.unwrap(), NOW).unwrap().unwrap();
    assert_eq!(user.last_login, Some(NOW));
    assert!(user.created_at.is_some());
}

#[test]
fn a_repeated_request_gets_the_user_whom_it_made_and_no_password() {
    let store = Fixture::new().store;
    let admin = store.user("admin@example.org").unwrap().id;
    let request = Idempotency::new("key", "body").unwrap();
    let create =
        |email: &str| store.create_user(admin, &new(email), None, Some(&request), NOW).unwrap();
    let (one, two) = (create("ann@example.org"), create("ann@example.org"));
    assert_eq!((one.repeated, two.repeated), (false, true));
    assert_eq!(one.user, two.user);
    assert!(one.password.is_some() && two.password.is_none());
    // One that failed made nothing, so it is tried again.
    let other = Idempotency::new("other", "body").unwrap();
    let again = |email: &str| store.create_user(admin, &new(email), None, Some(&other), NOW);
    assert!(matches!(again("ann@example.org"), Err(Error::EmailTaken(_))));
    assert!(!again("bea@example.org").unwrap().repeated);
}

#[test]
fn a_wrong_password_an_unknown_and_a_locked_user_do_not_log_in() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let right = Secret::new("right password");
    store.add_user(&new("ann@example.org"), Some(&right)).unwrap();
    let wrong = Secret::new("wrong password");
    assert_eq!(store.log_in("ann@example.org", &wrong, NOW).unwrap(), None);
    assert_eq!(store.log_in("bea@example.org", &right, NOW).unwrap(), None);
    fixture.raw("UPDATE users SET is_active = 0");
    assert_eq!(store.log_in("ann@example.org", &right, NOW).unwrap(), None);
}

#[test]
fn a_bcrypt_hash_of_the_site_logs_in_and_becomes_ours() {
    let fixture = Fixture::new();
    let password = Secret::new("as before");
    let hash = bcrypt::hash(password.expose(), 4).unwrap();
    fixture.raw(&format!(
        "INSERT INTO users (email, password_hash, name, role) VALUES ('old@b', '{hash}', 'O', 'creator')"
    ));
    let log_in = || fixture.store.log_in("old@b", &password, NOW).unwrap().unwrap();
    assert_eq!(log_in().role, Role::Streamer);
    let kept = fixture
        .store
        .transaction(|sql| {
            sql.row("SELECT password_hash FROM users WHERE email = 'old@b'", &[])?.unwrap().text(0)
        })
        .unwrap();
    assert!(kept.starts_with("$argon2id$"), "{kept}");
    log_in();
}

#[test]
fn a_new_password_replaces_the_old_one() {
    let store = Fixture::new().store;
    let (_, first) = store.add_user(&new("ann@example.org"), None).unwrap();
    let chosen = Secret::new("chosen by hand");
    assert_eq!(store.set_password("ann@example.org", Some(&chosen), NOW).unwrap().1, None);
    assert!(store.log_in("ann@example.org", &chosen, NOW).unwrap().is_some());
    assert!(store.log_in("ann@example.org", &first.unwrap(), NOW).unwrap().is_none());
}

#[test]
fn an_email_is_taken_once_in_any_case_of_letters() {
    let store = Fixture::new().store;
    store.add_user(&new("ann@example.org"), None).unwrap();
    let error = store.add_user(&new("ANN@example.org"), None).unwrap_err();
    assert!(matches!(error, Error::EmailTaken(_)), "{error}");
}

#[test]
fn nonsense_is_refused_with_the_field_that_is_wrong() {
    let store = Fixture::new().store;
    for email in ["", "ann", "@", "a@", "@b", "a@b@c", "a b@c", "a\n@b"] {
        let error = store.add_user(&new(email), None).unwrap_err();
        assert!(matches!(error, Error::Invalid { field: "email", .. }), "{email}");
    }
    let named = NewUser { name: Some("a\nb".into()), ..new("a@b") };
    let error = store.add_user(&named, None).unwrap_err();
    assert!(matches!(error, Error::Invalid { field: "name", .. }));
    let short = Secret::new("short");
    let error = store.add_user(&new("a@b"), Some(&short)).unwrap_err();
    assert!(matches!(error, Error::Invalid { field: "password", .. }));
    assert!(!error.to_string().contains("short"));
}

#[test]
fn a_removed_user_takes_the_streams_along() {
    let store = Fixture::new().store;
    store.add_user(&new("ann@example.org"), None).unwrap();
    let stream = store.add_stream("T", Some("ann@example.org")).unwrap().stream.id;
    let removed = store.remove_user("ann@example.org").unwrap();
    assert_eq!(removed.streams, [stream.as_str()]);
    assert!(matches!(store.stream(&stream), Err(Error::NoSuchStream(_))));
    assert!(matches!(store.user("ann@example.org"), Err(Error::NoSuchUser(_))));
}

#[test]
fn the_last_administrator_stays() {
    let store = Fixture::new().store;
    let error = store.remove_user("admin@example.org").unwrap_err();
    assert!(matches!(error, Error::LastAdministrator(_)));
    let second = NewUser { role: Role::Admin, ..new("b@example.org") };
    store.add_user(&second, None).unwrap();
    store.remove_user("admin@example.org").unwrap();
    assert!(store.has_administrator().unwrap());
}

#[test]
fn roles_of_the_site_become_ours() {
    for (site, ours) in [
        ("admin", Role::Admin),
        ("creator", Role::Streamer),
        ("business", Role::Streamer),
        ("user", Role::Viewer),
        ("interviewee", Role::Viewer),
        ("moderator", Role::Moderator),
        ("anything", Role::Viewer),
    ] {
        assert_eq!(crate::RoleMap::default().role(site), ours);
    }
}
