//! A WebSocket client that only listens (RFC 6455), for FLV over WebSocket.

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

use crate::http::Client;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The longest frame that is taken, in bytes.
const MAX_FRAME: u64 = 16 << 20;

/// What a frame is.
const CONTINUATION: u8 = 0;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

/// A connected listener. Reading gives the payloads of its binary messages as one run of bytes.
#[derive(Debug)]
pub struct Listener {
    client: Client,
    left: u64,
}

impl Listener {
    /// Opens a WebSocket; panics when the server does not accept it by the book.
    #[track_caller]
    pub fn open(port: u16, target: &str) -> Self {
        let mut client = Client::connect(port).expect("the server accepts connections");
        let key = format!("Sec-WebSocket-Key: {KEY}");
        let fields = [
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            key.as_str(),
        ];
        client.send("GET", target, &fields).expect("a request is sent");
        let head = client.receive_head().expect("an answer");
        assert_eq!(head.status, 101, "{head:?}");
        let accept = BASE64_STANDARD.encode(Sha1::digest(format!("{KEY}{SALT}")));
        assert_eq!(head.field("sec-websocket-accept"), Some(accept.as_str()), "{head:?}");
        Self { client, left: 0 }
    }

    /// Sends a ping with this payload, masked by zero.
    pub fn ping(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x89, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.client.send_raw(&frame)
    }

    /// Begins the next frame with data; `false` when the server closes.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            let mut head = [0; 2];
            self.client.read_exact(&mut head)?;
            if head[1] & 0x80 != 0 {
                return Err(io::Error::other("a server must not mask"));
            }
            let length = match head[1] {
                126 => self.number(2)?,
                127 => self.number(8)?,
                small => u64::from(small),
            };
            if length > MAX_FRAME {
                return Err(io::Error::other(format!("a frame of {length} bytes")));
            }
            match head[0] & 0x0f {
                CONTINUATION | BINARY => {
                    self.left = length;
                    return Ok(true);
                }
                CLOSE => return Ok(false),
                _ => self.client.read_exact(&mut vec![0; length as usize])?,
            }
        }
    }

    fn number(&mut self, bytes: usize) -> io::Result<u64> {
        let mut buffer = [0; 8];
        self.client.read_exact(&mut buffer[8 - bytes..])?;
        Ok(u64::from_be_bytes(buffer))
    }
}

impl io::Read for Listener {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            if !self.begin()? {
                return Ok(0);
            }
        }
        let most = buffer.len().min(self.left as usize);
        let count = self.client.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}
