//! FLV over HTTP and over WebSocket: a head, then the same frames as RTMP players get.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http1::ws::{self, CloseCode, Message, MessageReader};
use http1::{CacheControl, Method, Status, mime};
use stream::control::StreamId;

use super::After;
use super::reply::Exchange;
use crate::players::{Gone, Guest, Players};
use crate::rtmp_play::CUT;
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
    let websocket = exchange.request.wants_websocket();
    let wire = if websocket { Wire::WsFlv } else { Wire::Flv };
    let watching = Watching::start(exchange.context, &stream, wire.protocol());
    let Some(_watching) = watching else { return exchange.full().await };
    let file = media::flv::file_header(tracks.audio().is_some(), tracks.video().is_some());
    let mut out = Vec::new();
    if websocket {
        if !exchange.settings.cors.admits(exchange.request.origin) {
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
    let players = exchange.context.players(&stream);
    let rate = stream.log().bytes_per_second();
    exchange.conn.cap_send_buffer(rate as usize).ok()?;
    let agent = exchange.request.fields.get("User-Agent").map(stream::agent);
    let conn = Rc::clone(exchange.conn);
    let key = players.join(Guest {
        conn,
        address: exchange.client(),
        wire,
        agent,
        prelude: Bytes::from(out),
    });
    listen(exchange, &players, key, websocket).await;
    let Gone { rest, cut } = players.leave(key);
    if cut && websocket {
        // Between two messages; a viewer that takes nothing is closed without a word.
        let mut last = Vec::new();
        ws::write_close(&mut last, CloseCode::POLICY, CUT);
        for bytes in rest.into_iter().chain([Bytes::from(last)]) {
            link::send(exchange.conn, &bytes).await.ok()?;
        }
    }
    if cut {
        // Who waits for room in its socket gives up too.
        exchange.conn.close();
    }
    Some(After::Close)
}

/// Reads what a viewer sends until it leaves: nothing by HTTP, pings and a close by WebSocket.
async fn listen(exchange: &Exchange<'_>, players: &Rc<Players>, key: usize, websocket: bool) {
    let mut messages = MessageReader::new(MAX_MESSAGE);
    loop {
        if exchange.conn.readable().await.is_err() || players.is_cut(key) {
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
