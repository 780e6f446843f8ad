use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

use crate::{Body, HeaderError, HttpError, Method, Request, ResponseHead, Status};

/// RFC 6455 section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Checks the handshake of a request that [wants WebSocket](Request::wants_websocket) and gives the
/// value of `Sec-WebSocket-Accept`. Whether its origin may is
/// [`CorsPolicy::admits`](crate::CorsPolicy::admits)'s to say.
///
/// # Errors
/// [`HttpError::WebSocketVersion`] and [`HttpError::Handshake`].
pub fn accept(request: &Request<'_>) -> Result<[u8; 28], HttpError> {
    if !request.wants_websocket() {
        return Err(HttpError::Handshake("it needs HTTP/1.1 and Upgrade: websocket"));
    }
    if request.method != Method::Get || request.body != Body::None {
        return Err(HttpError::Handshake("it is a GET without a body"));
    }
    if request.fields.get("Sec-WebSocket-Version") != Some("13") {
        return Err(HttpError::WebSocketVersion);
    }
    let mut keys = request.fields.all("Sec-WebSocket-Key");
    match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key) => Ok(accept_key(key)),
        _ => Err(HttpError::Handshake("send one Sec-WebSocket-Key of 16 bytes in base64")),
    }
}

/// The value of `Sec-WebSocket-Accept` for a client's key (RFC 6455 section 4.2.2).
pub fn accept_key(key: &str) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut out = [0; 28];
    let written = STANDARD.encode_slice(digest, &mut out);
    debug_assert_eq!(written, Ok(28), "20 bytes are 28 characters of base64");
    out
}

/// Appends the 101 response; WebSocket frames follow it.
pub fn write_accepted(out: &mut Vec<u8>, accept: &[u8; 28]) -> Result<(), HeaderError> {
    let accept = std::str::from_utf8(accept).map_err(|_| HeaderError("Sec-WebSocket-Accept"))?;
    ResponseHead::new(out, Status::SwitchingProtocols)
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Accept", accept)
        .finish()
}

/// Whether it is 16 bytes in base64.
fn is_key(key: &str) -> bool {
    let mut bytes = [0; 18];
    key.len() == 24 && STANDARD.decode_slice(key, &mut bytes) == Ok(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Parsed, parse};

    fn handshake(line: &str, fields: &str) -> Result<[u8; 28], HttpError> {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{fields}\r\n\r\n"
        );
        match parse(head.as_bytes(), &Limits::default()) {
            Ok(Parsed::Request { request, .. }) => accept(&request),
            other => panic!("{other:?}"),
        }
    }

    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const VERSION: &str = "Sec-WebSocket-Version: 13";

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        let accept = handshake("GET /chat", &format!("{KEY}\r\n{VERSION}")).unwrap();
        assert_eq!(&accept, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let mut out = Vec::new();
        write_accepted(&mut out, &accept).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        );
    }

    #[test]
    fn broken_handshakes_are_refused_by_what_is_wrong() {
        let old = "Sec-WebSocket-Version: 8";
        assert_eq!(
            handshake("GET /", &format!("{KEY}\r\n{old}")),
            Err(HttpError::WebSocketVersion)
        );
        assert_eq!(handshake("GET /", KEY), Err(HttpError::WebSocketVersion));
        for (line, fields) in [
            ("GET /", VERSION.to_owned()),
            ("GET /", format!("{VERSION}\r\n{KEY}\r\n{KEY}")),
            ("GET /", format!("{VERSION}\r\nSec-WebSocket-Key: short")),
            ("GET /", format!("{VERSION}\r\nSec-WebSocket-Key: !!!!IHNhbXBsZSBub25jZQ==")),
            ("POST /", format!("{VERSION}\r\n{KEY}")),
            ("GET /", format!("{VERSION}\r\n{KEY}\r\nContent-Length: 1")),
        ] {
            assert!(matches!(handshake(line, &fields), Err(HttpError::Handshake(_))), "{fields}");
        }
    }
}
