//! Every route for every role, from the API's own description.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use store::Role;

use super::fixture::{Fixture, PASSWORD};
use crate::access::{Access, RULES};
use crate::document;

/// Who calls: nobody, a user of each role, and the owner of the stream.
const CALLERS: [&str; 6] = ["nobody", "viewer", "streamer", "moderator", "admin", "owner"];

struct Cast {
    fixture: Fixture,
    tokens: Vec<(&'static str, Option<String>)>,
    owner: String,
}

impl Cast {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let mut tokens = vec![("nobody", None)];
        for role in [Role::Viewer, Role::Streamer, Role::Moderator] {
            let (_, token) = fixture.user(&format!("{role}@example.org"), role).await;
            tokens.push((role.as_str(), Some(token)));
        }
        tokens.push(("admin", Some(fixture.admin().await)));
        let (_, owner) = fixture.user("owner@example.org", Role::Streamer).await;
        tokens.push(("owner", Some(owner.clone())));
        Self { fixture, tokens, owner }
    }

    fn token(&self, caller: &str) -> Option<&str> {
        self.tokens.iter().find(|(name, _)| *name == caller)?.1.as_deref()
    }

    /// A route's path on a new stream of the owner's, or a new user.
    async fn path(&self, route: &str, private: bool) -> String {
        let stream = json!({ "title": "T", "isPrivate": private });
        let id = self.fixture.stream(&self.owner, stream).await["id"].as_str().unwrap().to_owned();
        let path =
            route.replace("{id}", &id).replace("{sessionId}", "none").replace("{file}", "page.css");
        if !path.contains("{userId}") {
            return path;
        }
        let email = format!("{}@example.org", uuid::Uuid::now_v7().simple());
        let (user, _) = self.fixture.user(&email, Role::Viewer).await;
        let body = json!({ "userId": user });
        let moderators = format!("/api/streams/{id}/moderators");
        self.fixture.call(Method::POST, &moderators, Some(&self.owner), Some(body)).await;
        path.replace("{userId}", &user.to_string())
    }
}

/// Whether the table lets the caller through, and what is answered where it does not.
fn expected(access: Access, caller: &str, private: bool) -> Result<(), StatusCode> {
    let rank = ["viewer", "streamer", "moderator", "admin"].iter().position(|it| *it == caller);
    let owns = matches!(caller, "owner" | "admin");
    let sees = !private || owns || caller == "moderator";
    match access {
        Access::Anybody => Ok(()),
        Access::StreamViewer if sees => Ok(()),
        Access::StreamViewer => Err(StatusCode::NOT_FOUND),
        _ if caller == "nobody" => Err(StatusCode::UNAUTHORIZED),
        Access::StreamOwner if owns => Ok(()),
        Access::StreamOwner if sees => Err(StatusCode::FORBIDDEN),
        Access::StreamOwner => Err(StatusCode::NOT_FOUND),
        Access::Role(role) => {
            let needed = [Role::Viewer, Role::Streamer, Role::Moderator, Role::Admin];
            let needed = needed.iter().position(|it| *it == role);
            // An owner is a streamer.
            if rank.or(Some(1)) >= needed { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
        }
    }
}

fn body(method: &Method, path: &str) -> Option<Value> {
    let wanted = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    wanted.then(|| match path {
        "/api/streams" => json!({ "title": "T" }),
        "/api/users" => json!({ "email": format!("{}@b.org", uuid::Uuid::now_v7().simple()), "password": PASSWORD }),
        _ if path.ends_with("/moderators") => json!({ "email": "viewer@example.org" }),
        _ => json!({}),
    })
}

#[tokio::test]
async fn every_route_treats_every_role_as_the_table_says() {
    let cast = Cast::new().await;
    for rule in RULES.iter().filter(|rule| !rule.path.starts_with("/api/auth")) {
        for private in [false, true] {
            for caller in CALLERS {
                let path = cast.path(rule.path, private).await;
                let (token, body) = (cast.token(caller), body(&rule.method, rule.path));
                let answered = cast.fixture.call(rule.method.clone(), &path, token, body).await;
                let case = format!(
                    "{} {} private={private} by {caller}: {}",
                    rule.method, rule.path, answered.body
                );
                match expected(rule.access, caller, private) {
                    Err(status) => assert_eq!(answered.status, status, "{case}"),
                    // A session that does not exist is not there for those who may look either.
                    Ok(()) if path.ends_with("/sessions/none") => {
                        assert_eq!(
                            answered.body["detail"].as_str().unwrap().split(':').next(),
                            Some("the stream has no such session"),
                            "{case}"
                        );
                    }
                    Ok(()) if path == "/ready" => {}
                    Ok(()) => assert!(answered.status.is_success(), "{case} {}", answered.status),
                }
            }
        }
    }
}

#[test]
fn the_description_and_the_table_tell_of_the_same_routes() {
    let described = document("1.2.3");
    let paths = described["paths"].as_object().unwrap();
    let mut routes: Vec<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    let undescribed = ["/metrics", "/api/openapi.json", "/api/docs", "/api/docs/{file}"];
    let ruled = RULES.iter().filter(|rule| !undescribed.contains(&rule.path));
    let mut ruled: Vec<String> = ruled
        .map(|rule| format!("{} {}", rule.method.as_str().to_lowercase(), rule.path))
        .collect();
    routes.sort();
    ruled.sort();
    assert_eq!(routes, ruled);
}

#[tokio::test]
async fn a_moderator_of_a_private_stream_may_see_it() {
    let cast = Cast::new().await;
    let path = cast.path("/api/streams/{id}", true).await;
    let viewer = cast.token("viewer");
    let see = async || cast.fixture.call(Method::GET, &path, viewer, None).await;
    assert_eq!(see().await.status, StatusCode::NOT_FOUND);
    let body = json!({ "email": "viewer@example.org" });
    let appoint = format!("{path}/moderators");
    cast.fixture.call(Method::POST, &appoint, Some(&cast.owner), Some(body)).await;
    let seen = see().await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!((&seen.body["owner"], &seen.body["rtmpUrl"]), (&Value::Null, &Value::Null));
}
