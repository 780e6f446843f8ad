use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use store::Role;

use super::fixture::{Fixture, JWT_SECRET, PASSWORD};

async fn post(fixture: &Fixture, path: &str, body: Value) -> (StatusCode, Value) {
    let answered = fixture.call(Method::POST, path, None, Some(body)).await;
    (answered.status, answered.body)
}

async fn me(fixture: &Fixture, token: &str) -> StatusCode {
    fixture.call(Method::GET, "/api/auth/me", Some(token), None).await.status
}

fn token(answer: &Value) -> &str {
    answer["token"].as_str().unwrap()
}

#[tokio::test]
async fn who_registers_is_logged_in_with_the_role_of_the_configuration() {
    let fixture = Fixture::with(&[("REGISTRATION", "viewer")]).await;
    let body = json!({ "email": "ann@example.org", "password": PASSWORD, "name": "Ann" });
    let (status, answer) = post(&fixture, "/api/auth/register", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        (&answer["user"]["name"], &answer["user"]["role"]),
        (&json!("Ann"), &json!("viewer"))
    );
    assert_eq!((&answer["expiresIn"], &answer["tokenType"]), (&json!(600), &json!("Bearer")));
    assert_eq!(me(&fixture, token(&answer)).await, StatusCode::OK);
    let (status, problem) = post(&fixture, "/api/auth/register", body).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::CONFLICT, &json!("urn:shardcast:problem:email-taken"))
    );
}

#[tokio::test]
async fn registration_can_be_closed() {
    let fixture = Fixture::with(&[("REGISTRATION", "closed")]).await;
    let body = json!({ "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(post(&fixture, "/api/auth/register", body).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_wrong_in_a_body_is_pointed_at() {
    let fixture = Fixture::new().await;
    for (body, pointer) in [
        (json!({ "email": "ann", "password": PASSWORD }), "/email"),
        (json!({ "email": "a@b.org", "password": "short" }), "/password"),
        (json!({ "email": "a@b.org" }), "/password"),
        (json!({ "email": 5, "password": PASSWORD }), "/email"),
        (json!([]), ""),
    ] {
        let (status, problem) = post(&fixture, "/api/auth/register", body.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body} {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(problem["requestId"].is_string());
    }
}

#[tokio::test]
async fn a_refresh_replaces_both_tokens_and_a_second_use_ends_the_log_in() {
    let fixture = Fixture::new().await;
    let first = fixture.log_in("admin@example.org").await;
    let refresh = |answer: &Value| json!({ "refreshToken": answer["refreshToken"] });
    let (status, second) = post(&fixture, "/api/auth/refresh", refresh(&first)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(me(&fixture, token(&second)).await, StatusCode::OK);
    let (status, problem) = post(&fixture, "/api/auth/refresh", refresh(&first)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    for answer in [&first, &second] {
        assert_eq!(me(&fixture, token(answer)).await, StatusCode::UNAUTHORIZED);
    }
    let (status, _) = post(&fixture, "/api/auth/refresh", refresh(&second)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_log_out_ends_the_log_in_at_once_and_no_other() {
    let fixture = Fixture::new().await;
    let (one, two) =
        (fixture.log_in("admin@example.org").await, fixture.log_in("admin@example.org").await);
    let out = fixture.call(Method::POST, "/api/auth/logout", Some(token(&one)), None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(me(&fixture, token(&one)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&fixture, token(&two)).await, StatusCode::OK);
    let body = json!({ "refresh_token": two["refreshToken"] });
    assert_eq!(post(&fixture, "/api/auth/logout", body).await.0, StatusCode::NO_CONTENT);
    assert_eq!(me(&fixture, token(&two)).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_every_log_in() {
    let fixture = Fixture::new().await;
    let login = fixture.log_in("admin@example.org").await;
    let change = async |body| {
        fixture.call(Method::PATCH, "/api/auth/me", Some(token(&login)), Some(body)).await
    };
    for body in [
        json!({ "password": "another one" }),
        json!({ "password": "another one", "currentPassword": "wrong" }),
    ] {
        let answered = change(body).await;
        assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answered.body["errors"][0]["pointer"], "/currentPassword");
    }
    let named = change(json!({ "name": "Boss" })).await;
    assert_eq!(named.body["name"], "Boss");
    let done = change(json!({ "password": "another one", "current_password": PASSWORD })).await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(me(&fixture, token(&login)).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn too_many_wrong_passwords_are_kept_waiting_and_the_right_one_too() {
    let fixture = Fixture::new().await;
    let wrong = json!({ "email": "admin@example.org", "password": "wrong password" });
    let mut statuses = Vec::new();
    for _ in 0..15 {
        let answered =
            fixture.call(Method::POST, "/api/auth/login", None, Some(wrong.clone())).await;
        if answered.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answered.headers.contains_key(header::RETRY_AFTER));
        }
        statuses.push(answered.status);
    }
    assert_eq!(statuses[..10], [StatusCode::UNAUTHORIZED; 10]);
    assert_eq!(statuses[10..], [StatusCode::TOO_MANY_REQUESTS; 5]);
    let right = json!({ "email": "Admin@example.org ", "password": PASSWORD });
    assert_eq!(post(&fixture, "/api/auth/login", right).await.0, StatusCode::TOO_MANY_REQUESTS);
    // Others at the same address go on.
    fixture.user("other@example.org", Role::Viewer).await;
}

/// A token as the surrounding site makes it.
fn sites(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap()
}

fn in_an_hour() -> i64 {
    control::now().unix() + 3600
}

#[tokio::test]
async fn the_sites_tokens_are_taken_for_the_user_whom_they_name() {
    let fixture = Fixture::new().await;
    let (id, _) = fixture.user("ann@example.org", Role::Streamer).await;
    let claims = |id: Value, email: &str| {
        json!({ "iss": "site", "aud": "site", "iat": control::now().unix(), "exp": in_an_hour(),
            "user_id": id, "username": "ann", "email": email, "role": "admin" })
    };
    for id in [json!(id), json!(id.to_string())] {
        let token = sites(&claims(id, "Ann@example.org"));
        let me = fixture.call(Method::GET, "/api/auth/me", Some(&token), None).await;
        // The role is the database's, whatever the token says.
        assert_eq!((me.status, &me.body["role"]), (StatusCode::OK, &json!("streamer")));
    }
    // The number is another user's here, as on a site with a database of its own.
    let stranger = sites(&claims(json!(id), "else@example.org"));
    assert_eq!(me(&fixture, &stranger).await, StatusCode::UNAUTHORIZED);
    let nobody = sites(&claims(json!(4711), "ann@example.org"));
    assert_eq!(me(&fixture, &nobody).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn issuer_and_audience_count_where_they_are_set() {
    let fixture = Fixture::with(&[("JWT_ISSUER", "site"), ("JWT_AUDIENCE", "live")]).await;
    let login = fixture.log_in("admin@example.org").await;
    assert_eq!(me(&fixture, token(&login)).await, StatusCode::OK);
    let id = &login["user"]["id"];
    for (iss, aud, status) in [
        (json!("site"), json!("live"), StatusCode::OK),
        (json!("site"), json!(["x", "live"]), StatusCode::OK),
        (json!("else"), json!("live"), StatusCode::UNAUTHORIZED),
        (json!("site"), json!("else"), StatusCode::UNAUTHORIZED),
        (Value::Null, json!("live"), StatusCode::UNAUTHORIZED),
    ] {
        let claims = json!({ "iss": iss, "aud": aud, "exp": in_an_hour(), "iat": 1, "user_id": id, "email": "admin@example.org" });
        assert_eq!(me(&fixture, &sites(&claims)).await, status, "{claims}");
    }
}

#[tokio::test]
async fn a_locked_user_is_out_at_once() {
    let fixture = Fixture::new().await;
    let (id, token) = fixture.user("ann@example.org", Role::Streamer).await;
    assert_eq!(me(&fixture, &token).await, StatusCode::OK);
    let (path, lock) = (format!("/api/users/{id}"), json!({ "isActive": false }));
    let admin = fixture.admin().await;
    let done = fixture.call(Method::PATCH, &path, Some(&admin), Some(lock)).await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(me(&fixture, &token).await, StatusCode::UNAUTHORIZED);
}
