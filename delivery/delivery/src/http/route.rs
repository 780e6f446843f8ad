use http1::Method;
use stream::control::{StreamId, StreamKey};
use web::Page;

use super::reply::Exchange;
use super::{After, flv, hls, pages};
use crate::elsewhere;

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
        ["watch", id] if StreamId::parse(id).is_some() => page(exchange, id, Page::Watch).await,
        ["embed", id] if StreamId::parse(id).is_some() => page(exchange, id, Page::Embed).await,
        ["live", file] => match file.strip_suffix(".flv") {
            Some(name) => match live(exchange, name) {
                Some(id) => flv::play(exchange, &id).await,
                None => away(exchange, name, |id| format!("{id}.flv")).await,
            },
            None => exchange.not_found().await,
        },
        ["live", id, "status.json"] => match StreamId::parse(id) {
            Some(id) => match place(exchange, &id).await {
                Some(location) => exchange.redirect(&location).await,
                None => pages::status(exchange, &id).await,
            },
            None => exchange.not_found().await,
        },
        ["live", id, name] => match live(exchange, id) {
            // Of a session that is over only the files are sure to be nowhere else.
            Some(id) if name == "index.m3u8" => match place(exchange, &id).await {
                Some(location) => exchange.redirect(&location).await,
                None => hls::answer(exchange, &id, name).await,
            },
            Some(id) => hls::answer(exchange, &id, name).await,
            None => away(exchange, id, |id| format!("../{id}/{name}")).await,
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

/// A page of a stream. One that is live on another node is watched there: this node's pages may load
/// nothing from others.
async fn page(exchange: &Exchange<'_>, id: &str, page: Page) -> Option<After> {
    let away = match StreamId::parse(id) {
        Some(id) => place(exchange, &id).await,
        None => None,
    };
    match away {
        Some(location) => exchange.redirect(&location).await,
        None => pages::page(exchange, page).await,
    }
}

/// The same address on another node, for a stream that is live there and not here.
async fn place(exchange: &Exchange<'_>, id: &StreamId) -> Option<String> {
    let path = exchange.request.path.as_str();
    // What would have to be encoded again names nothing.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if exchange.context.directory.borrow().get(id).is_some() || !path.bytes().all(plain) {
        return None;
    }
    let base = elsewhere::find(exchange.context, id).await?;
    Some(with_query(exchange, format!("{base}{path}")))
}

/// A name that is no live stream's id here may be one on another node, or a key.
async fn away(
    exchange: &Exchange<'_>,
    name: &str,
    location: impl FnOnce(&StreamId) -> String,
) -> Option<After> {
    if let Some(id) = StreamId::parse(name)
        && let Some(location) = place(exchange, &id).await
    {
        return exchange.redirect(&location).await;
    }
    by_key(exchange, name, location).await
}

/// A name that is no live stream's id may be a key, as the old server's addresses had it: its holder
/// is sent on to the id (unless `KEY_PLAYBACK` is off). Nobody else learns more than "offline".
async fn by_key(
    exchange: &Exchange<'_>,
    name: &str,
    location: impl FnOnce(&StreamId) -> String,
) -> Option<After> {
    if !exchange.settings.key_playback {
        return exchange.offline().await;
    }
    match (exchange.context.resolve)(StreamKey(name.to_owned())).await {
        Some(id) => {
            let location = with_query(exchange, location(&id));
            exchange.redirect(&location).await
        }
        None => exchange.offline().await,
    }
}

fn with_query(exchange: &Exchange<'_>, location: String) -> String {
    match exchange.request.query.as_str() {
        "" => location,
        query => format!("{location}?{query}"),
    }
}
