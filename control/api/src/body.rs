//! Reading a request's body and query so that what is wrong is told with its place.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::MAX_BODY;
use crate::problem::Problem;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(15);

/// A JSON body of a type.
pub(crate) struct Body<T>(pub(crate) T);

/// The body's bytes as they came.
pub(crate) struct Content(pub(crate) Vec<u8>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Content(bytes) = Content::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let detail = "Send the body as JSON, with Content-Type: application/json.";
            return Err(Problem::new(status, "not-json", "The body must be JSON", detail));
        }
        let body = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), MAX_BODY));
        match body.await {
            Ok(Ok(bytes)) => Ok(Self(bytes.to_vec())),
            Ok(Err(_)) => {
                let detail = format!("The body must be whole and at most {MAX_BODY} bytes long.");
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                Err(Problem::new(status, "body-too-large", "The body is too large", detail))
            }
            Err(_) => {
                let detail = format!("The body did not come within {} s.", PATIENCE.as_secs());
                let status = StatusCode::REQUEST_TIMEOUT;
                Err(Problem::new(status, "body-too-slow", "The body came too slowly", detail))
            }
        }
    }
}

/// Reads JSON; an error tells the place by a JSON Pointer.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(&error);
        let error = error.into_inner();
        match error.classify() {
            Category::Data => Problem::invalid_at(pointer, detail(&error)),
            _ => broken(&error),
        }
    })?;
    json.end().map_err(|error| broken(&error))?;
    Ok(value)
}

fn broken(error: &serde_json::Error) -> Problem {
    let status = StatusCode::BAD_REQUEST;
    let detail = format!("The body is not valid JSON: {error}.");
    Problem::new(status, "broken-json", "The body is not valid JSON", detail)
}

/// Without the line and column, which the pointer makes needless.
fn detail(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}

fn pointer(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in error.path() {
        let segment = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&segment);
    }
    let text = error.inner().to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = missing {
        pointer.push('/');
        pointer.push_str(field);
    }
    pointer
}

/// `application/json`, or a type that ends in `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The query as a type; unknown names are ignored.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let told = |error: axum::extract::rejection::QueryRejection| {
            Problem::invalid(format!("The query cannot be read: {}.", error.body_text()))
        };
        query.map(|Query(query)| Self(query)).map_err(told)
    }
}

/// The path's parameters as a type; what does not fit names nothing that exists.
pub(crate) struct Named<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path)).map_err(|_| Problem::missing("There is no such thing."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        #[allow(dead_code, reason = "only whether it can be read matters")]
        max_viewers: u32,
        #[allow(dead_code, reason = "only whether it can be read matters")]
        tags: Vec<String>,
    }

    fn told(json: &str) -> String {
        format!("{:?}", parse::<Sample>(json.as_bytes()).unwrap_err())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(told(r#"{"maxViewers":1,"tags":["a",2]}"#).contains("/tags/1: invalid type"));
        assert!(told(r#"{"tags":[]}"#).contains("/maxViewers: missing field"));
        assert!(told(r#"{"maxViewers":-1,"tags":[]}"#).contains("/maxViewers: invalid value"));
        assert!(told("{").contains("not valid JSON"));
        assert!(told(r#"{"maxViewers":1,"tags":[]} x"#).contains("not valid JSON"));
    }

    #[test]
    fn deep_json_ends_in_an_error() {
        let deep = format!("{{\"tags\":{}", "[".repeat(30_000));
        assert!(told(&deep).contains("Problem"));
    }
}
