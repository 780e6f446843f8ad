//! Sessions against each other, against an independent implementation, and against noise.

#![allow(clippy::unwrap_used, reason = "a failed test is a panic")]

mod hostile;
mod pair;
mod rml;
mod splits;

use rtmp::server::{Event, ServerSession};
use rtmp::{Limits, MediaKind, Millis, Output, media_header};

/// What a session wanted until it had nothing more to say.
#[derive(Clone, Debug, PartialEq)]
struct Drained<E> {
    sent: Vec<u8>,
    events: Vec<E>,
    closed: bool,
}

impl<E> Drained<E> {
    fn of(mut poll: impl FnMut() -> Option<Output<E>>) -> Self {
        let mut drained = Self { sent: Vec::new(), events: Vec::new(), closed: false };
        while let Some(output) = poll() {
            assert!(!drained.closed, "nothing follows the close");
            match output {
                Output::Send(bytes) => drained.sent.extend_from_slice(&bytes),
                Output::Event(event) => drained.events.push(event),
                Output::Close => drained.closed = true,
            }
        }
        drained
    }
}

fn server() -> ServerSession {
    ServerSession::new(Limits::default(), Millis(0), *b"randomly")
}

fn drain(server: &mut ServerSession) -> Drained<Event> {
    Drained::of(|| server.poll_output())
}

/// Accepts what the client asked for, if it did.
fn accept(server: &mut ServerSession, events: &[Event]) -> bool {
    events.iter().any(|event| match event {
        Event::Publish { request, .. } => server.accept_publish(*request),
        Event::Play { request, .. } => server.accept_play(*request),
        _ => false,
    })
}

/// Some media: kinds, timestamps and bodies, small and large.
fn media() -> Vec<(MediaKind, i64, Vec<u8>)> {
    vec![
        (MediaKind::Data, 0, vec![2, 0, 1, b'x']),
        (MediaKind::Video, 0, vec![0x17, 0, 0, 0, 0, 1, 2, 3]),
        (MediaKind::Audio, 0, vec![0xaf, 0, 0x12, 0x10]),
        (MediaKind::Video, 40, (0..100_000_u32).map(|n| n as u8).collect()),
        (MediaKind::Audio, 45, vec![7; 300]),
        (MediaKind::Video, 0x00ff_ffff, vec![8; 9000]),
        (MediaKind::Audio, 0x0100_0000, vec![9; 1]),
        (MediaKind::Video, 0xffff_fff0, vec![10; 5000]),
        (MediaKind::Video, 0x1_0000_0010, vec![11; 5000]),
    ]
}

fn server_event(kind: MediaKind, timestamp: i64, body: Vec<u8>) -> Event {
    let body = body.into();
    match kind {
        MediaKind::Audio => Event::Audio { timestamp, body },
        MediaKind::Video => Event::Video { timestamp, body },
        MediaKind::Data => Event::Data { timestamp, body },
    }
}

/// Media as the server's caller sends it to every player.
fn played() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, timestamp, body) in media() {
        let header = media_header(kind, timestamp as u32, body.len()).unwrap();
        bytes.extend_from_slice(header.as_slice());
        bytes.extend_from_slice(&body);
    }
    bytes
}

/// Cuts bytes into pieces of these sizes, over and over.
fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
