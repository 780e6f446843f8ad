use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use store::Role;

use super::fixture::{Fixture, text};

#[tokio::test]
async fn an_administrator_adds_finds_changes_and_removes_users() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let call =
        async |method, path: &str, body| fixture.call(method, path, Some(&admin), body).await;
    let new = json!({ "email": "ann@example.org", "role": "viewer" });
    let made = call(Method::POST, "/api/users", Some(new)).await;
    assert_eq!((made.status, &made.body["role"]), (StatusCode::CREATED, &json!("viewer")));
    assert!(made.body["password"].as_str().unwrap().len() >= 20);
    let found = call(Method::GET, "/api/users?q=ANN&role=viewer", None).await.body;
    assert_eq!(found["items"][0]["email"], "ann@example.org");
    assert_eq!((found["items"].as_array().unwrap().len(), &found["nextCursor"]), (1, &Value::Null));
    assert_eq!(
        call(Method::GET, "/api/users?role=king", None).await.status,
        StatusCode::BAD_REQUEST
    );
    let path = format!("/api/users/{}", made.body["id"]);
    let change = json!({ "role": "moderator", "name": "Ann" });
    let changed = call(Method::PATCH, &path, Some(change)).await.body;
    assert_eq!((&changed["role"], &changed["name"]), (&json!("moderator"), &json!("Ann")));
    let wrong = call(Method::PATCH, &path, Some(json!({ "role": "king" }))).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "/role");
    assert_eq!(call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(call(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_repeated_request_adds_one_user() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let add = async || {
        let request = Request::post("/api/users")
            .header(header::AUTHORIZATION, format!("Bearer {admin}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "k")
            .body(Body::from(json!({ "email": "ann@example.org" }).to_string()));
        let response = fixture.send(request.unwrap()).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let replayed = response.headers().contains_key("idempotency-replayed");
        (replayed, serde_json::from_str::<Value>(&text(response).await).unwrap())
    };
    let (one, two) = (add().await, add().await);
    assert_eq!((one.0, two.0), (false, true));
    assert_eq!(one.1["id"], two.1["id"]);
    assert!(one.1["password"].is_string() && two.1["password"].is_null());
}

#[tokio::test]
async fn the_last_administrator_keeps_the_role() {
    let fixture = Fixture::new().await;
    let admin = fixture.log_in("admin@example.org").await;
    let (path, token) = (format!("/api/users/{}", admin["user"]["id"]), admin["token"].as_str());
    let change = json!({ "role": "viewer" });
    let answered = fixture.call(Method::PATCH, &path, token, Some(change)).await;
    assert_eq!(answered.status, StatusCode::CONFLICT);
    assert_eq!(answered.body["type"], "urn:shardcast:problem:last-administrator");
    let removed = fixture.call(Method::DELETE, &path, token, None).await;
    assert_eq!(removed.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_new_role_counts_with_the_token_that_is_there() {
    let fixture = Fixture::new().await;
    let (id, token) = fixture.user("ann@example.org", Role::Viewer).await;
    let create = async || {
        let body = json!({ "title": "T" });
        fixture.call(Method::POST, "/api/streams", Some(&token), Some(body)).await.status
    };
    assert_eq!(create().await, StatusCode::FORBIDDEN);
    let admin = fixture.admin().await;
    for (role, status) in [("streamer", StatusCode::CREATED), ("viewer", StatusCode::FORBIDDEN)] {
        let (path, body) = (format!("/api/users/{id}"), json!({ "role": role }));
        fixture.call(Method::PATCH, &path, Some(&admin), Some(body)).await;
        assert_eq!(create().await, status);
    }
}
