use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The longest path that a problem repeats, in characters.
const MAX_PATH: usize = 200;

/// An error as RFC 9457 tells it.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// The kind's stable name, the last part of `type`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) detail: String,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

/// The stable `type` of a kind of problem: a URN, as there is nothing to fetch there.
pub(crate) fn problem_type(name: &str) -> String {
    format!("urn:shardcast:problem:{name}")
}

impl Problem {
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        let (status, title) = (StatusCode::BAD_REQUEST, "A value is invalid");
        Self { status, name: "invalid-value", title, detail: detail.into() }
    }

    pub(super) fn database_away() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            name: "database",
            title: "The database is away",
            detail: "The database did not answer. Try again later.".into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            kind: problem_type(self.name),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = (self.status, Json(body)).into_response();
        let problem_json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

pub(super) async fn not_found(uri: Uri) -> Problem {
    Problem {
        status: StatusCode::NOT_FOUND,
        name: "not-found",
        title: "There is nothing here",
        detail: format!("Nothing is served at {}.", shown(&uri)),
    }
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem {
        status: StatusCode::METHOD_NOT_ALLOWED,
        name: "method-not-allowed",
        title: "The method is not allowed",
        detail: format!(
            "{} does not take {method}; the Allow header tells what it takes.",
            shown(&uri)
        ),
    }
}

/// The path without its query, which may hold a token.
fn shown(uri: &Uri) -> String {
    uri.path().chars().take(MAX_PATH).collect()
}
