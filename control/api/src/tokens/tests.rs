use store::Role;

use super::*;
use crate::tests::fixture::in_force;

#[test]
fn a_token_says_whose_it_is_and_for_which_log_in() {
    let tokens = Tokens::new(&Secret::new("s".repeat(32))).unwrap();
    let settings = in_force(&[]);
    let user = User {
        id: 7,
        email: "a@b.org".into(),
        name: "A".into(),
        role: Role::Viewer,
        is_active: true,
        created_at: None,
        last_login: None,
    };
    let now = control::now();
    let (token, lifetime) = tokens.make(&settings, &user, "login", now).unwrap();
    let claims = tokens.read(&settings, token.expose()).unwrap();
    let expected = Claims {
        user_id: 7,
        iat: now.unix() as f64,
        email: "a@b.org".into(),
        sid: Some("login".into()),
    };
    assert_eq!(claims, expected);
    assert_eq!(lifetime, LIFETIME);
    let other = Tokens::new(&Secret::new("o".repeat(32))).unwrap();
    assert!(other.read(&settings, token.expose()).is_err());
}

#[test]
fn no_token_outlives_a_short_log_in() {
    let tokens = Tokens::new(&Secret::new("s".repeat(32))).unwrap();
    let settings = in_force(&[("JWT_EXPIRES_IN", "60")]);
    let user = User {
        id: 7,
        email: String::new(),
        name: String::new(),
        role: Role::Viewer,
        is_active: true,
        created_at: None,
        last_login: None,
    };
    let (_, lifetime) = tokens.make(&settings, &user, "login", control::now()).unwrap();
    assert_eq!(lifetime, Duration::from_mins(1));
}
