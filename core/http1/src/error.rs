use thiserror::Error;

use crate::{Cors, HeaderError, Status, problem::problem, response::ResponseHead};

/// A request that is refused before any route sees it, and always the client's doing. The message is
/// the `detail` of the problem document: it holds nothing that the client sent, so it is safe to log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HttpError {
    /// The head breaks the grammar of RFC 9112.
    #[error("the request head is malformed: {0}")]
    Malformed(&'static str),
    /// The request target cannot be mapped to a path safely.
    #[error("the request target is refused: {0}")]
    Target(&'static str),
    /// `Host` is missing in HTTP/1.1 or is not a name with an optional port.
    #[error("send exactly one Host header field with a host name and an optional port")]
    Host,
    /// A field that may occur once occurs again.
    #[error("the header field {0} may be sent only once")]
    Repeated(&'static str),
    /// The body's length cannot be told for certain.
    #[error("the length of the request body is unclear: {0}")]
    BodyFraming(&'static str),
    /// A chunked body breaks the grammar of RFC 9112 section 7.1.
    #[error("the chunked request body is malformed: {0}")]
    Chunk(&'static str),
    /// A WebSocket handshake that breaks RFC 6455 section 4.2.1.
    #[error("the WebSocket handshake is refused: {0}")]
    Handshake(&'static str),
    /// The body is larger than [`Limits::body_bytes`](crate::Limits::body_bytes).
    #[error("the request body may have at most {limit} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The request line is longer than
    /// [`Limits::request_line_bytes`](crate::Limits::request_line_bytes).
    #[error("the request line may have at most {limit} bytes; shorten the address")]
    TargetTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// No byte of the named range exists.
    #[error("the requested range starts behind the end: there are {len} bytes")]
    RangeNotSatisfiable {
        /// The bytes that there are.
        len: u64,
    },
    /// An expectation other than `100-continue`.
    #[error("the only expectation that is met is 100-continue")]
    Expectation,
    /// A WebSocket version other than 13.
    #[error("the only WebSocket version that is spoken is 13")]
    WebSocketVersion,
    /// The head is larger than [`Limits::head_bytes`](crate::Limits::head_bytes).
    #[error("the request head may have at most {limit} bytes; send fewer or shorter header fields")]
    HeadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// More header fields than [`Limits::fields`](crate::Limits::fields).
    #[error("a request may have at most {limit} header fields")]
    TooManyFields {
        /// The limit.
        limit: usize,
    },
    /// A method that no route has.
    #[error("no resource of this server has this method")]
    Method,
    /// A transfer coding other than `chunked`.
    #[error("the only transfer coding that is understood is chunked")]
    TransferCoding,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    #[error("the only versions that are spoken here are HTTP/1.0 and HTTP/1.1")]
    Version,
}

impl HttpError {
    /// The status of the response.
    pub const fn status(&self) -> Status {
        match self {
            Self::Malformed(_)
            | Self::Target(_)
            | Self::Host
            | Self::Repeated(_)
            | Self::BodyFraming(_)
            | Self::Chunk(_)
            | Self::Handshake(_) => Status::BadRequest,
            Self::BodyTooLarge { .. } => Status::ContentTooLarge,
            Self::TargetTooLong { .. } => Status::UriTooLong,
            Self::RangeNotSatisfiable { .. } => Status::RangeNotSatisfiable,
            Self::Expectation => Status::ExpectationFailed,
            Self::WebSocketVersion => Status::UpgradeRequired,
            Self::HeadTooLarge { .. } | Self::TooManyFields { .. } => Status::HeaderFieldsTooLarge,
            Self::Method | Self::TransferCoding => Status::NotImplemented,
            Self::Version => Status::HttpVersionNotSupported,
        }
    }

    /// The stable name behind [`PROBLEM_TYPE_PREFIX`](crate::PROBLEM_TYPE_PREFIX) in the problem's
    /// `type`.
    pub const fn slug(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-request",
            Self::Target(_) => "bad-target",
            Self::Host => "bad-host",
            Self::Repeated(_) => "repeated-header",
            Self::BodyFraming(_) => "unclear-body-length",
            Self::Chunk(_) => "malformed-chunk",
            Self::Handshake(_) => "bad-websocket-handshake",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::TargetTooLong { .. } => "target-too-long",
            Self::RangeNotSatisfiable { .. } => "range-not-satisfiable",
            Self::Expectation => "expectation-failed",
            Self::WebSocketVersion => "websocket-version",
            Self::HeadTooLarge { .. } => "head-too-large",
            Self::TooManyFields { .. } => "too-many-headers",
            Self::Method => "method-not-implemented",
            Self::TransferCoding => "transfer-coding",
            Self::Version => "http-version",
        }
    }

    /// Whether the connection must close after the response, because where the next request starts is
    /// unknown or not to be trusted. Where it is false the head was sound: the connection may go on
    /// once the request's body is taken.
    pub const fn must_close(&self) -> bool {
        !matches!(
            self,
            Self::RangeNotSatisfiable { .. } | Self::WebSocketVersion | Self::Handshake(_)
        )
    }

    /// Appends the whole response to `out` with the date of [`crate::http_date`]: the head, and the problem document unless `body` is false
    /// (an answer to HEAD). `keep_alive` is the request's wish, which [`HttpError::must_close`]
    /// overrules.
    pub fn write_response(
        &self,
        out: &mut Vec<u8>,
        date: &[u8; 29],
        cors: Cors<'_>,
        keep_alive: bool,
        body: bool,
    ) -> Result<(), HeaderError> {
        let document = problem(self.status(), self.slug(), &self.to_string());
        let mut head = ResponseHead::problem(out, self.status(), document.len() as u64, cors)
            .date(date)
            .keep_alive(keep_alive && !self.must_close());
        head = match self {
            Self::RangeNotSatisfiable { len } => head.unsatisfied_range(*len),
            // An Upgrade field must be listed in Connection too (RFC 9110 section 7.8).
            Self::WebSocketVersion => head
                .header("Sec-WebSocket-Version", "13")
                .header("Upgrade", "websocket")
                .header("Connection", "Upgrade"),
            _ => head,
        };
        head.finish()?;
        if body {
            out.extend_from_slice(&document);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CorsPolicy;

    #[test]
    fn an_unsatisfied_range_tells_the_length_and_keeps_the_connection() {
        let mut out = Vec::new();
        HttpError::RangeNotSatisfiable { len: 7 }
            .write_response(
                &mut out,
                &crate::http_date(0),
                CorsPolicy::Any.decide(None),
                true,
                true,
            )
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("HTTP/1.1 416 Range Not Satisfiable\r\n"), "{text}");
        assert!(text.contains("\r\nContent-Range: bytes */7\r\n"));
        assert!(text.contains("\r\nConnection: keep-alive\r\n"));
        assert!(text.contains("\r\nContent-Type: application/problem+json\r\n"));
        assert!(text.contains("\"status\":416"));
    }

    #[test]
    fn an_error_of_the_head_closes_whatever_the_client_wished() {
        let mut out = Vec::new();
        HttpError::Host
            .write_response(
                &mut out,
                &crate::http_date(0),
                CorsPolicy::Any.decide(None),
                true,
                false,
            )
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\r\nConnection: close\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_foreign_websocket_version_is_told_ours() {
        let mut out = Vec::new();
        HttpError::WebSocketVersion
            .write_response(
                &mut out,
                &crate::http_date(0),
                CorsPolicy::Any.decide(None),
                false,
                true,
            )
            .unwrap();
        assert!(String::from_utf8(out).unwrap().contains("\r\nSec-WebSocket-Version: 13\r\n"));
    }
}
