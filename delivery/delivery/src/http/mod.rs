//! HTTP/1.1 connections of the media port.

mod flv;
mod hls;
mod pages;
mod reply;
mod route;

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http1::{Body, Cors, HttpError, Limits, Parsed, RequestParser};
use shard::Conn;

use crate::Context;
use reply::Exchange;

/// How long a kept connection may be idle between two requests.
const IDLE: Duration = Duration::from_secs(65);
/// How long a request's head may take from its first byte to its last.
const HEAD: Duration = Duration::from_secs(10);
/// What the kernel may hold unsent of a response; the rest waits in the file it comes from. Media bodies
/// are pages of that file, not copies, so most segments may go in one call.
const UNSENT: u32 = 2 << 20;
/// Bytes taken from the socket at a time.
const READ: usize = 8 << 10;
/// Requests on one connection before it is closed, so that load spreads again.
const MAX_REQUESTS: u32 = 100_000;

/// What becomes of the connection after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The next request may come.
    Next,
    /// It is to be closed.
    Close,
}

/// Serves a connection of the media port until it ends.
pub async fn serve(context: Rc<Context>, conn: Conn) {
    if conn.cap_unsent(UNSENT).is_err() {
        // The peer is gone already.
        return;
    }
    let conn = Rc::new(conn);
    let _open = Gauge::raise(&context);
    let mut parser = RequestParser::new(Limits::default());
    let mut received = Vec::new();
    for _ in 0..MAX_REQUESTS {
        match answer(&context, &conn, &mut parser, &mut received).await {
            Some(After::Next) => {}
            Some(After::Close) | None => break,
        }
    }
}

/// Takes one request and answers it. `None` when the peer is gone or too slow.
async fn answer(
    context: &Rc<Context>,
    conn: &Rc<Conn>,
    parser: &mut RequestParser,
    received: &mut Vec<u8>,
) -> Option<After> {
    let mut begun = (!received.is_empty()).then(shard::millis);
    loop {
        if !received.is_empty() {
            match parser.parse(received) {
                Ok(Parsed::Partial) => {}
                Ok(Parsed::Request { request, consumed }) => {
                    let exchange = Exchange::new(context, conn, &request);
                    let _busy = Busy::new(context);
                    let after = if request.body == Body::None {
                        route::answer(&exchange).await
                    } else {
                        // No route of this port takes a body yet.
                        exchange.method_not_allowed().await
                    };
                    received.drain(..consumed);
                    if received.is_empty() {
                        // An idle connection holds no buffer.
                        *received = Vec::new();
                    }
                    return after;
                }
                Err(error) => {
                    refuse(context, conn, &error).await;
                    return None;
                }
            }
        }
        let patience = match begun {
            None => IDLE,
            Some(begun) => HEAD.checked_sub(Duration::from_millis(shard::millis() - begun))?,
        };
        fill(conn, received, patience).await?;
        // One deadline from the head's first byte: a byte now and then buys no time.
        begun = begun.or(Some(shard::millis()));
    }
}

/// Waits for bytes of the peer.
async fn fill(conn: &Conn, received: &mut Vec<u8>, patience: Duration) -> Option<()> {
    shard::timeout(patience, conn.readable()).await?.ok()?;
    let mut buffer = [0; READ];
    match conn.try_read(&mut buffer) {
        Ok(Some(0)) | Err(_) => None,
        Ok(Some(count)) => {
            received.extend_from_slice(&buffer[..count]);
            Some(())
        }
        Ok(None) => Some(()),
    }
}

async fn refuse(context: &Context, conn: &Conn, error: &HttpError) {
    context.counters.http_requests.fetch_add(1, Relaxed);
    context.counters.http_errors.fetch_add(1, Relaxed);
    let mut response = Vec::new();
    let settings = context.settings();
    let cors: Cors<'_> = settings.cors.decide(None);
    tracing::debug!(peer = %conn.peer(), %error, "bad request");
    if error.write_response(&mut response, &reply::date(), cors, false, true).is_err() {
        return;
    }
    // The peer may be gone, which is all the same now.
    drop(shard::timeout(HEAD, conn.write_all(&response)).await);
}

/// A request's place in the count of those that are being answered.
struct Busy {
    context: Rc<Context>,
}

impl Busy {
    fn new(context: &Rc<Context>) -> Self {
        context.exchanges.set(context.exchanges.get() + 1);
        Self { context: Rc::clone(context) }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.context.exchanges.set(self.context.exchanges.get() - 1);
    }
}

/// A connection's place in the count of open ones.
struct Gauge {
    context: Rc<Context>,
}

impl Gauge {
    fn raise(context: &Rc<Context>) -> Self {
        context.counters.http_connections.fetch_add(1, Relaxed);
        Self { context: Rc::clone(context) }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.context.counters.http_connections.fetch_sub(1, Relaxed);
    }
}
