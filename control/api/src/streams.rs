//! Streams: their owners add, change, start, stop and remove them, and see their keys.

mod given;
mod key;
mod lifecycle;
mod sessions;
mod stats;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cluster::Event;
use control::admin::StreamView;
use control::now;
use serde::Serialize;
use store::{Status, Stream, UtcTime};
use stream::control::{StopReason, StreamId};
use tracing::info;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::access::{Target, owns};
use crate::body::{Asked, Body, Content};
use crate::caller::{Caller, Somebody};
use crate::once;
use crate::page::{Page, next, stream_cursor};
use crate::problem::Answer;
use given::{NewStream, StreamChange};

const AUDIT: &str = "audit";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, change, remove))
        .merge(lifecycle::routes())
        .merge(key::routes())
        .merge(sessions::routes())
        .merge(stats::routes())
}

/// A page of streams.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StreamPage {
    /// The streams, newest first.
    items: Vec<StreamView>,
    /// What `cursor` to ask for the next page with; null on the last one.
    next_cursor: Option<String>,
}

/// List my streams
#[utoipa::path(get, path = "/api/streams", operation_id = "listStreams", tag = "streams", params(Page),
    responses((status = 200, description = "A page of the caller's streams", body = StreamPage)))]
async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Asked(page): Asked<Page>,
) -> Answer<Json<StreamPage>> {
    let (limit, after) = (page.limit()?, page.after_stream()?);
    let read =
        move |store: &store::Store| store.streams_of(caller.user.id, limit + 1, after.as_ref());
    let mut streams = shared.work.store(read).await?;
    let next_cursor = next(&mut streams, limit, |stream| {
        stream_cursor(stream.created_at.unwrap_or(UtcTime::from_unix(0)), &stream.id)
    });
    let items = streams.into_iter().map(|stream| for_owner(&shared, stream)).collect();
    Ok(Json(StreamPage { items, next_cursor }))
}

/// Add a stream
///
/// The answer carries the stream key, this once; `GET /api/streams/{id}/key` shows it again. With an
/// `Idempotency-Key`, a repeated request gets the stream that the first one made.
#[utoipa::path(post, path = "/api/streams", operation_id = "addStream", tag = "streams", request_body = NewStream,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it is done once",
        min_length = 1, max_length = 128, pattern = "^[!-~]([ -~]*[!-~])?$")),
    responses((status = 201, description = "The new stream with its key", body = StreamView,
        headers(("Location" = String, description = "Where the stream is read")))))]
async fn create(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Content(body): Content,
) -> Answer<Response> {
    let given: NewStream = crate::body::parse(&body)?;
    let request = once::request(&headers, &body)?;
    let fields = given.fields(&shared.in_force());
    let owner = caller.user.id;
    let create =
        move |store: &store::Store| store.create_stream(owner, &fields, request.as_ref(), now());
    let made = shared.work.store(create).await?;
    let (stream, key) = (made.new.stream, made.new.key);
    info!(target: AUDIT, by = owner, stream = stream.id, repeated = made.repeated, "stream added");
    let place = HeaderValue::from_str(&format!("/api/streams/{}", stream.id));
    let view = StreamView::new(stream, Some(key), &shared.in_force().links);
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    response.headers_mut().extend(place.ok().map(|place| (header::LOCATION, place)));
    if made.repeated {
        once::mark_replayed(&mut response);
    }
    Ok(response)
}

/// Read a stream
///
/// Owners and administrators see all of it, others what viewers may know.
#[utoipa::path(get, path = "/api/streams/{id}", operation_id = "getStream", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The stream", body = StreamView)))]
async fn read(
    State(shared): State<Shared>,
    Somebody(caller): Somebody,
    Target(stream): Target,
) -> Json<StreamView> {
    let all = caller.is_some_and(|caller| owns(&caller, &stream));
    let view = for_owner(&shared, stream);
    Json(if all { view } else { view.for_viewers() })
}

/// Change a stream
///
/// Fields that are not given stay as they are. `status: "cancelled"` calls the stream off.
#[utoipa::path(put, path = "/api/streams/{id}", operation_id = "changeStream", tag = "streams", request_body = StreamChange,
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The changed stream", body = StreamView)))]
async fn change(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
    Body(given): Body<StreamChange>,
) -> Answer<Json<StreamView>> {
    let cancelled = given.is_cancelled()?;
    let fields = given.fields();
    let id = stream.id.clone();
    let (authority, viewers) = (shared.api.authority.clone(), fields.max_viewers);
    let apply = move |store: &store::Store| {
        let changed = store.change_stream(&id, &fields)?;
        // A number that was taken lies within the limits of the field.
        if let (Some(viewers), Some(id)) = (viewers, StreamId::parse(&id)) {
            authority.limit(&id, u32::try_from(viewers).unwrap_or_default());
        }
        Ok(changed)
    };
    let mut changed = shared.work.store(apply).await?;
    if cancelled && changed.status != Status::Cancelled {
        changed = lifecycle::stop_stream(&shared, &stream.id, true).await?;
    }
    info!(target: AUDIT, by = caller.user.id, stream = stream.id, "stream changed");
    shared.api.cluster.tell(Event::StreamChanged { stream: stream.id });
    Ok(Json(for_owner(&shared, changed)))
}

/// Remove a stream
///
/// Its publisher is cut; its sessions, chat and recordings' rows go with it.
#[utoipa::path(delete, path = "/api/streams/{id}", operation_id = "removeStream", tag = "streams",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 204, description = "Removed")))]
async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
) -> Answer<StatusCode> {
    let id = stream.id;
    revoke(&shared, &id, StopReason::Removed, store::Store::remove_stream).await?;
    info!(target: AUDIT, by = caller.user.id, stream = id, "stream removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the stream in a way that ends its publisher's right.
async fn revoke<T: Send + 'static>(
    shared: &Shared,
    id: &str,
    reason: StopReason,
    change: impl Fn(&store::Store, &str) -> store::Result<T> + Send + 'static,
) -> Answer<T> {
    let (authority, id) = (shared.api.authority.clone(), id.to_owned());
    let work = move |_: &store::Store| {
        authority.revoke(reason, |store| change(store, &id), |_| vec![id.clone()])
    };
    shared.work.store(work).await
}

fn for_owner(shared: &Shared, stream: Stream) -> StreamView {
    StreamView::new(stream, None, &shared.in_force().links)
}
