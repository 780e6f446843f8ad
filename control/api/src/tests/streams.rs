use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use store::Role;

use super::fixture::{Fixture, text};

async fn streamer(fixture: &Fixture) -> String {
    fixture.user("ann@example.org", Role::Streamer).await.1
}

#[tokio::test]
async fn a_new_stream_has_its_key_and_urls_in_the_first_answer_only() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    let made = fixture.stream(&token, json!({ "title": "T" })).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["streamKey"].as_str().unwrap());
    assert!(key.starts_with("sk_live_"));
    assert_eq!(made["rtmpUrl"], format!("rtmp://host:1935/live/{key}"));
    assert_eq!(made["hlsUrl"], format!("http://host:8080/live/{id}/index.m3u8"));
    assert_eq!((&made["status"], &made["whipUrl"]), (&json!("scheduled"), &Value::Null));
    // The configuration's defaults.
    assert_eq!((&made["quality"], &made["recordingEnabled"]), (&json!("480p"), &json!(false)));
    let path = format!("/api/streams/{id}");
    for token in [None, Some(token.as_str())] {
        let read = fixture.call(Method::GET, &path, token, None).await;
        assert!(!read.body.to_string().contains(key));
        assert_eq!(read.body["streamerName"], "ann");
    }
    let shown = fixture.call(Method::GET, &format!("{path}/key"), Some(&token), None).await;
    assert_eq!(shown.body["streamKey"], key);
    let new = fixture.call(Method::POST, &format!("{path}/key"), Some(&token), None).await;
    assert_ne!(new.body["streamKey"], key);
    let (store, old) = (fixture.store.clone(), key.to_owned());
    let authorized = tokio::task::spawn_blocking(move || store.authorize(&old).unwrap());
    assert!(authorized.await.unwrap().is_err());
}

#[tokio::test]
async fn snake_case_is_understood_and_camel_case_answered() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    let made = fixture
        .stream(
            &token,
            json!({ "title": "T", "max_viewers": 5, "recording_enabled": true, "chat_enabled": false,
                "scheduled_start": "2030-01-31T18:00:00Z", "is_private": true, "unheard_of": 1 }),
        )
        .await;
    assert_eq!((&made["maxViewers"], &made["recordingEnabled"]), (&json!(5), &json!(true)));
    assert_eq!((&made["chatEnabled"], &made["isPrivate"]), (&json!(false), &json!(true)));
    assert_eq!(made["scheduledStart"], "2030-01-31T18:00:00Z");
}

#[tokio::test]
async fn a_change_leaves_what_is_not_given_and_clears_what_is_null() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    let made = fixture.stream(&token, json!({ "title": "T", "description": "D" })).await;
    let path = format!("/api/streams/{}", made["id"].as_str().unwrap());
    let put = async |body| fixture.call(Method::PUT, &path, Some(&token), Some(body)).await;
    let changed = put(json!({ "category": "arts" })).await.body;
    assert_eq!((&changed["title"], &changed["description"]), (&json!("T"), &json!("D")));
    assert_eq!(changed["category"], "arts");
    assert_eq!(put(json!({ "description": null })).await.body["description"], Value::Null);
    let wrong = put(json!({ "quality": "8k" })).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.body["errors"][0]["pointer"], "/quality");
    assert_eq!(put(json!({ "status": "live" })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(json!({ "status": "cancelled" })).await.body["status"], "cancelled");
    let started = fixture.call(Method::POST, &format!("{path}/start"), Some(&token), None).await;
    assert_eq!(started.body["status"], "scheduled");
    let stopped = fixture.call(Method::POST, &format!("{path}/stop"), Some(&token), None).await;
    assert_eq!(
        (&stopped.body["status"], &stopped.body["stopped"]),
        (&json!("scheduled"), &json!(true))
    );
}

#[tokio::test]
async fn a_repeated_request_makes_one_stream() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    let create = async |title: &str, key: &str| {
        let request = Request::post("/api/streams")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Body::from(json!({ "title": title }).to_string()));
        let response = fixture.send(request.unwrap()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, serde_json::from_str::<Value>(&text(response).await).unwrap())
    };
    let (one, two) = tokio::join!(create("T", "k"), create("T", "k"));
    assert_eq!((one.0, two.0), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!((&one.2["id"], &one.2["streamKey"]), (&two.2["id"], &two.2["streamKey"]));
    let replayed = |headers: &axum::http::HeaderMap| headers.contains_key("idempotency-replayed");
    assert!(replayed(&one.1) != replayed(&two.1));
    assert_eq!(one.1[header::LOCATION], format!("/api/streams/{}", one.2["id"].as_str().unwrap()));
    assert_eq!(create("U", "k").await.0, StatusCode::CONFLICT);
    assert_eq!(create("U", &"k".repeat(200)).await.0, StatusCode::BAD_REQUEST);
    let mine = fixture.call(Method::GET, "/api/streams", Some(&token), None).await;
    assert_eq!(mine.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn pages_of_my_streams_go_on_where_the_last_one_ended() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    for number in 0..5 {
        fixture.stream(&token, json!({ "title": format!("T{number}") })).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/api/streams?limit=2".to_owned());
    loop {
        let page = fixture.call(Method::GET, &path, Some(&token), None).await.body;
        let items = page["items"].as_array().unwrap().clone();
        seen.extend(items.into_iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/streams?limit=2&cursor={cursor}");
    }
    seen.sort();
    assert_eq!(seen, ["T0", "T1", "T2", "T3", "T4"]);
}

#[tokio::test]
async fn a_stream_that_is_not_live_has_empty_statistics() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    let made = fixture.stream(&token, json!({ "title": "T" })).await;
    let path = format!("/api/streams/{}/stats", made["id"].as_str().unwrap());
    let (status, stats) = fixture.get(&path).await;
    assert_eq!((status, &stats["viewers"]["total"]), (StatusCode::OK, &json!(0)));
    assert_eq!((&stats["status"], &stats["bitrate"]), (&json!("scheduled"), &Value::Null));
}

#[tokio::test]
async fn a_removed_stream_is_gone() {
    let fixture = Fixture::new().await;
    let token = streamer(&fixture).await;
    let made = fixture.stream(&token, json!({ "title": "T" })).await;
    let path = format!("/api/streams/{}", made["id"].as_str().unwrap());
    let gone = fixture.call(Method::DELETE, &path, Some(&token), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(fixture.get(&path).await.0, StatusCode::NOT_FOUND);
}
