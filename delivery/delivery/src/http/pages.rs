//! Pages, their files, and the JSON that they read.

use http1::{CacheControl, Status, mime};
use stream::control::StreamId;
use web::{Asset, Page};

use super::After;
use super::reply::{Exchange, Reply};
use crate::relay;
use crate::status;

/// How long a file of a page is kept whose name changes with its content, in seconds.
const KEEP: u32 = 365 * 24 * 3600;

pub(crate) async fn page(exchange: &Exchange<'_>, page: Page) -> Option<After> {
    let csp = match page {
        Page::Live | Page::Watch => web::CSP_PAGE.to_owned(),
        Page::Embed => web::csp_embed(&exchange.settings.embed_origins),
    };
    send(exchange, web::page(page), Some(&csp)).await
}

pub(crate) async fn asset(exchange: &Exchange<'_>, path: &str) -> Option<After> {
    match web::get(path) {
        Some(asset) => send(exchange, asset, None).await,
        None => exchange.not_found().await,
    }
}

async fn send(exchange: &Exchange<'_>, asset: &Asset, csp: Option<&str>) -> Option<After> {
    let cache = if asset.immutable { CacheControl::Immutable(KEEP) } else { CacheControl::NoCache };
    let packed = asset.gzip.filter(|_| exchange.request.accepts_gzip);
    let mut reply = Reply::new(asset.content_type, cache, packed.unwrap_or(asset.body));
    reply.gzip = packed.is_some();
    reply.etag = Some(asset.etag);
    reply.csp = csp;
    exchange.reply(reply).await
}

/// `/live.json`: what is live now.
pub(crate) async fn live(exchange: &Exchange<'_>) -> Option<After> {
    let json = {
        let directory = exchange.context.directory.borrow();
        let started = directory.iter().filter(|listing| listing.started_ms > 0);
        let streams = started.map(status::Card::of).collect();
        serde_json::to_vec(&status::Live { streams }).ok()?
    };
    exchange.reply(Reply::new(mime::JSON, CacheControl::NoStore, &json)).await
}

/// `/live/ID/status.json`: what the watch page tells of a stream, live or not.
pub(crate) async fn status(exchange: &Exchange<'_>, id: &StreamId) -> Option<After> {
    let listing = exchange.context.directory.borrow().get(id).cloned();
    let json = match listing.filter(|listing| listing.started_ms > 0) {
        Some(listing) => {
            let mut advice = status::codec_advice(&listing.tracks);
            let shelf = relay::shelf(exchange.context, id);
            advice.extend(shelf.and_then(|shelf| shelf.advice()));
            serde_json::to_vec(&status::Status::live(&listing, advice))
        }
        None => {
            let known = (exchange.context.describe)(id.clone()).await;
            serde_json::to_vec(&status::Status::offline(id, known.as_ref()))
        }
    };
    let Ok(json) = json else {
        let detail = "The status could not be written.";
        return exchange.problem(Status::InternalServerError, "internal", detail).await;
    };
    exchange.reply(Reply::new(mime::JSON, CacheControl::NoStore, &json)).await
}
