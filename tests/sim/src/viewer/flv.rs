use media::Kind;
use media::flv::{Reader, TagType};
use shard::sim::Way;
use stream::control::StreamId;

use super::{Follow, Message, Truth};
use crate::server::HTTP;
use crate::trace::{broken, check, note};
use crate::wire::Wire;

/// A viewer by HTTP-FLV, or by FLV in a WebSocket.
#[derive(Debug)]
pub(crate) struct FlvViewer {
    pub(crate) wire: Wire,
    pub(crate) follow: Follow,
    websocket: bool,
    /// What came before it could be read.
    carry: Vec<u8>,
    /// `None` before the response's head.
    status: Option<u16>,
    reader: Reader,
    pub(crate) is_over: bool,
    /// Pings that were not answered yet.
    pings: u32,
}

impl FlvViewer {
    pub(crate) fn connect(
        shard: usize,
        (stream, id): (usize, &StreamId),
        way: Way,
        pace: usize,
        websocket: bool,
    ) -> Self {
        let mut wire = Wire::connect(shard, HTTP, way, pace);
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let upgrade = if websocket { upgrade } else { "" };
        let request = format!("GET /live/{id}.flv HTTP/1.1\r\nHost: example.org\r\n{upgrade}\r\n");
        wire.send(request.as_bytes());
        Self {
            wire,
            follow: Follow::new(shard, stream),
            websocket,
            carry: Vec::new(),
            status: None,
            reader: Reader::default(),
            is_over: false,
            pings: 0,
        }
    }

    /// Whether the server has begun to send the stream.
    pub(crate) fn is_playing(&self) -> bool {
        matches!(self.status, Some(200 | 101))
    }

    /// Takes what came; whether anything happened.
    pub(crate) fn pump(&mut self, truth: Truth<'_>) -> bool {
        if self.is_over || self.wire.is_cut {
            return false;
        }
        let mut any = self.wire.flush();
        let bytes = self.wire.read();
        any |= !bytes.is_empty();
        self.carry.extend_from_slice(&bytes);
        if self.status.is_none() {
            self.head();
        }
        if self.is_playing() {
            let bytes =
                if self.websocket { self.frames() } else { std::mem::take(&mut self.carry) };
            self.tags(&bytes, truth);
        }
        self.is_over |= self.wire.end().is_some();
        any
    }

    pub(crate) fn next_due(&self) -> Option<u64> {
        self.wire.next_due().filter(|_| !self.is_over && !self.wire.is_cut)
    }

    /// Sends a ping, which is answered between two frames.
    pub(crate) fn ping(&mut self) {
        if self.websocket && self.is_playing() {
            self.pings += 1;
            // An empty ping under a mask of zeros.
            self.wire.send(&[0x89, 0x80, 0, 0, 0, 0]);
        }
    }

    fn head(&mut self) {
        let Some(end) = self.carry.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return;
        };
        let head = String::from_utf8_lossy(&self.carry[..end]).into_owned();
        self.carry.drain(..end + 4);
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        note!("an FLV viewer of stream {} is answered {status:?}", self.follow.stream);
        check!(matches!(status, Some(200 | 101 | 404 | 503)), "an FLV viewer was answered: {head}");
        self.status = status;
        self.follow.sent_away = status == Some(404);
        self.follow.refused = status == Some(503);
    }

    /// The payload of the WebSocket frames that are whole.
    fn frames(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some([first, second]) = self.carry.first_chunk::<2>().copied() {
            let (start, len) = match second {
                126 => match self.carry.get(2..4) {
                    Some(len) => (4, usize::from(len[0]) << 8 | usize::from(len[1])),
                    None => break,
                },
                short => (2, usize::from(short)),
            };
            let Some(payload) = self.carry.get(start..start + len) else { break };
            match first {
                0x82 => out.extend_from_slice(payload),
                0x88 => note!("a WebSocket viewer is told to go"),
                0x8a => {
                    check!(self.pings > 0, "a pong came without a ping");
                    self.pings = self.pings.saturating_sub(1);
                }
                other => broken!("a WebSocket viewer got a frame that begins with {other:#x}"),
            }
            self.carry.drain(..start + len);
        }
        out
    }

    fn tags(&mut self, bytes: &[u8], truth: Truth<'_>) {
        let mut tags = Vec::new();
        if let Err(error) = self.reader.push(bytes, &mut tags) {
            broken!("an FLV viewer got no FLV: {error}");
        }
        for tag in tags {
            let kind = match tag.tag_type {
                TagType::Video => Some(Kind::Video),
                TagType::Audio => Some(Kind::Audio),
                TagType::ScriptData => None,
            };
            let message = Message { kind, time_ms: tag.timestamp_ms, body: &tag.body };
            self.follow.message(message, truth);
        }
    }
}
