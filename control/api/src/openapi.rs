//! The description of the API (OpenAPI 3.1), made of the routes and the table of who may use them.

mod rules;

use axum::http::Method;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::access::{Access, RULES, Rule};
use crate::{Shared, auth, health, live, moderators, problem, streams, users};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shardcast",
        description = "Live streaming: streams, their keys, users and who may do what.\n\n\
            Log in at `POST /api/auth/login` and send `Authorization: Bearer TOKEN`. Bodies are JSON; names in \
            them are camelCase, and snake_case is understood too. Errors are `application/problem+json` \
            (RFC 9457): `type` is stable, `detail` says what to do, `errors` points into the body. Every answer \
            carries `X-Request-Id`. 429 and 503 carry `Retry-After`.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "auth", description = "Registration and log-in"),
        (name = "streams", description = "Streams and their keys"),
        (name = "moderators", description = "Who moderates a stream"),
        (name = "users", description = "Users, for administrators"),
        (name = "operation", description = "For operators and load balancers"),
    ),
    components(schemas(problem::Body, problem::Fault))
)]
struct Description;

/// Every route that the description tells of.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(auth::routes())
        .merge(streams::routes())
        .merge(live::routes())
        .merge(moderators::routes())
        .merge(users::routes())
        .merge(health::routes())
}

/// The description as JSON, with what the table of rules says of each route.
pub fn document(version: &str) -> Value {
    let (_, description) = routes().split_for_parts();
    let mut document = serde_json::to_value(description).unwrap_or_default();
    document["info"]["version"] = version.into();
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The `token` of a log-in, or a token of the surrounding site" }
    });
    rules::add(&mut document);
    for rule in RULES {
        let method = rule.method.as_str().to_ascii_lowercase();
        // Not by an index, which would add what is not there.
        let methods = document["paths"].get_mut(rule.path);
        if let Some(operation) = methods.and_then(|methods| methods.get_mut(&method)) {
            complete(operation, rule);
        }
    }
    document
}

/// Who may, in words.
pub(crate) fn who(access: Access) -> &'static str {
    match access {
        Access::Anybody => "anybody",
        Access::StreamViewer => "who may see the stream",
        Access::Role(role) => role.as_str(),
        Access::StreamOwner => "the stream's owner, administrators",
    }
}

fn complete(operation: &mut Value, rule: &Rule) {
    operation["x-access"] = who(rule.access).into();
    operation["security"] = match rule.access {
        Access::Anybody => json!([]),
        Access::StreamViewer => json!([{}, { "bearer": [] }]),
        Access::Role(_) | Access::StreamOwner => json!([{ "bearer": [] }]),
    };
    let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&rule.method);
    let problems = [
        ("400", "What was sent cannot be read", rule.counted),
        ("401", "The token is missing or no longer holds", rule.access != Access::Anybody),
        ("403", "The caller's role does not allow it", rule.access != Access::Anybody),
        (
            "404",
            "There is no such thing, or the caller may not know of it",
            rule.path.contains('{'),
        ),
        ("413", "The body is too large", has_body),
        ("415", "The body is not JSON", has_body),
        ("422", "A value in the body breaks its rule", has_body),
        ("429", "Too many requests: Retry-After tells how long to wait", rule.counted),
        ("503", "The database is away: Retry-After tells when to try again", rule.counted),
        ("default", "Anything else that went wrong", rule.counted),
    ];
    for (status, description, _) in problems.into_iter().filter(|(_, _, applies)| *applies) {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let content = json!({ "application/problem+json": { "schema": schema } });
            responses[status] = json!({ "description": description, "content": content });
        }
    }
}
