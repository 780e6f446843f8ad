use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http1::{
    CacheControl, Cors, HttpError, Method, Problem, Request, ResponseHead, Status, forwarded,
    http_date, mime,
};
use shard::{Conn, MemView};

use super::After;
use crate::rtmp_play::FULL;
use crate::{Context, Settings};

/// Bodies up to this size go out in one write with their head.
const TOGETHER: usize = 16 << 10;
/// A response has this long, and a second more for each `SLOWEST` bytes of it.
const SEND: Duration = Duration::from_secs(20);
/// The slowest reader that is put up with, in bytes a second.
const SLOWEST: u64 = 32 << 10;
/// When a viewer may ask again for whom there was no room, in seconds.
const RETRY_FULL: u64 = 10;
/// The methods of this port.
const METHODS: [Method; 3] = [Method::Get, Method::Head, Method::Options];

/// One request and the connection that it came by.
pub(crate) struct Exchange<'r> {
    pub(crate) context: &'r Rc<Context>,
    pub(crate) conn: &'r Rc<Conn>,
    pub(crate) request: &'r Request<'r>,
    /// Bytes of the response that were sent.
    pub(crate) sent: Cell<u64>,
    /// Those that the request came under.
    pub(crate) settings: Rc<Settings>,
}

/// A complete response in memory.
pub(crate) struct Reply<'b> {
    pub(crate) status: Status,
    pub(crate) media_type: &'b str,
    pub(crate) cache: CacheControl,
    pub(crate) etag: Option<&'b str>,
    pub(crate) csp: Option<&'b str>,
    pub(crate) gzip: bool,
    pub(crate) body: &'b [u8],
}

impl<'b> Reply<'b> {
    pub(crate) fn new(media_type: &'b str, cache: CacheControl, body: &'b [u8]) -> Self {
        Self { status: Status::Ok, media_type, cache, etag: None, csp: None, gzip: false, body }
    }
}

impl<'r> Exchange<'r> {
    pub(crate) fn new(
        context: &'r Rc<Context>,
        conn: &'r Rc<Conn>,
        request: &'r Request<'r>,
    ) -> Self {
        context.counters.http_requests.fetch_add(1, Relaxed);
        Self { context, conn, request, sent: Cell::new(0), settings: context.settings() }
    }

    /// The viewer's address: the connection's, or what trusted proxies say.
    pub(crate) fn client(&self) -> IpAddr {
        let trusted = &self.settings.trusted_proxies;
        let lines = self.request.fields.all(forwarded::FORWARDED_FOR);
        forwarded::client(self.conn.peer().ip(), lines, |address| {
            trusted.iter().any(|network| network.contains(address))
        })
    }

    pub(crate) fn cors(&self) -> Cors<'_> {
        self.settings.cors.decide(self.request.origin)
    }

    /// Begins the head of a response whose end is the connection's.
    pub(crate) fn endless_head<'o>(&self, out: &'o mut Vec<u8>) -> ResponseHead<'o> {
        ResponseHead::new(out, Status::Ok).date(&date()).cors(self.cors()).keep_alive(false)
    }

    /// Begins a response head with the fields that all responses have.
    pub(crate) fn head<'o>(&self, out: &'o mut Vec<u8>, status: Status) -> ResponseHead<'o> {
        let date = http_date((shard::unix_millis() / 1000) as u64);
        ResponseHead::new(out, status)
            .date(&date)
            .cors(self.cors())
            .keep_alive(self.request.keep_alive)
    }

    /// Sends a response that is in memory, or 304 when the client has it.
    pub(crate) async fn reply(&self, reply: Reply<'_>) -> Option<After> {
        let mut out = Vec::with_capacity(1024);
        if let Some(etag) = reply.etag.filter(|etag| self.request.not_modified(etag)) {
            let head = self.head(&mut out, Status::NotModified).cache(reply.cache).etag(etag);
            return self.finish(head.finish().is_ok(), &out, &[]).await;
        }
        let mut head = self.head(&mut out, reply.status).content_type(reply.media_type);
        head = head.content_length(reply.body.len() as u64).cache(reply.cache);
        if let Some(etag) = reply.etag {
            head = head.etag(etag);
        }
        if let Some(csp) = reply.csp {
            head = head.csp(csp);
        }
        if reply.gzip {
            head = head.gzip();
        }
        let complete = head.finish().is_ok();
        self.finish(complete, &out, reply.body).await
    }

    /// Sends a run of a memory file as a resource that never changes; ranges of it are honoured.
    pub(crate) async fn file(
        &self,
        file: &MemView,
        range: hls::Range,
        media_type: &str,
    ) -> Option<After> {
        /// Names never return with other bytes.
        const KEEP: CacheControl = CacheControl::Immutable(3600);
        let part = match self.request.byte_range(None, range.len) {
            Ok(part) => part,
            Err(error) => return self.error(&error).await,
        };
        let mut out = Vec::with_capacity(512);
        let status = if part.is_some() { Status::PartialContent } else { Status::Ok };
        let mut head =
            self.head(&mut out, status).content_type(media_type).accept_ranges().cache(KEEP);
        let (offset, len) = match part {
            Some(part) => {
                head = head.content_range(part, range.len);
                (range.offset + part.start, part.len())
            }
            None => (range.offset, range.len),
        };
        if head.content_length(len).finish().is_err() {
            return None;
        }
        if self.request.method == Method::Head {
            return self.finish(true, &out, &[]).await;
        }
        let sent = self.conn.write_file(&out, file, offset, len);
        shard::timeout(patience(len), sent).await?.ok()?;
        self.count(len + out.len() as u64);
        Some(self.after())
    }

    /// Sends the client on to another address, this time only.
    pub(crate) async fn redirect(&self, location: &str) -> Option<After> {
        let mut out = Vec::new();
        let head = self.head(&mut out, Status::TemporaryRedirect).location(location);
        let complete = head.content_length(0).cache(CacheControl::NoStore).finish().is_ok();
        self.finish(complete, &out, &[]).await
    }

    /// The answer for an address that stands for nothing.
    pub(crate) async fn not_found(&self) -> Option<After> {
        let detail = "There is nothing at this address. Streams are at /live/ID/index.m3u8, \
                      /live/ID.flv and /watch/ID.";
        self.problem(Status::NotFound, "not-found", detail).await
    }

    /// The answer for a stream that is not live.
    pub(crate) async fn offline(&self) -> Option<After> {
        let detail = "No stream with this id is live. Its publisher may not have started yet, or the \
                      session is over.";
        self.problem(Status::NotFound, "stream-offline", detail).await
    }

    /// The answer for a viewer for whom there is no room.
    pub(crate) async fn full(&self) -> Option<After> {
        self.context.counters.http_errors.fetch_add(1, Relaxed);
        let body = http1::problem(Status::ServiceUnavailable, "too-many-viewers", FULL);
        let mut out = Vec::new();
        let head = self.head(&mut out, Status::ServiceUnavailable).content_type(mime::PROBLEM);
        let head = head.content_length(body.len() as u64).cache(CacheControl::NoStore);
        let complete = head.number("Retry-After", RETRY_FULL).finish().is_ok();
        self.finish(complete, &out, &body).await
    }

    pub(crate) async fn problem(&self, status: Status, slug: &str, detail: &str) -> Option<After> {
        self.context.counters.http_errors.fetch_add(1, Relaxed);
        let mut out = Vec::new();
        let problem = Problem { status, slug, detail };
        let body = self.request.method != Method::Head;
        let written =
            problem.write_response(&mut out, &date(), self.cors(), self.request.keep_alive, body);
        self.finish(written.is_ok(), &out, &[]).await
    }

    pub(crate) async fn error(&self, error: &HttpError) -> Option<After> {
        self.context.counters.http_errors.fetch_add(1, Relaxed);
        let mut out = Vec::new();
        let keep = self.request.keep_alive && !error.must_close();
        let body = self.request.method != Method::Head;
        let written = error.write_response(&mut out, &date(), self.cors(), keep, body);
        let after = self.finish(written.is_ok(), &out, &[]).await;
        if keep { after } else { None }
    }

    pub(crate) async fn preflight(&self) -> Option<After> {
        let mut out = Vec::new();
        let written =
            http1::write_preflight(&mut out, self.cors(), &METHODS, self.request.keep_alive)
                .is_ok();
        self.finish(written, &out, &[]).await
    }

    pub(crate) async fn method_not_allowed(&self) -> Option<After> {
        self.context.counters.http_errors.fetch_add(1, Relaxed);
        let detail = "This port answers GET, HEAD and OPTIONS only.";
        let body = http1::problem(Status::MethodNotAllowed, "method-not-allowed", detail);
        let mut out = Vec::new();
        let head = self.head(&mut out, Status::MethodNotAllowed).allow(&METHODS);
        let head = head
            .content_type(mime::PROBLEM)
            .content_length(body.len() as u64)
            .cache(CacheControl::NoStore);
        let complete = head.finish().is_ok();
        self.finish(complete, &out, &body).await;
        // What follows may be a body that nobody takes.
        None
    }

    /// Sends head and body; the body not for HEAD.
    async fn finish(&self, complete: bool, head: &[u8], body: &[u8]) -> Option<After> {
        if !complete {
            tracing::error!(
                path = self.request.path.as_str(),
                "a response head could not be written"
            );
            return None;
        }
        let body = if self.request.method == Method::Head { &[] } else { body };
        let sent = async {
            if body.len() <= TOGETHER {
                let mut whole = Vec::with_capacity(head.len() + body.len());
                whole.extend_from_slice(head);
                whole.extend_from_slice(body);
                self.conn.write_all(&whole).await
            } else {
                self.conn.write_all(head).await?;
                self.conn.write_all(body).await
            }
        };
        shard::timeout(patience(body.len() as u64), sent).await?.ok()?;
        self.count((head.len() + body.len()) as u64);
        Some(self.after())
    }

    fn count(&self, bytes: u64) {
        self.context.counters.bytes_out.fetch_add(bytes, Relaxed);
        self.sent.set(self.sent.get() + bytes);
    }

    fn after(&self) -> After {
        if self.request.keep_alive { After::Next } else { After::Close }
    }
}

/// The `Date` of a response that is made now.
pub(crate) fn date() -> [u8; 29] {
    http_date((shard::unix_millis() / 1000) as u64)
}

fn patience(len: u64) -> Duration {
    SEND + Duration::from_secs(len / SLOWEST)
}
