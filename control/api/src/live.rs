//! What is live now.

use axum::Json;
use axum::extract::State;
use control::Probe;
use serde::{Deserialize, Serialize};
use store::{LiveFilter, LiveStream, UtcTime};
use stream::control::StreamId;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::body::{Asked, at_most};
use crate::page::{Page, next, stream_cursor};
use crate::problem::Answer;
use control::InForce;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(live))
}

/// The answer of `GET /api/streams/live`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LivePage {
    /// The public streams that are live, the newest first.
    pub items: Vec<LiveItem>,
    /// What `cursor` to ask for the next page with; null on the last one.
    pub next_cursor: Option<String>,
}

/// A stream that is live. URLs of outputs that do not exist are null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveItem {
    /// The public id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The owner's name.
    pub streamer_name: String,
    /// The category.
    pub category: String,
    /// Always `live`.
    pub status: &'static str,
    /// When the session began.
    #[schema(value_type = String)]
    pub started_at: UtcTime,
    /// Viewers now, over all protocols.
    pub viewers: u64,
    /// The watch page.
    pub watch_url: Option<String>,
    /// The multivariant playlist.
    pub hls_url: Option<String>,
    /// The DASH manifest.
    pub dash_url: Option<String>,
    /// The WHEP endpoint.
    pub whep_url: Option<String>,
    /// The HTTP-FLV stream.
    pub flv_url: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// A part of the title or of the streamer's name.
    #[param(max_length = 255)]
    q: Option<String>,
    /// The category.
    #[param(max_length = 50)]
    category: Option<String>,
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// The `nextCursor` of the page before.
    #[param(pattern = r"^[0-9]{1,11}\.[A-Za-z0-9_-]{1,36}$")]
    cursor: Option<String>,
}

/// List what is live
#[utoipa::path(get, path = "/api/streams/live", operation_id = "listLive", tag = "streams", params(Filter),
    responses((status = 200, description = "A page of the public streams that are live", body = LivePage)))]
async fn live(State(shared): State<Shared>, Asked(asked): Asked<Filter>) -> Answer<Json<LivePage>> {
    let filter = LiveFilter {
        search: at_most("q", asked.q, store::MAX_TITLE_CHARS)?,
        category: at_most("category", asked.category, store::MAX_WORD_CHARS)?,
    };
    let page = Page::new(asked.limit, asked.cursor);
    let (limit, after) = (page.limit()?, page.after_stream()?);
    let read = move |store: &store::Store| store.live_streams(&filter, limit + 1, after.as_ref());
    let mut streams = shared.work.store(read).await?;
    let next_cursor =
        next(&mut streams, limit, |stream| stream_cursor(stream.started_at, &stream.id));
    let settings = shared.in_force();
    let item = |stream| item(&*shared.api.probe, &settings, stream);
    Ok(Json(LivePage { items: streams.into_iter().map(item).collect(), next_cursor }))
}

fn item(probe: &dyn Probe, settings: &InForce, stream: LiveStream) -> LiveItem {
    let links = &settings.links;
    LiveItem {
        status: "live",
        viewers: StreamId::parse(&stream.id).map_or(0, |id| probe.viewers(&id)),
        watch_url: links.watch(&stream.id),
        hls_url: links.hls(&stream.id),
        dash_url: links.dash(&stream.id),
        whep_url: links.whep(&stream.id),
        flv_url: links.flv(&stream.id),
        id: stream.id,
        title: stream.title,
        streamer_name: stream.streamer_name,
        category: stream.category,
        started_at: stream.started_at,
    }
}
