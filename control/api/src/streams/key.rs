//! A stream's key.

use axum::Json;
use axum::extract::State;
use control::admin::StreamView;
use stream::control::StopReason;
use tracing::info;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{AUDIT, revoke};
use crate::Shared;
use crate::access::Target;
use crate::caller::Caller;
use crate::problem::Answer;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(reveal, replace))
}

/// Show the stream key
///
/// Who looked is logged.
#[utoipa::path(get, path = "/api/streams/{id}/key", operation_id = "getStreamKey", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The stream with its key", body = StreamView)))]
async fn reveal(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
) -> Answer<Json<StreamView>> {
    let id = stream.id;
    info!(target: AUDIT, by = caller.user.id, stream = id, "stream key shown");
    let shown = shared.work.store(move |store| store.reveal_key(&id)).await?;
    Ok(Json(StreamView::new(shown.stream, Some(shown.key), &shared.in_force().links)))
}

/// Make a new stream key
///
/// The old one stops working, and its publisher is cut at once.
#[utoipa::path(post, path = "/api/streams/{id}/key", operation_id = "replaceStreamKey", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The stream with its new key", body = StreamView)))]
async fn replace(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
) -> Answer<Json<StreamView>> {
    let id = stream.id;
    let new = revoke(&shared, &id, StopReason::KeyReplaced, store::Store::new_key).await?;
    info!(target: AUDIT, by = caller.user.id, stream = id, "stream key replaced");
    Ok(Json(StreamView::new(new.stream, Some(new.key), &shared.in_force().links)))
}
