use std::fmt::Debug;

use media::amf0::{self, Value};
use rtmp::{Error, Limits, Millis, Output};

use crate::input::{Input, pieces};

pub(super) const SET_CHUNK_SIZE: u8 = 1;
pub(super) const COMMAND: u8 = 20;

/// Writes messages as a peer would, by the chunk size that it has announced.
pub(super) struct Writer {
    chunk_size: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { chunk_size: 128 }
    }

    /// A message in chunks, the first with a whole header.
    pub(super) fn message(&mut self, kind: u8, stream: u8, timestamp: u32, body: &[u8]) -> Vec<u8> {
        let chunk_stream = 3 + kind % 4;
        let mut out = vec![chunk_stream];
        out.extend_from_slice(&timestamp.min(0x00ff_ffff).to_be_bytes()[1..]);
        out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
        out.extend_from_slice(&[kind, stream, 0, 0, 0]);
        for (index, chunk) in body.chunks(self.chunk_size).enumerate() {
            if index > 0 {
                out.push(0xc0 | chunk_stream);
            }
            if timestamp >= 0x00ff_ffff {
                out.extend_from_slice(&timestamp.to_be_bytes());
            }
            out.extend_from_slice(chunk);
        }
        if let (SET_CHUNK_SIZE, Some(size)) = (kind, body.first_chunk()) {
            self.chunk_size = (u32::from_be_bytes(*size) as usize).clamp(1, 1 << 20);
        }
        out
    }

    pub(super) fn command(&mut self, name: &str, stream: u8, values: &[Value]) -> Vec<u8> {
        let mut body = Vec::new();
        amf0::write_string(name, &mut body);
        for value in values {
            amf0::write(value, &mut body);
        }
        self.message(COMMAND, stream, 0, &body)
    }

    /// A control message with a number, or with a user control event in front of it.
    pub(super) fn control(&mut self, input: &mut Input<'_>) -> Vec<u8> {
        let kind = 1 + input.u8() % 6;
        let event = u16::from(input.u8() % 8);
        let number = [input.u32(), u32::from(input.u8())][input.below(2)];
        let body = match kind {
            4 => [&event.to_be_bytes()[..], &number.to_be_bytes()].concat(),
            6 => [&number.to_be_bytes()[..], &[input.u8()]].concat(),
            _ => number.to_be_bytes().to_vec(),
        };
        self.message(kind, 0, 0, &body)
    }

    /// An audio, video, data or aggregate message.
    pub(super) fn media(&mut self, input: &mut Input<'_>) -> Vec<u8> {
        let kind = [8, 9, 18, 15, 22][input.below(5)];
        let stream = input.u8() % 4;
        let timestamp = if input.flag() { input.u32() } else { u32::from(input.u16()) };
        let len = input.u8();
        self.message(kind, stream, timestamp, input.bytes(usize::from(len)))
    }
}

/// Small bounds, so that short inputs reach them.
pub(super) fn limits(choice: u8) -> Limits {
    if choice & 1 == 0 {
        return Limits::default();
    }
    Limits {
        max_media_message: 4096,
        max_other_message: 2048,
        max_partial_bytes: 8192,
        max_chunk_streams: 4 + usize::from(choice >> 6),
        max_message_streams: 2,
        max_requests_per_second: 20,
        max_held_bytes: 600,
        max_events: 65_536,
        max_name: 40,
        ..Limits::default()
    }
}

/// What a session said in answer to one step of a script.
#[derive(Debug, PartialEq)]
pub(super) struct Said<E> {
    pub(super) sent: Vec<u8>,
    pub(super) events: Vec<E>,
    pub(super) closed: bool,
    pub(super) error: Option<Error>,
}

impl<E: Debug> Said<E> {
    pub(super) fn new() -> Self {
        Self { sent: Vec::new(), events: Vec::new(), closed: false, error: None }
    }

    /// Takes everything that a session wants done.
    pub(super) fn drain(&mut self, mut poll: impl FnMut() -> Option<Output<E>>) {
        while let Some(output) = poll() {
            assert!(!self.closed, "something came behind the end");
            match output {
                Output::Send(bytes) => {
                    assert!(!bytes.is_empty(), "nothing is to be sent");
                    self.sent.extend_from_slice(&bytes);
                }
                Output::Event(event) => self.events.push(event),
                Output::Close => self.closed = true,
            }
        }
    }

    pub(super) fn fail(&mut self, result: Result<(), Error>) {
        self.error = result.err();
    }

    /// Fails when what was said would show the `secret` in a log.
    pub(super) fn keeps(&self, secret: &str) {
        let shown = format!("{:?} {:?}", self.events, self.error);
        assert!(!shown.contains(secret), "a stream name is shown: {shown}");
    }
}

/// The sessions' common face.
pub(super) trait Session {
    type Event: Debug + PartialEq;
    fn input(&mut self, now: Millis, bytes: &[u8]) -> Result<(), Error>;
    fn timeout(&mut self, now: Millis) -> Result<(), Error>;
    fn next_timeout(&self) -> Option<Millis>;
    fn poll(&mut self) -> Option<Output<Self::Event>>;
    fn is_closing(&self) -> bool;
}

/// Feeds `bytes` in pieces and takes what is said after each.
pub(super) fn feed<S: Session>(
    session: &mut S,
    now: Millis,
    bytes: &[u8],
    seed: u16,
) -> Said<S::Event> {
    let mut said = Said::new();
    for piece in pieces(bytes, seed) {
        let result = session.input(now, piece);
        said.fail(result);
        said.drain(|| session.poll());
        if let Some(error) = &said.error {
            assert_eq!(session.input(now, piece).as_ref(), Err(error), "the error is not repeated");
            break;
        }
    }
    said
}

/// Lets time pass to `now`, as a caller with a timer would.
pub(super) fn wait<S: Session>(session: &mut S, now: Millis) -> Said<S::Event> {
    let mut said = Said::new();
    while let Some(due) = session.next_timeout().filter(|due| *due <= now) {
        let result = session.timeout(due);
        said.fail(result);
        said.drain(|| session.poll());
        if said.error.is_some() || session.is_closing() {
            break;
        }
        let next = session.next_timeout();
        assert!(next.is_none_or(|next| next > due), "the timer fires for ever");
    }
    said
}
