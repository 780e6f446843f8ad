//! Every request has an id, which its answer and the log carry.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{debug, error};
use uuid::Uuid;

use crate::Shared;
use crate::problem::{self, Problem};

const HEADER: &str = "x-request-id";
/// The longest id that is taken from a client or a proxy.
const MAX: usize = 64;

/// Gives the request its id, writes problems, and answers for a handler that panicked.
pub(crate) async fn add(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|id| id.to_str().ok());
    let id = match given.filter(|id| is_sane(id)) {
        Some(id) => id.to_owned(),
        None => Uuid::now_v7().to_string(),
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = Instant::now();
    // A task of its own: a panic ends that, and is told by the hook.
    let response = match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            error!(target: "api", %method, path, id, "a handler failed");
            Problem::internal().into_response()
        }
    };
    let mut response = problem::write(response, &id);
    shared.counts.answered(response.status().as_u16());
    let millis = started.elapsed().as_millis() as u64;
    debug!(target: "api", %method, path, id, status = response.status().as_u16(), millis, "answered");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

fn is_sane(id: &str) -> bool {
    (1..=MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
