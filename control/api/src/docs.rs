//! The API's description and a page that shows it, which needs nothing from elsewhere.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::problem::Problem;
use crate::{Shared, openapi};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/openapi.json", get(description))
        .route("/api/docs", get(page))
        .route("/api/docs/{file}", get(file))
}

async fn description(State(shared): State<Shared>) -> Json<serde_json::Value> {
    Json(openapi::document(shared.api.version))
}

async fn page() -> Response {
    let page = Html(include_str!("docs/page.html"));
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], page).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "page.css" => ("text/css; charset=utf-8", include_str!("docs/page.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("docs/page.js")),
        _ => return Problem::missing("There is no such file.").into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
