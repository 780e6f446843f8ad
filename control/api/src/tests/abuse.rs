//! What must not work.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use jsonwebtoken::Algorithm::{HS256, HS384};
use serde_json::{Value, json};
use store::Role;

use super::fixture::{Fixture, JWT_SECRET};

fn encoded(value: &Value) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn forged_tokens_are_refused_and_repeated_nowhere() {
    let fixture = Fixture::new().await;
    let real = fixture.admin().await;
    let parts: Vec<&str> = real.split('.').collect();
    let soon = control::now().unix() + 3600;
    let admin = json!({ "exp": soon, "iat": 1, "user_id": 1, "email": "admin@example.org", "role": "admin" });
    let signed = |claims: &Value, secret: &str, algorithm| {
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), claims, &key).unwrap()
    };
    let with = |name: &str, value: Value| {
        let mut claims = admin.clone();
        claims[name] = value;
        signed(&claims, JWT_SECRET, HS256)
    };
    let none = encoded(&json!({ "alg": "none", "typ": "JWT" }));
    let rs256 = encoded(&json!({ "alg": "RS256", "typ": "JWT" }));
    let forged = [
        format!("{none}.{}.", encoded(&admin)),
        format!("{none}.{}.{}", encoded(&admin), parts[2]),
        format!("{rs256}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], encoded(&admin), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        signed(&admin, "another secret with 32 bytes here", HS256),
        signed(&admin, JWT_SECRET, HS384),
        with("exp", json!(control::now().unix() - 60)),
        with("exp", json!("9999999999")),
        with("exp", Value::Null),
        with("nbf", json!(soon)),
        with("user_id", json!("1 OR 1=1")),
        "x".repeat(5000),
        String::from("..."),
        String::new(),
    ];
    for token in forged {
        let answered = fixture.call(Method::GET, "/api/auth/me", Some(&token), None).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answered.headers[header::WWW_AUTHENTICATE], "Bearer");
        assert!(token.len() < 10 || !answered.body.to_string().contains(&token));
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_too_deep_or_no_json_are_refused() {
    let fixture = Fixture::new().await;
    let send = async |kind: &str, body: String| {
        let request = Request::post("/api/auth/login").header(header::CONTENT_TYPE, kind);
        fixture.send(request.body(Body::from(body)).unwrap()).await.status()
    };
    let json = "application/json";
    let large = json!({ "email": "x".repeat(70_000), "password": "p" }).to_string();
    assert_eq!(send(json, large).await, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!("{{\"email\":{}", "[".repeat(60_000));
    assert!(send(json, deep).await.is_client_error());
    assert_eq!(send(json, "{".into()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(json, "\u{0}".into()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send("text/plain", "{}".into()).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_log_out_takes_no_body_null_or_json_within_the_same_limits() {
    let fixture = Fixture::new().await;
    let send = async |kind: &str, body: String| {
        let request = Request::post("/api/auth/logout").header(header::CONTENT_TYPE, kind);
        let response = fixture.send(request.body(Body::from(body)).unwrap()).await;
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        (response.status(), kind.map(|kind| kind.to_str().unwrap().to_owned()))
    };
    let json = "application/json";
    for body in ["", "null", "{}"] {
        assert_eq!(send(json, body.into()).await, (StatusCode::NO_CONTENT, None), "{body}");
    }
    let problem = Some("application/problem+json".to_owned());
    let large = send(json, "x".repeat(70_000)).await;
    assert_eq!(large, (StatusCode::PAYLOAD_TOO_LARGE, problem.clone()));
    let form = send("application/x-www-form-urlencoded", "refreshToken=x".into()).await;
    assert_eq!(form, (StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
}

#[tokio::test]
async fn codings_of_a_body_that_are_not_chunked_alone_are_refused() {
    let fixture = Fixture::new().await;
    for codings in [&["identity", "chunked"][..], &["gzip, chunked"], &["identity"]] {
        let request = codings.iter().fold(Request::post("/api/auth/login"), |request, coding| {
            request.header(header::TRANSFER_ENCODING, *coding)
        });
        let response = fixture.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED, "{codings:?}");
        assert_eq!(response.headers()[header::CONNECTION], "close");
    }
}

#[tokio::test]
async fn sql_and_html_in_texts_stay_texts() {
    let fixture = Fixture::new().await;
    let (_, token) = fixture.user("ann@example.org", Role::Streamer).await;
    for text in [
        "'; DROP TABLE users; --",
        "\" OR \"1\"=\"1",
        "1) OR 1=1 --",
        "<img src=x onerror=alert(1)>",
        "%' ESCAPE '",
        "\\",
        "Robert'); DELETE FROM live_streams;#",
        "${jndi:ldap://x} {{7*7}}",
    ] {
        let body = json!({ "title": text, "description": text, "category": text, "tags": [text] });
        let made = fixture.stream(&token, body).await;
        let path = format!("/api/streams/{}", made["id"].as_str().unwrap());
        let read = fixture.call(Method::GET, &path, Some(&token), None).await;
        assert_eq!(read.body["title"], text);
        assert_eq!(read.body["tags"], json!([text]));
        assert_eq!(read.headers[header::CONTENT_TYPE], "application/json");
        let log_in = json!({ "email": text, "password": text });
        let answered = fixture.call(Method::POST, "/api/auth/login", None, Some(log_in)).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
    }
    let quoted = "/api/streams/live?q=%27%20OR%201%3D1%20--&category=%22";
    assert_eq!(fixture.get(quoted).await.0, StatusCode::OK);
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let fixture = Fixture::new().await;
    for path in [
        "/api/docs/..%2f..%2fCargo.toml",
        "/api/docs/../../Cargo.toml",
        "/api/docs/%2e%2e/x",
        "/api/streams/..%2f..%2fetc%2fpasswd",
        "/api/streams/%00",
        "/api/streams/'%20OR%201=1",
    ] {
        let (status, _) = fixture.get(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_client_cannot_choose_its_address_or_forge_a_log_line() {
    let fixture = Fixture::with(&[("RATE_LIMIT_MAX_REQUESTS", "3")]).await;
    let mut last = StatusCode::OK;
    for number in 0..5 {
        let request = Request::get("/api/streams/live")
            .header("x-forwarded-for", format!("203.0.113.{number}"))
            .header("x-request-id", "a b\tforged");
        let response = fixture.send(request.body(Body::empty()).unwrap()).await;
        assert_ne!(response.headers()["x-request-id"], "a b\tforged");
        last = response.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}
