//! Users, for administrators.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cluster::Event;
use control::admin::UserView;
use control::now;
use serde::{Deserialize, Serialize};
use store::{NewUser, Role, Secret, UserChange, UserFilter};
use stream::control::StopReason;
use tracing::info;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::body::{Asked, Body, Content, Named, at_most};
use crate::caller::Caller;
use crate::once;
use crate::page::{Page, next};
use crate::problem::{Answer, Problem};

const AUDIT: &str = "audit";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(read, change, remove))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// A part of the email or the name.
    #[param(max_length = 255)]
    q: Option<String>,
    /// The role.
    #[param(pattern = "^(viewer|streamer|moderator|admin)$", example = "streamer")]
    role: Option<String>,
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// The `nextCursor` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// A page of users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserPage {
    /// The users in the order of their numbers.
    items: Vec<UserView>,
    /// What `cursor` to ask for the next page with; null on the last one.
    next_cursor: Option<String>,
}

/// A user to add.
#[derive(Deserialize, ToSchema)]
struct NewUserBody {
    /// The email, by which the user logs in.
    #[schema(min_length = 3, max_length = 255)]
    email: String,
    /// What others see.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// The role; streamer if it is not given.
    #[schema(value_type = Option<String>, pattern = "^(viewer|streamer|moderator|admin)$", example = "streamer")]
    role: Option<Role>,
    /// Without one, a password is made and stands in the answer, this once.
    #[schema(value_type = Option<String>, min_length = 8, max_length = 256, format = Password)]
    password: Option<Secret>,
}

/// What is to be different about a user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserChangeBody {
    /// What others see.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// The role.
    #[schema(value_type = Option<String>, pattern = "^(viewer|streamer|moderator|admin)$", example = "moderator")]
    role: Option<Role>,
    /// False locks the user out and cuts the user's streams.
    #[serde(alias = "is_active")]
    is_active: Option<bool>,
    /// A new password; it ends every log-in of the user.
    #[schema(value_type = Option<String>, min_length = 8, max_length = 256, format = Password)]
    password: Option<Secret>,
}

/// List users
#[utoipa::path(get, path = "/api/users", operation_id = "listUsers", tag = "users", params(Filter),
    responses((status = 200, description = "A page of users", body = UserPage)))]
async fn list(State(shared): State<Shared>, Asked(asked): Asked<Filter>) -> Answer<Json<UserPage>> {
    let unknown = || Problem::invalid("role must be viewer, streamer, moderator or admin.");
    let parse = |role: &str| Role::parse(role).ok_or_else(unknown);
    let role = asked.role.as_deref().map(parse).transpose()?;
    let search = at_most("q", asked.q, store::MAX_TITLE_CHARS)?;
    let filter = UserFilter { search, role };
    let page = Page::new(asked.limit, asked.cursor);
    let (limit, after) = (page.limit()?, page.after_number()?);
    let read = move |store: &store::Store| store.users_page(&filter, limit + 1, after);
    let mut users = shared.work.store(read).await?;
    let next_cursor = next(&mut users, limit, |user| user.id.to_string());
    let items = users.into_iter().map(|user| UserView::new(user, None)).collect();
    Ok(Json(UserPage { items, next_cursor }))
}

/// Add a user
///
/// With an `Idempotency-Key`, a repeated request gets the user whom the first one made, but no password.
#[utoipa::path(post, path = "/api/users", operation_id = "addUser", tag = "users", request_body = NewUserBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it is done once",
        min_length = 1, max_length = 128, pattern = "^[!-~]([ -~]*[!-~])?$")),
    responses((status = 201, description = "The new user", body = UserView)))]
async fn add(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Content(body): Content,
) -> Answer<Response> {
    let given: NewUserBody = crate::body::parse(&body)?;
    let request = once::request(&headers, &body)?;
    let role = given.role.unwrap_or(Role::Streamer);
    let new = NewUser { email: given.email, name: given.name, role };
    let by = caller.user.id;
    let add = move |store: &store::Store| {
        store.create_user(by, &new, given.password.as_ref(), request.as_ref(), now())
    };
    let made = shared.work.hash(add).await?;
    let (user, repeated) = (made.user, made.repeated);
    info!(target: AUDIT, by, user = user.id, %role, repeated, "user added");
    let view = Json(UserView::new(user, made.password));
    let mut response = (StatusCode::CREATED, view).into_response();
    if repeated {
        once::mark_replayed(&mut response);
    }
    Ok(response)
}

/// Read a user
#[utoipa::path(get, path = "/api/users/{userId}", operation_id = "getUser", tag = "users",
    params(("userId" = i64, Path, description = "The user's number")),
    responses((status = 200, description = "The user", body = UserView)))]
async fn read(State(shared): State<Shared>, Named(id): Named<i64>) -> Answer<Json<UserView>> {
    let user = shared.work.store(move |store| store.user_by_id(id)).await?;
    Ok(Json(UserView::new(user, None)))
}

/// Change a user
#[utoipa::path(patch, path = "/api/users/{userId}", operation_id = "changeUser", tag = "users", request_body = UserChangeBody,
    params(("userId" = i64, Path, description = "The user's number")),
    responses((status = 200, description = "The changed user", body = UserView)))]
async fn change(
    State(shared): State<Shared>,
    caller: Caller,
    Named(id): Named<i64>,
    Body(given): Body<UserChangeBody>,
) -> Answer<Json<UserView>> {
    let (role, is_active) = (given.role, given.is_active);
    let change = UserChange { name: given.name, role, is_active, password: given.password };
    let with_password = change.password.is_some();
    let authority = shared.api.authority.clone();
    let apply = move |_: &store::Store| {
        authority.revoke(
            StopReason::Disabled,
            |store| store.change_user(id, &change, now()),
            |changed| changed.silenced.clone(),
        )
    };
    let done = shared.work.change(with_password, apply).await?;
    changed(&shared, id);
    info!(target: AUDIT, by = caller.user.id, user = id, ?role, ?is_active, with_password, "user changed");
    Ok(Json(UserView::new(done.user, None)))
}

/// Remove a user
///
/// The user's streams are removed too.
#[utoipa::path(delete, path = "/api/users/{userId}", operation_id = "removeUser", tag = "users",
    params(("userId" = i64, Path, description = "The user's number")),
    responses((status = 204, description = "Removed")))]
async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Named(id): Named<i64>,
) -> Answer<StatusCode> {
    let authority = shared.api.authority.clone();
    let apply = move |_: &store::Store| {
        authority.revoke(
            StopReason::Removed,
            |store| store.remove_user_by_id(id),
            |removed| removed.streams.clone(),
        )
    };
    shared.work.store(apply).await?;
    changed(&shared, id);
    info!(target: AUDIT, by = caller.user.id, user = id, "user removed");
    Ok(StatusCode::NO_CONTENT)
}

/// A user's rights changed: here at once, and on every node.
pub(crate) fn changed(shared: &Shared, user: i64) {
    shared.callers.forget();
    shared.api.cluster.tell(Event::UserChanged { user });
}
