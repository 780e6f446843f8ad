/// What one request may cost, in bytes and counts. A limit that is passed ends the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole request head, with the request line and the final empty line; 431 above.
    pub head_bytes: usize,
    /// Bytes of the request line without its CRLF; 414 above.
    pub request_line_bytes: usize,
    /// Header fields; 431 above. Never more than [`Limits::MAX_FIELDS`].
    pub fields: usize,
    /// Bytes of the request body, chunk framing not counted; 413 above.
    pub body_bytes: u64,
}

impl Limits {
    /// The default of [`Limits::head_bytes`]: 16 KiB.
    pub const HEAD_BYTES: usize = 16 * 1024;
    /// The default of [`Limits::request_line_bytes`]: 8 KiB (RFC 9112 section 3 asks for 8000 or more).
    pub const REQUEST_LINE_BYTES: usize = 8 * 1024;
    /// The most header fields that a request may have, and the default of [`Limits::fields`].
    pub const MAX_FIELDS: usize = 64;
    /// The default of [`Limits::body_bytes`]: 64 KiB, several times a large SDP offer.
    pub const BODY_BYTES: u64 = 64 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: Self::HEAD_BYTES,
            request_line_bytes: Self::REQUEST_LINE_BYTES,
            fields: Self::MAX_FIELDS,
            body_bytes: Self::BODY_BYTES,
        }
    }
}
