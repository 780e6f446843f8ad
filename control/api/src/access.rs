//! Who may do what: one table for all routes, looked up before any of them runs.

use std::sync::atomic::Ordering::Relaxed;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cluster::{Limit, Verdict};
use store::{Role, Stream};
use stream::control::StreamId;

use crate::Shared;
use crate::address::{client, counted};
use crate::caller::Caller;
use crate::problem::{Answer, Problem};
use crate::server::Peer;
use control::InForce;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody. A token is not even looked at, so that one that expired is in nobody's way.
    Anybody,
    /// Anybody who may know of the stream: a private one is not there for strangers.
    StreamViewer,
    /// Users of this role and above.
    Role(Role),
    /// The stream's owner and administrators.
    StreamOwner,
}

/// One route.
pub(crate) struct Rule {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    /// Whether its requests count against the limit of a user or address.
    pub(crate) counted: bool,
}

const fn rule(method: Method, path: &'static str, access: Access) -> Rule {
    Rule { method, path, access, counted: true }
}

const fn uncounted(path: &'static str) -> Rule {
    Rule { method: Method::GET, path, access: Access::Anybody, counted: false }
}

use Access::{Anybody, StreamOwner, StreamViewer};
const VIEWER: Access = Access::Role(Role::Viewer);
const STREAMER: Access = Access::Role(Role::Streamer);
const ADMIN: Access = Access::Role(Role::Admin);

/// Every route of the port. What is not here is refused.
pub(crate) const RULES: &[Rule] = &[
    uncounted("/health"),
    uncounted("/ready"),
    uncounted("/metrics"),
    uncounted("/api/openapi.json"),
    uncounted("/api/docs"),
    uncounted("/api/docs/{file}"),
    rule(Method::POST, "/api/auth/register", Anybody),
    rule(Method::POST, "/api/auth/login", Anybody),
    rule(Method::POST, "/api/auth/refresh", Anybody),
    rule(Method::POST, "/api/auth/logout", Anybody),
    rule(Method::GET, "/api/auth/me", VIEWER),
    rule(Method::PATCH, "/api/auth/me", VIEWER),
    rule(Method::GET, "/api/users", ADMIN),
    rule(Method::POST, "/api/users", ADMIN),
    rule(Method::GET, "/api/users/{userId}", ADMIN),
    rule(Method::PATCH, "/api/users/{userId}", ADMIN),
    rule(Method::DELETE, "/api/users/{userId}", ADMIN),
    rule(Method::GET, "/api/streams", STREAMER),
    rule(Method::POST, "/api/streams", STREAMER),
    rule(Method::GET, "/api/streams/live", Anybody),
    rule(Method::GET, "/api/streams/{id}", StreamViewer),
    rule(Method::PUT, "/api/streams/{id}", StreamOwner),
    rule(Method::DELETE, "/api/streams/{id}", StreamOwner),
    rule(Method::POST, "/api/streams/{id}/start", StreamOwner),
    rule(Method::POST, "/api/streams/{id}/stop", StreamOwner),
    rule(Method::GET, "/api/streams/{id}/key", StreamOwner),
    rule(Method::POST, "/api/streams/{id}/key", StreamOwner),
    rule(Method::GET, "/api/streams/{id}/sessions", StreamOwner),
    rule(Method::DELETE, "/api/streams/{id}/sessions/{sessionId}", StreamOwner),
    rule(Method::GET, "/api/streams/{id}/stats", StreamViewer),
    rule(Method::GET, "/api/streams/{id}/moderators", StreamOwner),
    rule(Method::POST, "/api/streams/{id}/moderators", StreamOwner),
    rule(Method::DELETE, "/api/streams/{id}/moderators/{userId}", StreamOwner),
];

/// The rule of a route.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Rule> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    RULES.iter().find(|rule| rule.path == path && rule.method == method)
}

/// Where the request really comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(pub(crate) std::net::IpAddr);

/// The stream of the path, which the caller may see or change as the route's rule says.
#[derive(Clone, Debug)]
pub(crate) struct Target(pub(crate) Stream);

/// Lets a request through to its route, with the caller, the address and the stream, or refuses it.
pub(crate) async fn check(
    State(shared): State<Shared>,
    path: Option<MatchedPath>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&shared, path.as_ref(), &params, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    shared: &Shared,
    path: Option<&MatchedPath>,
    params: &RawPathParams,
    request: &mut Request,
) -> Answer<()> {
    let path = path.map(MatchedPath::as_str).unwrap_or_default();
    let rule = match find(request.method(), path) {
        Some(rule) => rule,
        // Another method of the path: the route answers 405 itself.
        None if RULES.iter().any(|rule| rule.path == path) => return Ok(()),
        None => return Err(Problem::forbidden("This route has no rule.")),
    };
    let settings = shared.in_force();
    let peer = request.extensions().get::<Peer>().map_or_else(unknown, |peer| peer.0.ip());
    let address = client(peer, request.headers(), &settings.config.trusted_proxies);
    request.extensions_mut().insert(Client(address));
    let caller = match rule.access {
        Access::Anybody => None,
        _ => {
            let found = shared.callers.find(&shared.api.tokens, &settings, request.headers()).await;
            if found.is_err() && rule.counted {
                count(shared, &settings, &counted(address)).await?;
            }
            found?
        }
    };
    if rule.counted {
        let who =
            caller.as_ref().map_or_else(|| counted(address), |it| format!("user {}", it.user.id));
        count(shared, &settings, &who).await?;
    }
    let id = params.iter().find(|(name, _)| *name == "id").map(|(_, id)| id);
    if let Some(stream) = judge(shared, rule.access, caller.as_ref(), id).await? {
        request.extensions_mut().insert(Target(stream));
    }
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    Ok(())
}

/// Whether the caller may; the stream of the path, where the rule asks for one.
async fn judge(
    shared: &Shared,
    access: Access,
    caller: Option<&Caller>,
    id: Option<&str>,
) -> Answer<Option<Stream>> {
    let log_in = || Problem::unauthorized("Send a token: Authorization: Bearer TOKEN.");
    match access {
        Access::Anybody => Ok(None),
        Access::Role(role) => {
            let caller = caller.ok_or_else(log_in)?;
            let why = || Problem::forbidden(format!("Your role must be {role} or above."));
            if caller.user.role >= role { Ok(None) } else { Err(why()) }
        }
        Access::StreamViewer => {
            let stream = stream(shared, id).await?;
            if may_see(shared, caller, &stream).await? {
                Ok(Some(stream))
            } else {
                Err(no_stream())
            }
        }
        Access::StreamOwner => {
            let caller = caller.ok_or_else(log_in)?;
            let stream = stream(shared, id).await?;
            if owns(caller, &stream) {
                Ok(Some(stream))
            } else if may_see(shared, Some(caller), &stream).await? {
                Err(Problem::forbidden("Only the stream's owner and administrators may do this."))
            } else {
                Err(no_stream())
            }
        }
    }
}

/// Whether the caller is the stream's owner or an administrator.
pub(crate) fn owns(caller: &Caller, stream: &Stream) -> bool {
    caller.user.id == stream.owner_id || caller.user.role == Role::Admin
}

async fn may_see(shared: &Shared, caller: Option<&Caller>, stream: &Stream) -> Answer<bool> {
    if !stream.is_private {
        return Ok(true);
    }
    let Some(caller) = caller else { return Ok(false) };
    if owns(caller, stream) || caller.user.role >= Role::Moderator {
        return Ok(true);
    }
    let (id, user) = (stream.id.clone(), caller.user.id);
    Ok(shared.work.store(move |store| store.moderator(&id, user)).await?.is_some())
}

async fn stream(shared: &Shared, id: Option<&str>) -> Answer<Stream> {
    let id = id.and_then(StreamId::parse).ok_or_else(no_stream)?;
    shared.work.store(move |store| store.stream(id.as_str())).await
}

fn no_stream() -> Problem {
    Problem::missing("There is no such stream.")
}

async fn count(shared: &Shared, settings: &InForce, who: &str) -> Answer<()> {
    if settings.config.rate_limit_max_requests == 0 {
        return Ok(());
    }
    let limit = Limit {
        name: "api",
        burst: settings.config.rate_limit_max_requests,
        per: settings.config.rate_limit_window,
    };
    match shared.api.cluster.take(&limit, who).await {
        Verdict::Allowed { .. } => Ok(()),
        Verdict::Refused { retry_after } => {
            shared.counts.limited.fetch_add(1, Relaxed);
            let (most, seconds) = (
                settings.config.rate_limit_max_requests,
                settings.config.rate_limit_window.as_secs(),
            );
            let detail = format!("{most} requests in {seconds} s are allowed.");
            Err(Problem::too_many(detail, retry_after))
        }
    }
}

/// Without a connection, as in a test, the address is nobody's.
fn unknown() -> std::net::IpAddr {
    std::net::Ipv4Addr::UNSPECIFIED.into()
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        parts.extensions.get::<Self>().copied().ok_or_else(Problem::internal)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::internal)
    }
}
