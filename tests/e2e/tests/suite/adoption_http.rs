//! The site's users, tokens and streams over HTTP, on a database of the site. Run by `tests/mariadb.sh`.

use e2e::http::{get_as, post, send};
use e2e::server::{Server, Site};
use e2e::site_token::signed;
use serde_json::{Value, json};

use crate::adoption::{Version, WITH_ENUM, WITH_TEXT};

/// Of `rows.sql`: user 7, whose hash is bcrypt's well-known example.
const EMAIL: &str = "cara@site.example";
const PASSWORD: &str = "abc123xyz";

/// The claims of a token as the site makes it.
fn claims(version: &Version, number: i64, email: &str) -> Value {
    json!({
        "iss": "the-site", "aud": "the-site-users", "user_id": number, "username": "Cara",
        "email": email, "role": version.streamer,
    })
}

fn me(server: &Server, token: &str) -> (u16, Value) {
    let answer = get_as(server.ports().api, "/api/auth/me", token);
    (answer.status, answer.json())
}

#[track_caller]
fn adopted(version: &Version) {
    let Some(database) = version.database() else { return };
    let hash = || database.rows("SELECT password_hash FROM users WHERE id = 7").remove(0);
    let site = database.of(Site::new());
    let secret = site.setting("JWT_SECRET").to_owned();
    let server = site.start();
    let port = server.ports().api;

    // The site's own token, before anybody has logged in here.
    let token = signed(&secret, &claims(version, 7, EMAIL));
    let (status, user) = me(&server, &token);
    assert_eq!(
        (status, &user["id"], &user["role"]),
        (200, &json!(7), &json!("streamer")),
        "{user}"
    );
    let stranger = signed(&secret, &claims(version, 1, EMAIL));
    assert_eq!(me(&server, &stranger).0, 401, "the number is somebody else's here");
    let unknown = signed(&secret, &claims(version, 4711, "new@site.example"));
    assert_eq!(me(&server, &unknown).0, 401);
    let locked_out = signed(&secret, &claims(version, 9, "gone@site.example"));
    assert_eq!(me(&server, &locked_out).0, 401);
    let mut claimed = claims(version, 7, EMAIL);
    claimed["role"] = "admin".into();
    let swapped = signed(&secret, &claimed);
    assert_eq!(me(&server, &swapped).1["role"], "streamer", "the database says who is what");
    let forged = signed("another secret, which has 32 bytes", &claims(version, 7, EMAIL));
    assert_eq!(me(&server, &forged).0, 401);

    // The old stream and its key, with the site's token.
    let old = get_as(port, "/api/streams/stream-001", &token).json();
    assert_eq!((&old["title"], &old["tags"]), (&json!("Talk 日本語"), &json!(["one", "zwei"])));
    assert_eq!(old["description"], "About <b>it</b>");
    let key = |token: &str| get_as(port, "/api/streams/stream-001/key", token);
    assert_eq!(key(&token).json()["streamKey"], "old-plain-key-001");
    let new = json!({ "email": "new@site.example", "password": "long enough" });
    let other = post(port, "/api/auth/register", None, &new).json();
    assert_eq!(key(other["token"].as_str().expect("a token")).status, 403);

    // The password.
    assert!(hash().starts_with("$2a$12$"));
    let log_in = |password: &str| {
        post(port, "/api/auth/login", None, &json!({ "email": EMAIL, "password": password }))
    };
    assert_eq!(log_in("abc123xyz!").status, 401);
    assert!(hash().starts_with("$2a$12$"));
    for time in ["with bcrypt", "with Argon2id"] {
        let answer = log_in(PASSWORD);
        assert_eq!(answer.status, 200, "{time}: {answer:?}");
        let own = answer.json()["token"].as_str().expect("a token").to_owned();
        assert_eq!(key(&own).status, 200, "{time}");
        assert!(hash().starts_with("$argon2id$"), "{time}");
    }
    assert_eq!(me(&server, &token).0, 200, "the site's token holds as before");

    // A new password ends it.
    let change = json!({ "password": "a new password", "currentPassword": PASSWORD });
    assert_eq!(send("PATCH", port, "/api/auth/me", Some(&token), &change).status, 200);
    assert_eq!(me(&server, &token).0, 401);
}

#[test]
fn users_of_a_site_with_an_enum_log_in_and_its_tokens_hold() {
    adopted(&WITH_ENUM);
}

#[test]
fn users_of_a_site_with_roles_as_text_log_in_and_its_tokens_hold() {
    adopted(&WITH_TEXT);
}

#[test]
fn tokens_for_others_are_refused_and_roles_are_what_the_map_says() {
    let Some(database) = WITH_TEXT.database() else { return };
    let site = database.of(Site::new()).with("JWT_ISSUER", "the-site");
    let site = site
        .with("JWT_AUDIENCE", "the-site-users")
        .with("JWT_ROLE_MAP", &format!("admin=admin, {}=moderator", WITH_TEXT.streamer));
    let secret = site.setting("JWT_SECRET").to_owned();
    let server = site.start();
    let (status, user) = me(&server, &signed(&secret, &claims(&WITH_TEXT, 7, EMAIL)));
    assert_eq!((status, &user["role"]), (200, &json!("moderator")), "{user}");
    for (claim, value) in [
        ("iss", json!("another-site")),
        ("iss", Value::Null),
        ("aud", json!("another-service")),
        ("aud", Value::Null),
        ("exp", json!(1_700_000_000)),
    ] {
        let mut claims = claims(&WITH_TEXT, 7, EMAIL);
        claims[claim] = value;
        assert_eq!(me(&server, &signed(&secret, &claims)).0, 401, "{claims}");
    }
    let mut several = claims(&WITH_TEXT, 7, EMAIL);
    several["aud"] = json!(["another-service", "the-site-users"]);
    assert_eq!(me(&server, &signed(&secret, &several)).0, 200);
    // A log-in of ours carries both.
    let given = json!({ "email": EMAIL, "password": PASSWORD });
    let own = post(server.ports().api, "/api/auth/login", None, &given).json();
    assert_eq!(me(&server, own["token"].as_str().expect("a token")).0, 200);
}
