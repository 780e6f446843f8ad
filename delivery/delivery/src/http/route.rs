use http1::Method;
use stream::control::{StreamId, StreamKey};
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
        ["watch", id] if StreamId::parse(id).is_some() => pages::page(exchange, Page::Watch).await,
        ["embed", id] if StreamId::parse(id).is_some() => pages::page(exchange, Page::Embed).await,
        ["live", file] => match file.strip_suffix(".flv") {
            Some(name) => match live(exchange, name) {
                Some(id) => flv::play(exchange, &id).await,
                None => by_key(exchange, name, |id| format!("{id}.flv")).await,
            },
            None => exchange.not_found().await,
        },
        ["live", id, "status.json"] => match StreamId::parse(id) {
            Some(id) => pages::status(exchange, &id).await,
            None => exchange.not_found().await,
        },
        ["live", id, name] => match live(exchange, id) {
            Some(id) => hls::answer(exchange, &id, name).await,
            None => by_key(exchange, id, |id| format!("../{id}/{name}")).await,
        },
        _ => pages::asset(exchange, exchange.request.path.as_str()).await,
    }
}

/// The id of a stream that is live, or whose last playlists are still kept.
fn live(exchange: &Exchange<'_>, name: &str) -> Option<StreamId> {
    let id = StreamId::parse(name)?;
    let context = exchange.context;
    let known =
        context.directory.borrow().get(&id).is_some() || context.shelves.borrow().contains_key(&id);
    known.then_some(id)
}

/// A name that is no live stream's id may be a key, as the old server's addresses had it: its holder
/// is sent on to the id (unless `KEY_PLAYBACK` is off). Nobody else learns more than "offline".
async fn by_key(
    exchange: &Exchange<'_>,
    name: &str,
    location: impl FnOnce(&StreamId) -> String,
) -> Option<After> {
    let Some(resolve) = &exchange.context.resolve else { return exchange.offline().await };
    match resolve(StreamKey(name.to_owned())).await {
        Some(id) => {
            let mut location = location(&id);
            let query = exchange.request.query.as_str();
            if !query.is_empty() {
                location = format!("{location}?{query}");
            }
            exchange.redirect(&location).await
        }
        None => exchange.offline().await,
    }
}
