//! Starting and stopping streams.

use axum::Json;
use axum::extract::State;
use control::admin::StreamView;
use control::now;
use store::Stream;
use stream::control::StopReason;
use tracing::info;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{AUDIT, for_owner, revoke};
use crate::Shared;
use crate::access::Target;
use crate::caller::Caller;
use crate::problem::Answer;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(stop))
}

/// Start a stream
///
/// Allows publishing after a stop or a cancellation. A stream goes live when its publisher's media arrive.
#[utoipa::path(post, path = "/api/streams/{id}/start", operation_id = "startStream", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The stream", body = StreamView)))]
async fn start(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
) -> Answer<Json<StreamView>> {
    let id = stream.id;
    info!(target: AUDIT, by = caller.user.id, stream = id, "stream started");
    let started = shared.work.store(move |store| store.start_stream(&id)).await?;
    Ok(Json(for_owner(&shared, started)))
}

/// Stop a stream
///
/// Cuts its publisher and ends its session; publishing is denied until the next start.
#[utoipa::path(post, path = "/api/streams/{id}/stop", operation_id = "stopStream", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The stream", body = StreamView)))]
async fn stop(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
) -> Answer<Json<StreamView>> {
    info!(target: AUDIT, by = caller.user.id, stream = stream.id, "stream stopped");
    let stopped = stop_stream(&shared, &stream.id, false).await?;
    Ok(Json(for_owner(&shared, stopped)))
}

pub(super) async fn stop_stream(shared: &Shared, id: &str, cancelled: bool) -> Answer<Stream> {
    let stop = move |store: &store::Store, id: &str| store.stop_stream(id, cancelled, now());
    revoke(shared, id, StopReason::Stopped, stop).await
}
