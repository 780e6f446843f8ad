use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cluster::Link;
use serde::Serialize;

use control::{Phase, ShardHealth, now};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;

/// A shard that has not come round for this long is late: media stutter.
const LATE: Duration = Duration::from_secs(2);
/// A shard that has not come round for this long is dead.
const DEAD: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(ready))
}

/// How the server is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServerHealth)]
struct Health {
    status: Status,
    timestamp: String,
    version: &'static str,
    uptime_seconds: u64,
    runtime: &'static str,
    shards: usize,
    configuration: Configuration,
    services: Services,
}

/// Whether new connections should be sent here.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`, `starting`, `draining` or `full`.
    status: &'static str,
}

/// Whether the last reading of the configuration is in force; with `refused` the one before is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Configuration {
    Current,
    Refused,
}

#[derive(Serialize, ToSchema)]
struct Services {
    database: Service,
    redis: Service,
    storage: Service,
    media: Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Healthy,
    Degraded,
    Unhealthy,
}

/// `late` is a service that answers, but not in time; `off` is one that is not configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Service {
    Up,
    Late,
    Down,
    Off,
}

/// Health
///
/// 200 while media flow, with the status that tells what is away; 503 only when a shard is dead.
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "operation",
    responses((status = 200, description = "Media flow", body = Health),
        (status = 503, description = "A shard is dead", body = Health)))]
async fn health(State(shared): State<Shared>) -> Response {
    let api = &shared.api;
    let shards = api.probe.shards();
    let services = Services {
        database: up(api.vitals.database()),
        redis: redis(api.cluster.link()),
        storage: up(api.vitals.storage()),
        media: media(&shards),
    };
    let status = services.status();
    let code = match status {
        Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
        Status::Healthy | Status::Degraded => StatusCode::OK,
    };
    let health = Health {
        status,
        timestamp: now().to_string(),
        version: api.version,
        uptime_seconds: api.started.elapsed().as_secs(),
        runtime: api.probe.runtime().as_str(),
        shards: shards.len(),
        configuration: if api.current.reloads().failed() {
            Configuration::Refused
        } else {
            Configuration::Current
        },
        services,
    };
    (code, Json(health)).into_response()
}

/// Readiness
///
/// Whether new connections should be sent here: 503 while starting, draining or full.
#[utoipa::path(get, path = "/ready", operation_id = "getReadiness", tag = "operation",
    responses((status = 200, description = "Send connections here", body = Readiness),
        (status = 503, description = "Starting, draining or full", body = Readiness)))]
async fn ready(State(shared): State<Shared>) -> Response {
    let shards = shared.api.probe.shards();
    let takes = |shard: &ShardHealth| shard.running && !shard.full;
    let (code, status) = match shared.api.lifecycle.phase() {
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        Phase::Ready if shards.iter().any(takes) => (StatusCode::OK, "ready"),
        Phase::Ready => (StatusCode::SERVICE_UNAVAILABLE, "full"),
    };
    let mut response = (code, Json(Readiness { status })).into_response();
    if code != StatusCode::OK {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

impl Services {
    fn status(&self) -> Status {
        let others = [self.database, self.redis, self.storage];
        match self.media {
            Service::Down => Status::Unhealthy,
            Service::Late => Status::Degraded,
            _ if others.contains(&Service::Down) => Status::Degraded,
            _ => Status::Healthy,
        }
    }
}

fn redis(link: Link) -> Service {
    match link {
        Link::Off => Service::Off,
        Link::Up => Service::Up,
        Link::Down => Service::Down,
    }
}

fn up(there: bool) -> Service {
    if there { Service::Up } else { Service::Down }
}

/// The media plane is as well as its worst shard.
fn media(shards: &[ShardHealth]) -> Service {
    let dead = |shard: &ShardHealth| !shard.running || shard.heartbeat_age > DEAD;
    if shards.iter().any(dead) {
        Service::Down
    } else if shards.iter().any(|shard| shard.heartbeat_age > LATE) {
        Service::Late
    } else {
        Service::Up
    }
}
