//! Where a request's body ends must be beyond doubt, or what follows could be taken for another request
//! (RFC 9112 section 11.2).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Refuses codings other than `chunked`, of which hyper looks at the last one only, and closes.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    if is_plain(request.headers()) {
        return next.run(request).await;
    }
    let detail = "Send the body with Content-Length, or with Transfer-Encoding: chunked alone.";
    let title = "The transfer coding is not known";
    let refused = Problem::new(StatusCode::NOT_IMPLEMENTED, "unknown-coding", title, detail);
    let mut response = refused.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn is_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let known = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    codings.next().is_none_or(known) && codings.next().is_none()
}
