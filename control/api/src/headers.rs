use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Shared;

/// Whose scripts may read the answers. Credentials are never allowed: identity is a Bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Every origin's.
    Any,
    /// Those of these origins, such as `https://example.org`.
    Origins(Vec<String>),
}

/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: &str = "600";

/// Answers preflights and adds the headers that every response carries.
pub(crate) async fn add(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let settings = shared.settings();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    settings.cors.add(headers, origin.as_ref());
    if preflight {
        add_preflight(headers);
    }
    response
}

impl Cors {
    fn add(&self, headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
        const ALLOW: HeaderName = header::ACCESS_CONTROL_ALLOW_ORIGIN;
        match self {
            Self::Any => {
                headers.insert(ALLOW, HeaderValue::from_static("*"));
            }
            Self::Origins(origins) => {
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
                let listed = |origin: &&HeaderValue| {
                    origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
                };
                if let Some(origin) = origin.filter(listed) {
                    headers.insert(ALLOW, origin.clone());
                }
            }
        }
    }
}

fn add_preflight(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Idempotency-Key, X-Request-Id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
