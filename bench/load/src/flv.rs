//! Players of FLV over HTTP and over WebSocket.

use std::cell::RefCell;
use std::rc::Rc;

use media::flv::{Reader, Tag};
use shard::Conn;

use crate::ended::Ended;
use crate::http::{self, Chunked, Head};
use crate::life::Life;
use crate::seat::Seat;
use crate::target::Protocol;
use crate::unpack::unpack;
use crate::websocket::{self, Frames};
use crate::wire;

/// Redirections in a row that are followed.
const MAX_REDIRECTIONS: usize = 3;

thread_local! {
    /// The tags of one read: every player uses it, none keeps it.
    static TAGS: RefCell<Vec<Tag>> = const { RefCell::new(Vec::new()) };
}

/// Plays until the connection ends.
pub(crate) async fn play(seat: &Rc<Seat>) -> Ended {
    try_play(seat).await.unwrap_or_else(|ended| ended)
}

async fn try_play(seat: &Rc<Seat>) -> Result<Ended, Ended> {
    let (conn, head, rest) = ask(seat).await?;
    seat.accepted();
    let mut body = Body::new(seat.target().protocol, &head)?;
    let mut reader = Reader::default();
    body.feed(&rest, |data| take(seat, &mut reader, data))?;
    loop {
        if let Some(pong) = body.take_pong() {
            wire::send(&conn, &pong).await?;
        }
        if seat.is_to_be_drained() {
            let now = seat.engine.plan.schedule.now();
            let life = match &body {
                Body::WebSocket(_) => Life::WebSocket { spoke: now },
                _ => Life::Silent,
            };
            return Ok(seat.drain(conn, life).await);
        }
        wire::readable(&conn).await?;
        wire::read(&conn, |bytes| {
            seat.received(bytes.len());
            body.feed(bytes, |data| take(seat, &mut reader, data))
        })?;
    }
}

/// Asks for the stream; gives the answer's head and what came behind it.
async fn ask(seat: &Seat) -> Result<(Conn, Head, Vec<u8>), Ended> {
    let target = seat.target();
    let fields = if target.protocol == Protocol::WsFlv { websocket::FIELDS } else { "" };
    let mut path = target.path.clone();
    for _ in 0..=MAX_REDIRECTIONS {
        let conn = seat.connect().await?;
        wire::send(&conn, http::get(&target.authority, &path, fields).as_bytes()).await?;
        let mut bytes = Vec::new();
        let (head, length) = loop {
            wire::readable(&conn).await?;
            wire::read(&conn, |new| {
                seat.received(new.len());
                bytes.extend_from_slice(new);
                Ok(())
            })?;
            if let Some(head) = http::parse_head(&bytes)? {
                break head;
            }
        };
        if let Some(elsewhere) = head.redirection(&target.authority) {
            elsewhere.clone_into(&mut path);
            continue;
        }
        if let Some(refusal) = head.refusal() {
            return Err(refusal);
        }
        return Ok((conn, head, bytes.split_off(length)));
    }
    Err(Ended::Refused("too many redirections".into()))
}

fn take(seat: &Seat, reader: &mut Reader, data: &[u8]) -> Result<(), Ended> {
    TAGS.with_borrow_mut(|tags| {
        let read = reader.push(data, tags);
        for tag in tags.drain(..) {
            let timestamp = i64::from(tag.timestamp_ms);
            unpack(tag.tag_type, timestamp, &tag.body, |arrival| seat.arrived(arrival));
        }
        Ok(read?)
    })
}

/// How the answer's body is framed.
enum Body {
    Plain,
    Chunked(Chunked),
    WebSocket(Frames),
}

impl Body {
    fn new(protocol: Protocol, head: &Head) -> Result<Self, Ended> {
        match (protocol, head.status) {
            (Protocol::WsFlv, 101) => Ok(Self::WebSocket(Frames::default())),
            (Protocol::WsFlv, status) => {
                Err(Ended::Refused(format!("HTTP {status} instead of a WebSocket")))
            }
            _ if head.chunked => Ok(Self::Chunked(Chunked::default())),
            _ => Ok(Self::Plain),
        }
    }

    fn feed(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        match self {
            Self::Plain => data(bytes),
            Self::WebSocket(frames) => frames.feed(bytes, data),
            Self::Chunked(chunked) => {
                chunked.feed(bytes, data)?;
                if chunked.is_over() { Err(Ended::closed()) } else { Ok(()) }
            }
        }
    }

    fn take_pong(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::WebSocket(frames) => frames.take_pong(),
            _ => None,
        }
    }
}
