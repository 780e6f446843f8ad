use http1::{Method, Status};
use stream::control::StreamId;
use web::Page;

use super::reply::Exchange;
use super::{After, flv, hls, pages};

/// Answers a request by its path.
pub(crate) async fn answer(exchange: &Exchange<'_>) -> Option<After> {
    match exchange.request.method {
        Method::Get | Method::Head => {}
        Method::Options => return exchange.preflight().await,
        _ => return exchange.method_not_allowed().await,
    }
    let segments: Vec<&str> = exchange.request.path.segments().collect();
    match segments[..] {
        [] => pages::page(exchange, Page::Live).await,
        ["live.json"] => pages::live(exchange).await,
        ["watch", id] if StreamId::parse(id).is_some() => {
            pages::page(exchange, Page::Watch).await
        }
        ["embed", id] if StreamId::parse(id).is_some() => {
            pages::page(exchange, Page::Embed).await
        }
        ["live", file] => match file.strip_suffix(".flv").and_then(StreamId::parse) {
            Some(id) => flv::play(exchange, &id).await,
            None => not_found(exchange).await,
        },
        ["live", id, name] => match StreamId::parse(id) {
            Some(id) if name == "status.json" => pages::status(exchange, &id).await,
            Some(id) => hls::answer(exchange, &id, name).await,
            None => not_found(exchange).await,
        },
        _ => pages::asset(exchange, exchange.request.path.as_str()).await,
    }
}

pub(crate) async fn not_found(exchange: &Exchange<'_>) -> Option<After> {
    let detail = "There is nothing at this address. Streams are at /live/ID/index.m3u8, /live/ID.flv and /watch/ID.";
    exchange.problem(Status::NotFound, "not-found", detail).await
}

/// The answer for a stream that is not live.
pub(crate) async fn offline(exchange: &Exchange<'_>) -> Option<After> {
    let detail = "No stream with this id is live. Its publisher may not have started yet, or the session is over.";
    exchange.problem(Status::NotFound, "stream-offline", detail).await
}
