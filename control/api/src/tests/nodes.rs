//! What one node changes shows on another: at once by an event, and within a second where nothing carries
//! events, as nodes without Redis are here.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use store::Role;

use super::fixture::Fixture;
use crate::caller::BELIEVED;

const _: () = assert!(BELIEVED.as_millis() < 1000);

/// Asks until the status comes, but not for much longer than a change may take.
async fn until(node: &Fixture, method: Method, path: &str, token: &str, status: StatusCode) {
    let body = (method == Method::POST).then(|| json!({ "title": "T" }));
    let give_up = Instant::now() + 5 * BELIEVED;
    loop {
        let found = node.call(method.clone(), path, Some(token), body.clone()).await.status;
        if found == status {
            return;
        }
        assert!(Instant::now() < give_up, "{path}: {found}, not {status}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_role_a_log_out_and_a_lock_count_on_every_node() {
    let here = Fixture::new().await;
    let there = here.another_node().await;
    let admin = here.admin().await;
    let (id, token) = here.user("ann@example.org", Role::Viewer).await;
    let user = format!("/api/users/{id}");
    let change = async |body: Value| {
        let answered = here.call(Method::PATCH, &user, Some(&admin), Some(body)).await;
        assert_eq!(answered.status, StatusCode::OK);
    };
    until(&there, Method::POST, "/api/streams", &token, StatusCode::FORBIDDEN).await;
    change(json!({ "role": "streamer" })).await;
    until(&there, Method::POST, "/api/streams", &token, StatusCode::CREATED).await;
    here.call(Method::POST, "/api/auth/logout", Some(&token), None).await;
    until(&there, Method::GET, "/api/auth/me", &token, StatusCode::UNAUTHORIZED).await;
    let again = here.log_in("ann@example.org").await["token"].as_str().unwrap().to_owned();
    until(&there, Method::GET, "/api/auth/me", &again, StatusCode::OK).await;
    change(json!({ "isActive": false })).await;
    until(&there, Method::GET, "/api/auth/me", &again, StatusCode::UNAUTHORIZED).await;
}
