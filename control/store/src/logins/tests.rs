use super::*;
use crate::store::tests::Fixture;
use crate::{UserChange, UtcTime};

const NOW: UtcTime = UtcTime::from_unix(1_800_000_000);
const HOUR: i64 = 3600;

fn at(seconds: i64) -> UtcTime {
    UtcTime::from_unix(NOW.unix() + seconds)
}

fn admin(store: &Store) -> i64 {
    store.user("admin@example.org").unwrap().id
}

fn renew(store: &Store, token: &Secret, now: UtcTime) -> Refreshed {
    store.refresh_login(token.expose(), now, HOUR).unwrap()
}

#[test]
fn each_refresh_gives_the_next_token_of_the_same_log_in() {
    let store = Fixture::new().store;
    let login = store.open_login(admin(&store), NOW, HOUR).unwrap();
    let Refreshed::Renewed { login: next, user } = renew(&store, &login.refresh_token, at(10))
    else {
        panic!("not renewed")
    };
    assert_eq!((next.id.as_str(), user.id), (login.id.as_str(), admin(&store)));
    assert_ne!(next.refresh_token, login.refresh_token);
    // An hour after the first token, but not after the second.
    let again = renew(&store, &next.refresh_token, at(HOUR + 5));
    assert!(matches!(again, Refreshed::Renewed { .. }));
}

#[test]
fn a_token_that_was_used_before_ends_its_log_in() {
    let store = Fixture::new().store;
    let login = store.open_login(admin(&store), NOW, HOUR).unwrap();
    let Refreshed::Renewed { login: second, .. } = renew(&store, &login.refresh_token, NOW) else {
        panic!("not renewed")
    };
    let Refreshed::Renewed { login: third, .. } = renew(&store, &second.refresh_token, NOW) else {
        panic!("not renewed")
    };
    let Refreshed::Reused { login: ended, .. } = renew(&store, &login.refresh_token, NOW) else {
        panic!("not found out")
    };
    assert_eq!(ended, login.id);
    assert!(matches!(renew(&store, &third.refresh_token, NOW), Refreshed::Refused));
    assert!(!store.login_holds(&login.id, NOW).unwrap());
}

#[test]
fn tokens_that_expired_or_were_never_given_are_refused() {
    let store = Fixture::new().store;
    let login = store.open_login(admin(&store), NOW, HOUR).unwrap();
    assert!(matches!(renew(&store, &login.refresh_token, at(HOUR)), Refreshed::Refused));
    for text in ["", "rt_", "x", &format!("rt_{}", "0".repeat(HANDLE + SECRET)), "rt_ü"] {
        assert!(matches!(renew(&store, &Secret::new(text), NOW), Refreshed::Refused), "{text}");
    }
}

#[test]
fn a_log_out_ends_the_log_in() {
    let store = Fixture::new().store;
    let login = store.open_login(admin(&store), NOW, HOUR).unwrap();
    assert!(store.login_holds(&login.id, NOW).unwrap());
    let ended = store.end_login_by_token(login.refresh_token.expose()).unwrap();
    assert_eq!(ended.as_deref(), Some(login.id.as_str()));
    assert!(!store.login_holds(&login.id, NOW).unwrap());
}

#[test]
fn a_user_has_a_bounded_number_of_log_ins_and_the_oldest_goes() {
    let store = Fixture::new().store;
    let user = admin(&store);
    let logins: Vec<_> = (0..=MAX_LOGINS)
        .map(|second| store.open_login(user, at(second as i64), 10 * HOUR).unwrap().id)
        .collect();
    assert!(!store.login_holds(&logins[0], at(200)).unwrap());
    assert!(store.login_holds(&logins[1], at(200)).unwrap());
}

#[test]
fn a_new_password_ends_every_log_in_and_dates_it() {
    let store = Fixture::new().store;
    let user = admin(&store);
    let login = store.open_login(user, NOW, HOUR).unwrap();
    assert_eq!(store.standing(user).unwrap().unwrap().logged_out_at, None);
    let change = UserChange { password: Some(Secret::new("another one")), ..UserChange::default() };
    store.change_user(user, &change, at(5)).unwrap();
    assert!(!store.login_holds(&login.id, at(5)).unwrap());
    assert_eq!(store.standing(user).unwrap().unwrap().logged_out_at, Some(at(5)));
    assert!(store.standing(user + 1).unwrap().is_none());
}
