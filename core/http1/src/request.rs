use std::fmt;

use crate::{
    Body, ByteRange, Fields, HttpError, Method, Path, Query, RangeSpec, Version, not_modified,
    range_applies,
};

/// The head of a request. It borrows the buffer that it was parsed from.
#[derive(Clone, PartialEq, Eq)]
pub struct Request<'b> {
    /// The method.
    pub method: Method,
    /// The client's version.
    pub version: Version,
    /// The path, decoded and normalised.
    pub path: Path<'b>,
    /// The query.
    pub query: Query<'b>,
    /// Whom the client asked: the host of the target where it has one, else `Host`. Always present in
    /// HTTP/1.1, and never anything but a name or address with an optional port.
    pub host: Option<&'b str>,
    /// `Origin`, unchecked.
    pub origin: Option<&'b str>,
    /// Whether the client lets the connection stay open after the response.
    pub keep_alive: bool,
    /// How the body is framed; take it with a [`BodyReader`](crate::BodyReader).
    pub body: Body,
    /// Whether the client waits for [`CONTINUE`](crate::CONTINUE) before it sends the body.
    pub expects_continue: bool,
    /// Whether the response may be gzip.
    pub accepts_gzip: bool,
    /// The single range asked for; see [`Request::byte_range`].
    pub range: Option<RangeSpec>,
    /// The last `Forwarded` field. The nearest proxy adds to the end, so only the end can be trusted,
    /// and only from a proxy of one's own.
    pub forwarded: Option<&'b str>,
    /// The last `X-Forwarded-For` field; the same holds.
    pub x_forwarded_for: Option<&'b str>,
    /// All header fields.
    pub fields: Fields<'b>,
    pub(crate) upgrade: Upgrade,
}

/// The two halves of the wish to leave HTTP for WebSocket (RFC 6455 section 4.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Upgrade {
    pub(crate) websocket: bool,
    pub(crate) connection: bool,
}

impl Request<'_> {
    /// Whether the client has the representation with this entity tag (quotes included) already and is
    /// to be answered with 304. Only for GET and HEAD.
    pub fn not_modified(&self, etag: &str) -> bool {
        self.reads() && self.fields.all("If-None-Match").any(|value| not_modified(value, etag))
    }

    /// The bytes to serve of a representation of `len` bytes: `None` for the whole. `If-Range` is
    /// respected; `etag` is the representation's strong tag, if it has one.
    ///
    /// # Errors
    /// [`HttpError::RangeNotSatisfiable`].
    pub fn byte_range(&self, etag: Option<&str>, len: u64) -> Result<Option<ByteRange>, HttpError> {
        let Some(range) = self.range else { return Ok(None) };
        let applies = self.method == Method::Get
            && self.fields.all("If-Range").all(|value| range_applies(value, etag));
        if applies { range.resolve(len).map(Some) } else { Ok(None) }
    }

    /// Whether it is a browser asking for permission (Fetch standard, CORS-preflight request).
    pub fn is_preflight(&self) -> bool {
        self.method == Method::Options
            && self.origin.is_some()
            && self.fields.get("Access-Control-Request-Method").is_some()
    }

    /// Whether the client wants to go on in WebSocket; see [`ws::accept`](crate::ws::accept).
    pub fn wants_websocket(&self) -> bool {
        self.upgrade.websocket && self.upgrade.connection && self.version == Version::Http11
    }

    fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Head)
    }
}

/// Leaves out the path, the query and the fields' values: they hold keys and tokens.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("version", &self.version)
            .field("host", &self.host)
            .field("keep_alive", &self.keep_alive)
            .field("body", &self.body)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
