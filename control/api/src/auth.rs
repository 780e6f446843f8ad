//! Log-ins: who registers, logs in, goes on and logs out.

use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use cluster::Event;
use control::admin::UserView;
use control::now;
use serde::{Deserialize, Serialize};
use store::{NewUser, Refreshed, Role, Secret, User, UserChange};
use tracing::{info, warn};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::access::Client;
use crate::body::{Body, OptionalBody};
use crate::caller::Caller;
use crate::problem::{Answer, Problem};
use control::InForce;

const AUDIT: &str = "audit";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(me, change_me))
}

/// Who registers.
#[derive(Deserialize, ToSchema)]
struct Registration {
    /// The email, by which the user logs in.
    #[schema(min_length = 3, max_length = 255, example = "ann@example.org")]
    email: String,
    /// The password.
    #[schema(value_type = String, min_length = 8, max_length = 256, format = Password)]
    password: Secret,
    /// What others see; without it, the part of the email before the `@`.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
struct Credentials {
    /// The email.
    #[schema(example = "ann@example.org")]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// A token to go on with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefreshToken {
    /// The newest refresh token of the log-in.
    #[serde(alias = "refresh_token")]
    #[schema(value_type = String)]
    refresh_token: Secret,
}

/// What ends.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
struct LogOut {
    /// A refresh token of the log-in that ends; without it, the one of the `Authorization` header.
    #[serde(alias = "refresh_token")]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<Secret>,
}

/// What a user changes of the own account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OwnChange {
    /// What others see.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// The new password, with `currentPassword`. It ends every log-in, this one too.
    #[schema(value_type = Option<String>, min_length = 8, max_length = 256, format = Password)]
    password: Option<Secret>,
    /// The password that holds until now.
    #[serde(alias = "current_password")]
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Secret>,
}

/// A log-in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LoggedIn {
    /// The access token, for `Authorization: Bearer TOKEN`.
    #[schema(value_type = String)]
    token: Secret,
    /// Replaces itself and the access token at `/api/auth/refresh`. It works once.
    #[schema(value_type = String)]
    refresh_token: Secret,
    /// How long the access token holds, in seconds.
    expires_in: u64,
    /// Always `Bearer`.
    token_type: &'static str,
    /// The user.
    user: UserView,
}

/// Register
///
/// Adds a user with the role that REGISTRATION names and logs in.
#[utoipa::path(post, path = "/api/auth/register", operation_id = "register", tag = "auth", request_body = Registration,
    responses((status = 201, description = "Registered and logged in", body = LoggedIn)))]
async fn register(
    State(shared): State<Shared>,
    Client(address): Client,
    Body(new): Body<Registration>,
) -> Answer<(StatusCode, Json<LoggedIn>)> {
    let settings = shared.in_force();
    let closed =
        || Problem::forbidden("Registration is closed: ask an administrator for an account.");
    let role = match settings.config.registration {
        config::Registration::Streamer => Role::Streamer,
        config::Registration::Viewer => Role::Viewer,
        config::Registration::Closed => return Err(closed()),
    };
    shared.attempts.register(address).await?;
    let user = NewUser { email: new.email, name: new.name, role };
    let add = move |store: &store::Store| store.add_user(&user, Some(&new.password));
    let (user, _) = shared.work.hash(add).await?;
    info!(target: AUDIT, user = user.id, %address, "registered");
    Ok((StatusCode::CREATED, Json(open(&shared, &settings, user).await?)))
}

/// Log in
#[utoipa::path(post, path = "/api/auth/login", operation_id = "logIn", tag = "auth", request_body = Credentials,
    responses((status = 200, description = "Logged in", body = LoggedIn)))]
async fn login(
    State(shared): State<Shared>,
    Client(address): Client,
    Body(given): Body<Credentials>,
) -> Answer<Json<LoggedIn>> {
    let blocked = shared.attempts.check(&given.email, address).await;
    blocked.inspect_err(|_| {
        shared.counts.blocked_logins.fetch_add(1, Relaxed);
    })?;
    let (email, password) = (given.email.clone(), given.password);
    let found = shared.work.hash(move |store| store.log_in(&email, &password, now())).await?;
    let Some(user) = found else {
        shared.attempts.failed(&given.email, address).await;
        shared.counts.refused_logins.fetch_add(1, Relaxed);
        info!(target: AUDIT, %address, "log-in refused");
        return Err(Problem::unauthorized("The email and the password do not fit each other."));
    };
    info!(target: AUDIT, user = user.id, %address, "logged in");
    Ok(Json(open(&shared, &shared.in_force(), user).await?))
}

/// Go on with a log-in
///
/// Replaces both tokens. A refresh token that was used before ends the log-in, as somebody else must have it too.
#[utoipa::path(post, path = "/api/auth/refresh", operation_id = "refreshLogIn", tag = "auth", request_body = RefreshToken,
    responses((status = 200, description = "New tokens", body = LoggedIn)))]
async fn refresh(
    State(shared): State<Shared>,
    Client(address): Client,
    Body(given): Body<RefreshToken>,
) -> Answer<Json<LoggedIn>> {
    let settings = shared.in_force();
    let lifetime = settings.config.jwt_expires_in.as_secs() as i64;
    let renew = move |store: &store::Store| {
        store.refresh_login(given.refresh_token.expose(), now(), lifetime)
    };
    match shared.work.store(renew).await? {
        Refreshed::Renewed { login, user } => Ok(Json(logged_in(&shared, &settings, user, login)?)),
        Refreshed::Reused { login, user } => {
            warn!(target: AUDIT, user, login, %address, "a refresh token was used twice: its log-in is over");
            ended(&shared, login);
            let detail = "The refresh token was used before, so its log-in is over: log in again.";
            Err(Problem::unauthorized(detail))
        }
        Refreshed::Refused => {
            Err(Problem::unauthorized("The refresh token belongs to no log-in: log in again."))
        }
    }
}

/// Log out
///
/// Ends the log-in of the refresh token, of the access token, or both. Says nothing about whether there was one.
#[utoipa::path(post, path = "/api/auth/logout", operation_id = "logOut", tag = "auth", request_body = Option<LogOut>,
    responses((status = 204, description = "Logged out")))]
async fn logout(
    State(shared): State<Shared>,
    headers: HeaderMap,
    OptionalBody(given): OptionalBody<LogOut>,
) -> Answer<StatusCode> {
    let given = given.unwrap_or_default();
    let found = shared.callers.find(&shared.api.tokens, &shared.in_force(), &headers).await;
    let own = found.ok().flatten().and_then(|caller| caller.login);
    let end = move |store: &store::Store| {
        let token = given.refresh_token.as_ref();
        let named = token.map(|token| store.end_login_by_token(token.expose())).transpose()?;
        if let Some(login) = &own {
            store.end_login(login)?;
        }
        Ok([named.flatten(), own])
    };
    for login in shared.work.store(end).await?.into_iter().flatten() {
        info!(target: AUDIT, login, "logged out");
        ended(&shared, login);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Who I am
#[utoipa::path(get, path = "/api/auth/me", operation_id = "getMe", tag = "auth",
    responses((status = 200, description = "The user of the token", body = UserView)))]
async fn me(caller: Caller) -> Json<UserView> {
    Json(UserView::new(caller.user, None))
}

/// Change my name or password
#[utoipa::path(patch, path = "/api/auth/me", operation_id = "changeMe", tag = "auth", request_body = OwnChange,
    responses((status = 200, description = "The changed user", body = UserView)))]
async fn change_me(
    State(shared): State<Shared>,
    caller: Caller,
    Client(address): Client,
    Body(given): Body<OwnChange>,
) -> Answer<Json<UserView>> {
    let id = caller.user.id;
    if given.password.is_some() {
        shared.attempts.check(&caller.user.email, address).await?;
        let missing =
            || Problem::invalid_at("/currentPassword", "must be given with a new password");
        let current = given.current_password.ok_or_else(missing)?;
        if !shared.work.hash(move |store| store.is_password(id, &current)).await? {
            shared.attempts.failed(&caller.user.email, address).await;
            return Err(Problem::invalid_at("/currentPassword", "is not the password that holds"));
        }
    }
    let with_password = given.password.is_some();
    let change = UserChange { name: given.name, password: given.password, ..UserChange::default() };
    let apply = move |store: &store::Store| store.change_user(id, &change, now());
    let changed = shared.work.change(with_password, apply).await?;
    crate::users::changed(&shared, id);
    Ok(Json(UserView::new(changed.user, None)))
}

async fn open(shared: &Shared, settings: &InForce, user: User) -> Answer<LoggedIn> {
    let (id, lifetime) = (user.id, settings.config.jwt_expires_in.as_secs() as i64);
    let login = shared.work.store(move |store| store.open_login(id, now(), lifetime)).await?;
    logged_in(shared, settings, user, login)
}

fn logged_in(
    shared: &Shared,
    settings: &InForce,
    user: User,
    login: store::Login,
) -> Answer<LoggedIn> {
    let made = shared.api.tokens.make(settings, &user, &login.id, now());
    let (token, lifetime) = made.ok_or_else(Problem::internal)?;
    Ok(LoggedIn {
        token,
        refresh_token: login.refresh_token,
        expires_in: lifetime.as_secs(),
        token_type: "Bearer",
        user: UserView::new(user, None),
    })
}

/// A log-in is over: here at once, and on every node.
fn ended(shared: &Shared, login: String) {
    shared.callers.forget();
    shared.api.cluster.tell(Event::LoginRevoked { login });
}
