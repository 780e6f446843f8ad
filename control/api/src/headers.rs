use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use config::Origins;

use crate::Shared;

/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: &str = "600";

/// Answers preflights and adds the headers that every response carries.
pub(crate) async fn add(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let settings = shared.in_force();
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
    allow(&settings.config.cors(), headers, origin.as_ref());
    if preflight {
        add_preflight(headers);
    }
    response
}

/// Whose scripts may read the answer. Credentials are never allowed: identity is a Bearer token.
fn allow(origins: &Origins, headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
    const ALLOW: HeaderName = header::ACCESS_CONTROL_ALLOW_ORIGIN;
    match origins {
        Origins::Any => {
            headers.insert(ALLOW, HeaderValue::from_static("*"));
        }
        Origins::List(list) => {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
            let listed = |origin: &&HeaderValue| {
                list.iter().any(|known| known.as_str().as_bytes() == origin.as_bytes())
            };
            if let Some(origin) = origin.filter(listed) {
                headers.insert(ALLOW, origin.clone());
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
