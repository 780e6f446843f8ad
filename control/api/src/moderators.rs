//! Who moderates a stream.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Moderator, ModeratorRights, UtcTime};
use tracing::info;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::access::Target;
use crate::body::{Body, Named};
use crate::caller::Caller;
use crate::problem::{Answer, Problem};

const AUDIT: &str = "audit";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, appoint)).routes(routes!(dismiss))
}

/// A moderator of a stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ModeratorView {
    /// The user's number.
    user_id: i64,
    /// The user's name.
    name: String,
    /// May delete messages.
    can_delete_messages: bool,
    /// May silence users for a time.
    can_timeout_users: bool,
    /// May ban users.
    can_ban_users: bool,
    /// May change the chat's settings.
    can_manage_stream: bool,
    /// The number of who appointed the user.
    assigned_by: Option<i64>,
    /// Since when.
    #[schema(value_type = Option<String>)]
    created_at: Option<UtcTime>,
}

/// A stream's moderators.
#[derive(Serialize, ToSchema)]
struct ModeratorList {
    /// All of them, in the order of their numbers.
    items: Vec<ModeratorView>,
}

/// A moderator to appoint: a user by number or email, and what the user may do.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewModerator {
    /// The user's number.
    #[serde(default, alias = "user_id", deserialize_with = "crate::body::whole")]
    user_id: Option<i64>,
    /// The user's email, in place of the number.
    email: Option<String>,
    /// May delete messages; true if nothing is said.
    #[serde(alias = "can_delete_messages")]
    can_delete_messages: Option<bool>,
    /// May silence users for a time; true if nothing is said.
    #[serde(alias = "can_timeout_users")]
    can_timeout_users: Option<bool>,
    /// May ban users; false if nothing is said.
    #[serde(alias = "can_ban_users")]
    can_ban_users: Option<bool>,
    /// May change the chat's settings; false if nothing is said.
    #[serde(alias = "can_manage_stream")]
    can_manage_stream: Option<bool>,
}

/// List moderators
#[utoipa::path(get, path = "/api/streams/{id}/moderators", operation_id = "listModerators", tag = "moderators",
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 200, description = "The stream's moderators", body = ModeratorList)))]
async fn list(State(shared): State<Shared>, Target(stream): Target) -> Answer<Json<ModeratorList>> {
    let moderators = shared.work.store(move |store| store.moderators(&stream.id)).await?;
    Ok(Json(ModeratorList { items: moderators.into_iter().map(view).collect() }))
}

/// Appoint a moderator
///
/// For one who is a moderator already, it changes the rights.
#[utoipa::path(post, path = "/api/streams/{id}/moderators", operation_id = "appointModerator", tag = "moderators", request_body = NewModerator,
    params(("id" = String, Path, description = "The stream's id", max_length = 36)),
    responses((status = 201, description = "The moderator", body = ModeratorView)))]
async fn appoint(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
    Body(given): Body<NewModerator>,
) -> Answer<(StatusCode, Json<ModeratorView>)> {
    let usual = ModeratorRights::default();
    let rights = ModeratorRights {
        delete_messages: given.can_delete_messages.unwrap_or(usual.delete_messages),
        timeout_users: given.can_timeout_users.unwrap_or(usual.timeout_users),
        ban_users: given.can_ban_users.unwrap_or(usual.ban_users),
        manage_stream: given.can_manage_stream.unwrap_or(usual.manage_stream),
    };
    if given.user_id.is_none() && given.email.is_none() {
        return Err(Problem::invalid_at("/userId", "must be given, or email in its place"));
    }
    let (id, by) = (stream.id.clone(), caller.user.id);
    let appoint = move |store: &store::Store| {
        let user = match (given.user_id, &given.email) {
            (None, Some(email)) => store.user(email)?.id,
            (number, _) => number.unwrap_or_default(),
        };
        store.set_moderator(&id, user, rights, by)
    };
    let moderator = shared.work.store(appoint).await?;
    info!(target: AUDIT, by, stream = stream.id, user = moderator.user_id, "moderator appointed");
    Ok((StatusCode::CREATED, Json(view(moderator))))
}

/// Dismiss a moderator
#[utoipa::path(delete, path = "/api/streams/{id}/moderators/{userId}", operation_id = "dismissModerator", tag = "moderators",
    params(("id" = String, Path, description = "The stream's id", max_length = 36),
        ("userId" = i64, Path, description = "The moderator's number")),
    responses((status = 204, description = "Dismissed")))]
async fn dismiss(
    State(shared): State<Shared>,
    caller: Caller,
    Target(stream): Target,
    Named((_, user)): Named<(String, i64)>,
) -> Answer<StatusCode> {
    let id = stream.id.clone();
    if !shared.work.store(move |store| store.remove_moderator(&id, user)).await? {
        return Err(Problem::missing("The user is no moderator of this stream."));
    }
    info!(target: AUDIT, by = caller.user.id, stream = stream.id, user, "moderator dismissed");
    Ok(StatusCode::NO_CONTENT)
}

fn view(moderator: Moderator) -> ModeratorView {
    ModeratorView {
        user_id: moderator.user_id,
        name: moderator.name,
        can_delete_messages: moderator.rights.delete_messages,
        can_timeout_users: moderator.rights.timeout_users,
        can_ban_users: moderator.rights.ban_users,
        can_manage_stream: moderator.rights.manage_stream,
        assigned_by: moderator.assigned_by,
        created_at: moderator.created_at,
    }
}
