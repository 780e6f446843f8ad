//! What a session says depends on the bytes that it gets, not on where they are cut: on an error too,
//! everything before it is the same.

use proptest::prelude::*;
use rtmp::client::{ClientSession, Config};
use rtmp::server::ServerSession;
use rtmp::{Error, Limits, Millis, Output, Url};

use crate::hostile::{after_handshake, request};
use crate::{Drained, accept, drain, pieces};

const NOW: Millis = Millis(7);
const SET_CHUNK_SIZE: u8 = 1;
const WINDOW_SIZE: u8 = 5;

/// One thing that a peer writes.
#[derive(Clone, Debug)]
enum Act {
    /// A message on this chunk stream, its type 0 header with this timestamp.
    Message { chunk_stream: u8, kind: u8, timestamp: u32, length: usize },
    /// A control message with a number.
    Control { chunk_stream: u8, kind: u8, timestamp: u32, number: u32 },
    /// What is hardly a message.
    Noise(Vec<u8>),
    /// A header that announces more than any message may have.
    TooLong,
}

/// Cuts messages into chunks by the chunk size that the peer announced.
struct Writer {
    chunk_size: usize,
    /// Whether later chunks repeat an extended timestamp, as specified, or leave it out.
    repeats: bool,
}

impl Writer {
    fn write(&mut self, act: &Act) -> Vec<u8> {
        match act {
            Act::Noise(bytes) => bytes.clone(),
            Act::TooLong => vec![6, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0],
            Act::Message { chunk_stream, kind, timestamp, length } => {
                self.chunks(*chunk_stream, *kind, *timestamp, &vec![7; *length])
            }
            Act::Control { chunk_stream, kind, timestamp, number } => {
                let bytes = self.chunks(*chunk_stream, *kind, *timestamp, &number.to_be_bytes());
                if *kind == SET_CHUNK_SIZE {
                    self.chunk_size = *number as usize;
                }
                bytes
            }
        }
    }

    fn chunks(&self, chunk_stream: u8, kind: u8, timestamp: u32, body: &[u8]) -> Vec<u8> {
        let extended = timestamp >= 0x00ff_ffff;
        let [_, t2, t1, t0] = timestamp.min(0x00ff_ffff).to_be_bytes();
        let [_, l2, l1, l0] = (body.len() as u32).to_be_bytes();
        let mut bytes = vec![chunk_stream, t2, t1, t0, l2, l1, l0, kind, 1, 0, 0, 0];
        for (index, chunk) in body.chunks(self.chunk_size).enumerate() {
            if index > 0 {
                bytes.push(0xc0 | chunk_stream);
            }
            if extended && (index == 0 || self.repeats) {
                bytes.extend_from_slice(&timestamp.to_be_bytes());
            }
            bytes.extend_from_slice(chunk);
        }
        bytes
    }
}

fn act() -> impl Strategy<Value = Act> {
    let chunk_stream = 2_u8..6;
    let timestamp = prop_oneof![3 => 0_u32..5000, 1 => 0x00ff_ffff_u32..0x0200_0000];
    let kind = prop_oneof![4 => 8_u8..10, 1 => 0_u8..24];
    let length = prop_oneof![0_usize..300, 9_000_usize..180_000];
    // A chunk size, or a window that may be smaller than what has come.
    let number = prop_oneof![1_u32..10, 100_u32..5000, Just(100_000)];
    let control = prop_oneof![Just(SET_CHUNK_SIZE), Just(WINDOW_SIZE)];
    prop_oneof![
        6 => (chunk_stream.clone(), kind, timestamp.clone(), length).prop_map(
            |(chunk_stream, kind, timestamp, length)| {
                Act::Message { chunk_stream, kind, timestamp, length }
            }
        ),
        4 => (chunk_stream, control, timestamp, number).prop_map(
            |(chunk_stream, kind, timestamp, number)| {
                Act::Control { chunk_stream, kind, timestamp, number }
            }
        ),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Act::Noise),
        1 => Just(Act::TooLong),
    ]
}

/// A peer's bytes behind the handshake.
fn written(acts: &[Act], repeats: bool) -> Vec<u8> {
    let mut writer = Writer { chunk_size: 128, repeats };
    acts.iter().flat_map(|act| writer.write(act)).collect()
}

/// Small bounds, so that some scripts reach them.
fn limits() -> Limits {
    Limits { max_partial_bytes: 250_000, max_held_bytes: 100_000, ..Limits::default() }
}

/// Feeds pieces up to the first error; everything that the session wants done then.
fn said<S, E>(
    session: &mut S,
    pieces: Vec<&[u8]>,
    input: impl Fn(&mut S, &[u8]) -> Result<(), Error>,
    mut poll: impl FnMut(&mut S) -> Option<Output<E>>,
) -> (Drained<E>, Result<(), Error>) {
    let mut result = Ok(());
    for piece in pieces {
        result = input(session, piece);
        if result.is_err() {
            break;
        }
    }
    (Drained::of(|| poll(session)), result)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        2 => prop::collection::vec(prop_oneof![1_usize..20, 1_usize..5000, Just(100_000)], 1..6),
        1 => Just(vec![1]),
    ]
}

fn client(bytes: &[u8], sizes: &[usize], play: bool) -> impl PartialEq {
    let config = Config { limits: limits(), ..Config::new(Url::parse("rtmp://h/a/key").unwrap()) };
    let new = if play { ClientSession::new_play } else { ClientSession::new_publish };
    let mut session = new(config, NOW, [1; 8]);
    said(
        &mut session,
        pieces(bytes, sizes),
        |client, bytes| client.handle_input(NOW, bytes),
        ClientSession::poll_output,
    )
}

/// With a publish accepted before `script` arrives, or without.
fn server(script: &[u8], sizes: &[usize], publish: bool) -> impl PartialEq {
    let mut session = ServerSession::new(limits(), NOW, [1; 8]);
    let mut bytes = after_handshake(&request(false));
    if publish {
        session.handle_input(NOW, &bytes).unwrap();
        let drained = drain(&mut session);
        assert!(accept(&mut session, &drained.events));
        bytes.clear();
    }
    bytes.extend_from_slice(script);
    said(
        &mut session,
        pieces(&bytes, sizes),
        |server, bytes| server.handle_input(NOW, bytes),
        ServerSession::poll_output,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_client_says_the_same_whatever_the_split(
        acts in prop::collection::vec(act(), 1..12),
        repeats in any::<bool>(),
        sizes in sizes(),
        play in any::<bool>(),
    ) {
        let bytes = after_handshake(&written(&acts, repeats));
        prop_assert!(client(&bytes, &sizes, play) == client(&bytes, &[usize::MAX], play));
    }

    #[test]
    fn a_server_says_the_same_whatever_the_split(
        acts in prop::collection::vec(act(), 1..12),
        repeats in any::<bool>(),
        sizes in sizes(),
        publish in any::<bool>(),
    ) {
        let bytes = written(&acts, repeats);
        prop_assert!(server(&bytes, &sizes, publish) == server(&bytes, &[usize::MAX], publish));
    }
}
