//! Reading a request's body and query so that what is wrong is told with its place.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::MAX_BODY;
use crate::problem::Problem;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(15);

/// A JSON body of a type.
pub(crate) struct Body<T>(pub(crate) T);

/// A JSON body of a type, an empty one, or `null`.
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

/// The body's bytes as they came.
pub(crate) struct Content(pub(crate) Vec<u8>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Content(bytes) = Content::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = read(request).await?;
        match bytes.is_empty() {
            true => Ok(Self(None)),
            false if is_json => parse(&bytes).map(Self),
            false => Err(not_json()),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        read(request).await.map(Self)
    }
}

async fn read(request: Request) -> Result<Vec<u8>, Problem> {
    let body = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), MAX_BODY));
    match body.await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
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

fn not_json() -> Problem {
    let detail = "Send the body as JSON, with Content-Type: application/json.";
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Problem::new(status, "not-json", "The body must be JSON", detail)
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

/// A whole number, also one that is written with a fraction of zero, as JSON does not tell them apart.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    /// Beyond it not every whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT);
    let whole = number.as_i64().or(float.map(|float| float as i64));
    whole.map(Some).ok_or_else(|| serde::de::Error::custom("must be a whole number"))
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

/// A text of the query that is not longer than what it is compared with.
pub(crate) fn at_most(
    name: &str,
    text: Option<String>,
    max_chars: usize,
) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.chars().count() > max_chars => {
            Err(Problem::invalid(format!("{name} must have at most {max_chars} characters.")))
        }
        other => Ok(other),
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
    fn a_whole_number_may_have_a_fraction_of_zero() {
        let read = |json: &str| whole(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(read("16.0").unwrap(), Some(16));
        assert_eq!(read("-3").unwrap(), Some(-3));
        assert_eq!(read("null").unwrap(), None);
        for json in ["1.5", "1e300", "99999999999999999999", "\"1\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn deep_json_ends_in_an_error() {
        let deep = format!("{{\"tags\":{}", "[".repeat(30_000));
        assert!(told(&deep).contains("Problem"));
    }
}
