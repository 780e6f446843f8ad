//! FLV over HTTP and over WebSocket: a head, then the same frames as RTMP players get.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http1::ws::{self, Message, MessageReader};
use http1::{CacheControl, Method, Status, mime};
use stream::Protocol;
use stream::control::StreamId;

use super::After;
use super::reply::Exchange;
use crate::players::Players;
use crate::watching::Watching;
use crate::wire::Wire;

/// The longest message of a WebSocket viewer, which has nothing to say but ping and close.
const MAX_MESSAGE: usize = MessageReader::SMALL_MESSAGE;
/// How long the codecs may take to be known before the viewer is answered.
const TRACKS: Duration = Duration::from_secs(5);

pub(crate) async fn play(exchange: &Exchange<'_>, id: &StreamId) -> Option<After> {
    let Some(stream) = exchange.context.stream(id) else { return exchange.offline().await };
    if exchange.request.method == Method::Head {
        let mut out = Vec::new();
        let head = exchange.endless_head(&mut out).content_type(mime::FLV);
        head.cache(CacheControl::NoStore).finish().ok()?;
        exchange.conn.write_all(&out).await.ok()?;
        return Some(After::Close);
    }
    let tracks = crate::rtmp_play::known_tracks(&stream, TRACKS).await;
    let Some(tracks) = tracks else { return exchange.offline().await };
    let file = media::flv::file_header(tracks.audio().is_some(), tracks.video().is_some());
    let mut out = Vec::new();
    let websocket = exchange.request.wants_websocket();
    if websocket {
        if !exchange.context.settings.cors.admits(exchange.request.origin) {
            let detail = "Pages of this origin may not watch here (CORS_ORIGINS).";
            return exchange.problem(Status::Forbidden, "origin-not-allowed", detail).await;
        }
        match ws::accept(exchange.request) {
            Ok(accept) => ws::write_accepted(&mut out, &accept).ok()?,
            Err(error) => return exchange.error(&error).await,
        }
        out.extend_from_slice(ws::binary_header(file.len() as u64).as_ref());
    } else {
        let head = exchange.endless_head(&mut out).content_type(mime::FLV);
        head.cache(CacheControl::NoStore).finish().ok()?;
    }
    out.extend_from_slice(&file);
    let (wire, protocol) =
        if websocket { (Wire::WsFlv, Protocol::WsFlv) } else { (Wire::Flv, Protocol::Flv) };
    let players = exchange.context.players(&stream);
    let rate = stream.log().bytes_per_second();
    exchange.conn.cap_send_buffer(rate as usize).ok()?;
    let _watching = Watching::start(&stream, protocol);
    let key = players.join(Rc::clone(exchange.conn), wire, Some(Bytes::from(out)));
    listen(exchange, &players, key, websocket).await;
    players.leave(key);
    Some(After::Close)
}

/// Reads what a viewer sends until it leaves: nothing by HTTP, pings and a close by WebSocket.
async fn listen(exchange: &Exchange<'_>, players: &Rc<Players>, key: usize, websocket: bool) {
    let mut messages = MessageReader::new(MAX_MESSAGE);
    loop {
        if exchange.conn.readable().await.is_err() {
            return;
        }
        // Made after the wait, so that a viewer who only watches holds no buffer.
        let mut buffer = [0; 2048];
        let count = match exchange.conn.try_read(&mut buffer) {
            Ok(Some(0)) | Err(_) => return,
            Ok(Some(count)) => count,
            Ok(None) => continue,
        };
        if !websocket {
            continue;
        }
        let mut input = &buffer[..count];
        loop {
            match messages.next(&mut input) {
                Ok(None) => break,
                Ok(Some(Message::Ping(payload))) => {
                    let mut pong = Vec::new();
                    ws::write_pong(&mut pong, &payload);
                    players.control(key, Bytes::from(pong));
                }
                Ok(Some(Message::Close(..))) | Err(_) => return,
                Ok(Some(_)) => {}
            }
        }
    }
}
