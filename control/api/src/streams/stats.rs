//! How a stream is.

use axum::Json;
use axum::extract::State;
use control::stats::{AudioStats, Health, StreamStats, VideoStats, ViewerStats};
use serde::Serialize;
use store::UtcTime;
use stream::control::StreamId;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::access::{Target, owns};
use crate::caller::Somebody;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(stats))
}

/// How a stream is. What is null is not known, as the stream is not live on this node.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatsView {
    /// The stream's id.
    id: String,
    /// Where it is in its life.
    status: &'static str,
    /// When the current or last session began.
    #[schema(value_type = Option<String>)]
    started_at: Option<UtcTime>,
    /// Who watches, by protocol.
    viewers: ViewerStats,
    /// Payload received over the last seconds, in bits a second.
    bitrate: Option<u64>,
    /// The picture.
    video: Option<VideoStats>,
    /// The sound.
    audio: Option<AudioStats>,
    /// The last complete group of pictures, in milliseconds of media.
    gop_ms: Option<u64>,
    /// How good it is altogether.
    health: Option<Health>,
    /// All that is known of a live stream; for owners and administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<StreamStats>,
}

/// Statistics of a stream
#[utoipa::path(get, path = "/api/streams/{id}/stats", operation_id = "getStreamStats", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "How the stream is", body = StatsView)))]
async fn stats(
    State(shared): State<Shared>,
    Somebody(caller): Somebody,
    Target(stream): Target,
) -> Json<StatsView> {
    let live = StreamId::parse(&stream.id).and_then(|id| shared.api.probe.stats(&id));
    let all = caller.is_some_and(|caller| owns(&caller, &stream));
    let known = live.as_ref();
    Json(StatsView {
        viewers: known.map(|live| live.viewers.clone()).unwrap_or_default(),
        bitrate: known.map(|live| live.bitrate),
        video: known.and_then(|live| live.video.clone()),
        audio: known.and_then(|live| live.audio.clone()),
        gop_ms: known.and_then(|live| live.gop_ms),
        health: known.map(|live| live.health),
        details: live.filter(|_| all),
        id: stream.id,
        status: stream.status.as_str(),
        started_at: stream.started_at,
    })
}
