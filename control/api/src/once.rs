//! Requests that are done once, however often they come: `Idempotency-Key`.

use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use store::Idempotency;

use crate::problem::{Answer, Problem};

const KEY: &str = "idempotency-key";
/// Tells that the request had been done before.
const REPLAYED: &str = "idempotency-replayed";

/// The request's key with its content, if it has one.
pub(crate) fn request(headers: &HeaderMap, body: &[u8]) -> Answer<Option<Idempotency>> {
    let Some(key) = headers.get(KEY) else { return Ok(None) };
    let why = || {
        let most = store::MAX_IDEMPOTENCY_KEY;
        Problem::invalid(format!("Idempotency-Key must have 1 to {most} ASCII characters."))
    };
    let content = String::from_utf8_lossy(body);
    let request = key.to_str().ok().and_then(|key| Idempotency::new(key, &content));
    request.map(Some).ok_or_else(why)
}

/// Tells the client that nothing was done anew.
pub(crate) fn mark_replayed(response: &mut Response) {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
}
