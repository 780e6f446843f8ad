//! Who publishes and watches a stream.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use control::admin::SessionView;
use control::{CutError, MAX_SESSIONS};
use serde::Serialize;
use stream::control::StreamId;
use tracing::info;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AUDIT;
use crate::Shared;
use crate::access::Target;
use crate::body::Named;
use crate::caller::Caller;
use crate::problem::{Answer, Problem};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(cut))
}

/// Who publishes and watches.
#[derive(Serialize, ToSchema)]
struct SessionList {
    /// The publisher first, then the viewers, the oldest first: at most 10000.
    items: Vec<SessionView>,
}

/// List sessions
///
/// Who publishes and watches the stream on this node now.
#[utoipa::path(get, path = "/api/streams/{id}/sessions", operation_id = "listSessions", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The sessions", body = SessionList)))]
async fn list(State(shared): State<Shared>, Target(stream): Target) -> Answer<Json<SessionList>> {
    let id = parsed(&stream.id)?;
    let sessions = shared.api.probe.sessions(&id, MAX_SESSIONS).await;
    Ok(Json(SessionList { items: sessions.into_iter().map(Into::into).collect() }))
}

/// Cut a session
///
/// Ends a publisher's or viewer's connection. A publisher may come back: stop the stream to keep it out.
#[utoipa::path(delete, path = "/api/streams/{id}/sessions/{sessionId}", operation_id = "cutSession", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36),
        ("sessionId" = String, Path, description = "The session's id, from the list")),
    responses((status = 204, description = "Cut"),
        (status = 409, description = "An HLS viewer, who has no connection to cut", body = crate::problem::Body,
            content_type = "application/problem+json")))]
async fn cut(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
    Named((_, session)): Named<(String, String)>,
) -> Answer<StatusCode> {
    let id = parsed(&stream.id)?;
    let unknown = |_| told(CutError::Unknown);
    let parsed = session.parse().map_err(unknown)?;
    shared.api.probe.cut(&id, parsed).await.map_err(told)?;
    info!(target: AUDIT, by = caller.user.id, stream = stream.id, session, "session cut");
    Ok(StatusCode::NO_CONTENT)
}

fn parsed(id: &str) -> Answer<StreamId> {
    StreamId::parse(id).ok_or_else(|| Problem::missing("There is no such stream."))
}

fn told(error: CutError) -> Problem {
    match error {
        CutError::Unknown => Problem::missing(format!("{error}.")),
        CutError::NoAnswer => Problem::busy(),
        CutError::Stateless => {
            let (status, title) = (StatusCode::CONFLICT, "The session has no connection");
            Problem::new(status, "stateless-session", title, format!("{error}."))
        }
    }
}
