//! HLS and LL-HLS: playlists from the shelf, parts and segments from its memory files.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use hls::{Lookup, Readiness};
use http1::{CacheControl, Status, mime};
use media::{Kind, TrackId};
use stream::control::StreamId;

use super::After;
use super::reply::{Exchange, Reply};
use crate::audience::Asker;
use crate::relay;
use crate::shelf::Shelf;

/// How long a request waits for what is about to exist: a stream's first playlist (the first segment,
/// which a long group makes twice the target) or the next part (a quarter of a second, unless the
/// publisher is gone). Players give up after 10 s, so they are answered before.
const BLOCK: Duration = Duration::from_secs(8);
/// How long caches keep a playlist that a request waited for: it never changes under its query.
const KEEP_BLOCKED: u32 = 6;
/// How long caches keep a playlist that was there.
const KEEP_PLAYLIST: u32 = 1;

pub(crate) async fn answer(exchange: &Exchange<'_>, id: &StreamId, name: &str) -> Option<After> {
    let Some(shelf) = relay::shelf(exchange.context, id) else {
        return exchange.offline().await;
    };
    let after = serve(exchange, &shelf, id, name).await;
    shelf.stats().bytes_out.fetch_add(exchange.sent.get(), Relaxed);
    after
}

async fn serve(
    exchange: &Exchange<'_>,
    shelf: &Rc<Shelf>,
    id: &StreamId,
    name: &str,
) -> Option<After> {
    // A name that is about to exist is waited for; everything else is answered now.
    let found = shard::timeout(BLOCK, known(shelf, name)).await;
    match found {
        Some(Lookup::Multivariant) => multivariant(exchange, shelf, id).await,
        Some(Lookup::Media(track)) => media_playlist(exchange, shelf, id, track).await,
        Some(Lookup::File { track, range }) => {
            let Some(file) = shelf.file(track) else { return exchange.not_found().await };
            exchange.file(&file, range, media_type(track)).await
        }
        Some(Lookup::Gone) => {
            let detail = "This part of the stream is no longer kept. Load the playlist again.";
            exchange.problem(Status::Gone, "segment-gone", detail).await
        }
        Some(Lookup::Unknown) if shelf.is_closed() => exchange.offline().await,
        Some(Lookup::Unknown) => {
            let detail = "The stream has no such playlist, segment or part.";
            exchange.problem(Status::NotFound, "no-such-file", detail).await
        }
        Some(Lookup::Future) | None => late(exchange).await,
    }
}

/// Waits until a name stands for something.
async fn known(shelf: &Shelf, name: &str) -> Lookup {
    let mut seen = shelf.signal().count();
    loop {
        let found = {
            let presentation = shelf.presentation();
            match presentation.lookup(name) {
                Lookup::Multivariant | Lookup::Media(_) if !presentation.is_ready() => {
                    Lookup::Future
                }
                // A copy of the playlists that has not been filled yet knows no name.
                Lookup::Unknown if presentation.lineup().is_none() => Lookup::Future,
                found => found,
            }
        };
        if shelf.is_closed() || found != Lookup::Future {
            return if found == Lookup::Future { Lookup::Unknown } else { found };
        }
        seen = shelf.signal().changed(seen).await;
    }
}

async fn multivariant(exchange: &Exchange<'_>, shelf: &Rc<Shelf>, id: &StreamId) -> Option<After> {
    if !watched(exchange, shelf, id, true) {
        return exchange.full().await;
    }
    let Some(playlist) = shelf.presentation().multivariant() else { return late(exchange).await };
    exchange.reply(Reply::new(mime::M3U8, CacheControl::NoStore, playlist.as_bytes())).await
}

async fn media_playlist(
    exchange: &Exchange<'_>,
    shelf: &Rc<Shelf>,
    id: &StreamId,
    track: TrackId,
) -> Option<After> {
    let query = &exchange.request.query;
    let (Ok(msn), Ok(part)) = (number(query.get("_HLS_msn")), number(query.get("_HLS_part")))
    else {
        let detail = "_HLS_msn and _HLS_part are whole numbers.";
        return exchange.problem(Status::BadRequest, "bad-hls-directive", detail).await;
    };
    let skip = query.get("_HLS_skip").is_some_and(|value| value == "YES" || value == "v2");
    watched(exchange, shelf, id, false);
    let part = match part.map(u32::try_from).transpose() {
        Ok(part) => part,
        Err(_) => Some(u32::MAX),
    };
    match shard::timeout(BLOCK, ready(shelf, track, msn, part)).await {
        Some(Ok(())) => {}
        Some(Err(detail)) => {
            return exchange.problem(Status::BadRequest, "bad-hls-directive", detail).await;
        }
        None => return late(exchange).await,
    }
    let Some(playlist) = shelf.media_playlist(track, skip) else { return late(exchange).await };
    let keep = if msn.is_some() { KEEP_BLOCKED } else { KEEP_PLAYLIST };
    exchange.reply(Reply::new(mime::M3U8, CacheControl::MaxAge(keep), &playlist)).await
}

/// Waits until the playlist holds what was asked for.
async fn ready(
    shelf: &Shelf,
    track: TrackId,
    msn: Option<u64>,
    part: Option<u32>,
) -> Result<(), &'static str> {
    let mut seen = shelf.signal().count();
    loop {
        match shelf.presentation().ready(track, msn, part) {
            Readiness::Ready => return Ok(()),
            Readiness::BadRequest(reason) => return Err(reason),
            Readiness::Wait if shelf.is_closed() => return Ok(()),
            Readiness::Wait => {}
        }
        seen = shelf.signal().changed(seen).await;
    }
}

/// Counts who asks. One that `begins` is not counted where there is no room for one more: `false`.
fn watched(exchange: &Exchange<'_>, shelf: &Shelf, id: &StreamId, begins: bool) -> bool {
    let Some(audience) = shelf.audience(exchange.context, id) else { return true };
    let program = exchange.request.fields.get("User-Agent");
    let asker = Asker { address: exchange.client(), program };
    let viewer = asker.number(id);
    if begins && !audience.admits(viewer) {
        exchange.context.counters.refused.fetch_add(1, Relaxed);
        return false;
    }
    audience.saw(viewer, Some(asker));
    true
}

async fn late(exchange: &Exchange<'_>) -> Option<After> {
    let detail = "The publisher sends nothing at the moment. Try again in a second.";
    exchange.problem(Status::ServiceUnavailable, "not-there-yet", detail).await
}

fn number(
    value: Option<std::borrow::Cow<'_, str>>,
) -> Result<Option<u64>, std::num::ParseIntError> {
    value.map(|value| value.parse()).transpose()
}

fn media_type(track: TrackId) -> &'static str {
    match track.kind {
        Kind::Video => mime::VIDEO_MP4,
        Kind::Audio => mime::AUDIO_MP4,
    }
}
