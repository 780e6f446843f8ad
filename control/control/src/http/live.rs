use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use store::{LiveStream, StreamCursor, UtcTime};
use stream::control::StreamId;
use tokio::time::timeout;
use tracing::error;

use super::problem::Problem;
use super::{Api, Shared};

/// The most streams of a page.
pub const MAX_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 50;
/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The answer of `GET /api/streams/live`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LivePage {
    /// The public streams that are live, the newest first.
    pub items: Vec<LiveItem>,
    /// What `cursor` to ask for the next page with; null on the last one.
    pub next_cursor: Option<String>,
}

/// A stream that is live. URLs of outputs that do not exist are null.
#[derive(Clone, Debug, Serialize)]
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

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
}

pub(super) async fn live(
    State(shared): State<Shared>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<LivePage>, Problem> {
    let page = page.map_err(|_| Problem::invalid("The query must be limit=N&cursor=C."))?;
    let limit = page.limit.as_deref().map_or(Ok(DEFAULT_PAGE), parse_limit)?;
    let after = page.cursor.as_deref().map(parse_cursor).transpose()?;
    let mut streams = read(&shared, limit, after).await?;
    let more = streams.len() > limit;
    streams.truncate(limit);
    let next_cursor = streams.last().filter(|_| more).map(cursor);
    let items = streams.into_iter().map(|stream| item(&shared.api, stream)).collect();
    Ok(Json(LivePage { items, next_cursor }))
}

/// One more than the page holds, to know whether another one follows.
async fn read(
    shared: &Shared,
    limit: usize,
    after: Option<StreamCursor>,
) -> Result<Vec<LiveStream>, Problem> {
    let reading = async {
        // The place is held as long as the thread is at work, also when nobody waits any more.
        let place = shared.readers.clone().acquire_owned().await.ok()?;
        let store = shared.api.store.clone();
        let read = move || {
            let streams =
                store.live_streams(&store::LiveFilter::default(), limit + 1, after.as_ref());
            drop(place);
            streams
        };
        tokio::task::spawn_blocking(read).await.ok()
    };
    match timeout(PATIENCE, reading).await {
        Ok(Some(Ok(streams))) => Ok(streams),
        Ok(Some(Err(error))) => {
            error!("live streams cannot be read: {error}");
            Err(Problem::database_away())
        }
        Ok(None) | Err(_) => Err(Problem::database_away()),
    }
}

fn item(api: &Api, stream: LiveStream) -> LiveItem {
    let viewers = StreamId::parse(&stream.id).map_or(0, |id| api.probe.viewers(&id));
    LiveItem {
        status: "live",
        viewers,
        watch_url: api.links.watch(&stream.id),
        hls_url: api.links.hls(&stream.id),
        dash_url: api.links.dash(&stream.id),
        whep_url: api.links.whep(&stream.id),
        flv_url: api.links.flv(&stream.id),
        id: stream.id,
        title: stream.title,
        streamer_name: stream.streamer_name,
        category: stream.category,
        started_at: stream.started_at,
    }
}

fn parse_limit(text: &str) -> Result<usize, Problem> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
    limit.ok_or_else(|| Problem::invalid(format!("limit must be a number from 1 to {MAX_PAGE}.")))
}

/// Opaque to clients: when the last stream of the page began, and its id.
fn cursor(stream: &LiveStream) -> String {
    format!("{}.{}", stream.started_at.unix(), stream.id)
}

fn parse_cursor(text: &str) -> Result<StreamCursor, Problem> {
    let parse = || {
        let (seconds, id) = text.split_once('.')?;
        let started_at = UtcTime::from_unix(seconds.parse().ok()?);
        Some(StreamCursor { time: started_at, id: StreamId::parse(id)?.as_str().to_owned() })
    };
    let reason = "cursor must be the nextCursor of the page before.";
    parse().ok_or_else(|| Problem::invalid(reason))
}
