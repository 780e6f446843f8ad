use std::collections::VecDeque;

use bytes::BytesMut;

use crate::aggregate::Aggregate;
use crate::chunk::{ChunkReader, DEFAULT_CHUNK_SIZE, write_message};
use crate::control::{self, UserControl};
use crate::handshake::{ClientHandshake, ServerHandshake};
use crate::message::{Kind, Message};
use crate::receipts::{Receipts, WINDOW};
use crate::watchdog::{Activity, Watchdog};
use crate::{Error, Limits, Millis, Output};

/// What both ends of a connection do alike: shake hands, read and write messages, acknowledge, answer
/// pings, watch the time, and queue what the caller is to do.
#[derive(Debug)]
pub(crate) struct Link<E> {
    limits: Limits,
    now: Millis,
    handshake: Option<Handshake>,
    reader: ChunkReader,
    aggregate: Option<Aggregate>,
    receipts: Receipts,
    /// The window that we announced to the peer.
    window: u32,
    watchdog: Watchdog,
    requests: Requests,
    round_trip: Option<u32>,
    chunk_size: usize,
    out: BytesMut,
    events: VecDeque<E>,
    end: End,
    failure: Option<Error>,
}

#[derive(Debug)]
pub(crate) enum Handshake {
    Server(ServerHandshake),
    Client(ClientHandshake),
}

/// Chunk streams of what sessions send themselves; media has others.
pub(crate) mod chunk_stream {
    pub(crate) const CONTROL: u8 = 2;
    pub(crate) const CONNECTION: u8 = 3;
    pub(crate) const STREAM: u8 = 5;
}

/// How far the session is from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Closing,
    Told,
}

/// Counts what the peer wants answered, second by second.
#[derive(Clone, Copy, Debug, Default)]
struct Requests {
    since: Millis,
    count: u32,
}

impl<E> Link<E> {
    pub(crate) fn new(limits: Limits, now: Millis, handshake: Handshake, out: BytesMut) -> Self {
        Self {
            now,
            handshake: Some(handshake),
            reader: ChunkReader::new(&limits),
            aggregate: None,
            receipts: Receipts::default(),
            window: WINDOW,
            watchdog: Watchdog::new(&limits, now),
            requests: Requests::default(),
            round_trip: None,
            chunk_size: DEFAULT_CHUNK_SIZE,
            out,
            events: VecDeque::new(),
            end: End::Open,
            failure: None,
            limits,
        }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn now(&self) -> Millis {
        self.now
    }

    pub(crate) const fn is_shaking_hands(&self) -> bool {
        self.handshake.is_some()
    }

    /// The last measured time from a ping to its answer, in milliseconds.
    pub(crate) const fn round_trip(&self) -> Option<u32> {
        self.round_trip
    }

    /// Before the messages of a new piece of input are taken: the error that ended the session earlier,
    /// if one did, and whether there is anything to do.
    pub(crate) fn begin_input(&mut self, now: Millis, input: &[u8]) -> Result<bool, Error> {
        self.check_failure()?;
        self.now = self.now.max(now);
        if !input.is_empty() {
            self.watchdog.fed(self.now);
        }
        Ok(self.end == End::Open)
    }

    /// Takes what belongs to the handshake; true when that is done, now or earlier. What a session sends
    /// then is to be sent before the first message is read, which may be an error.
    pub(crate) fn shake_hands(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        let done = match &mut self.handshake {
            None => return Ok(true),
            Some(Handshake::Server(handshake)) => handshake.input(input, &mut self.out)?,
            Some(Handshake::Client(handshake)) => handshake.input(input, &mut self.out)?,
        };
        if done {
            self.handshake = None;
        }
        Ok(done)
    }

    /// The next message behind the handshake that is the session's to handle; `None` when `input` is
    /// used up.
    pub(crate) fn next_message(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        loop {
            if let Some(parts) = &mut self.aggregate {
                if let Some(part) = parts.next()? {
                    return Ok(Some(part));
                }
                self.aggregate = None;
            }
            let Some(message) = self.read_message(input)? else {
                if input.is_empty() {
                    return Ok(None);
                }
                continue;
            };
            if let Some(message) = self.absorb(message)? {
                return Ok(Some(message));
            }
        }
    }

    /// Records the error that ends the session, so that it is told again to who asks again.
    pub(crate) fn fail<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &result {
            self.failure = Some(error.clone());
        }
        result
    }

    /// Reads up to the next message, or to the byte that is to be acknowledged: so what is sent depends
    /// on the bytes alone, not on their split.
    fn read_message(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        let piece = &input[..input.len().min(self.receipts.until_due())];
        let mut left = piece;
        let message = self.reader.read(&mut left)?;
        let taken = piece.len() - left.len();
        *input = &input[taken..];
        if let Some(sequence) = self.receipts.count(taken) {
            self.send_control(Kind::Acknowledgement, &sequence.to_be_bytes());
        }
        Ok(message)
    }

    /// Handles what concerns the connection itself; everything else is passed on.
    fn absorb(&mut self, message: Message) -> Result<Option<Message>, Error> {
        match message.kind {
            Kind::SetChunkSize => self.reader.set_chunk_size(control::chunk_size(&message)?),
            Kind::Abort => self.reader.abort(control::number(&message)?),
            Kind::WindowSize => self.receipts.set_window(control::number(&message)?),
            Kind::PeerBandwidth => {
                let window = control::number(&message)?;
                if window != self.window {
                    self.count_request()?;
                    self.window = window;
                    self.send_control(Kind::WindowSize, &window.to_be_bytes());
                }
            }
            Kind::UserControl => match UserControl::parse(&message)? {
                UserControl::PingRequest(number) => {
                    self.count_request()?;
                    self.send_user_control(UserControl::PingResponse(number));
                }
                UserControl::PingResponse(number) => {
                    self.round_trip = Some((self.now.0 as u32).wrapping_sub(number));
                }
                _ => return Ok(Some(message)),
            },
            Kind::Aggregate => self.aggregate = Some(Aggregate::new(message)),
            Kind::Acknowledgement | Kind::Other(_) => {}
            _ => return Ok(Some(message)),
        }
        Ok(None)
    }

    /// Counts something that the peer wants answered.
    pub(crate) fn count_request(&mut self) -> Result<(), Error> {
        if self.now.0 - self.requests.since.0 >= 1000 {
            self.requests = Requests { since: self.now, count: 0 };
        }
        self.requests.count += 1;
        let limit = self.limits.max_requests_per_second;
        if self.requests.count > limit { Err(Error::TooManyRequests(limit)) } else { Ok(()) }
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis, activity: Activity) -> Result<(), Error> {
        self.check_failure()?;
        self.now = self.now.max(now);
        if self.end == End::Open {
            let checked = self.watchdog.check(self.now, activity);
            if self.fail(checked)? {
                self.ping();
            }
        }
        Ok(())
    }

    pub(crate) fn next_timeout(&self, activity: Activity) -> Option<Millis> {
        let running = self.end == End::Open && self.failure.is_none();
        running.then(|| self.watchdog.next(activity))
    }

    /// Asks for a sign of life, with the time as the number to answer with.
    pub(crate) fn ping(&mut self) {
        if !self.is_shaking_hands() {
            self.send_user_control(UserControl::PingRequest(self.now.0 as u32));
        }
    }

    pub(crate) fn set_now(&mut self, now: Millis) {
        self.now = self.now.max(now);
    }

    /// Announces the size of our chunks from here on.
    pub(crate) fn set_chunk_size(&mut self, size: usize) {
        self.send_control(Kind::SetChunkSize, &(size as u32).to_be_bytes());
        self.chunk_size = size;
    }

    pub(crate) fn send_control(&mut self, kind: Kind, body: &[u8]) {
        self.send(chunk_stream::CONTROL, (kind, 0, 0), body);
    }

    pub(crate) fn send_user_control(&mut self, event: UserControl) {
        self.send_control(Kind::UserControl, &event.to_body());
    }

    /// Sends a command on the connection (stream 0) or on one of its message streams.
    pub(crate) fn send_command(&mut self, stream: u32, body: &[u8]) {
        let chunk_stream =
            if stream == 0 { chunk_stream::CONNECTION } else { chunk_stream::STREAM };
        self.send(chunk_stream, (Kind::Command, stream, 0), body);
    }

    /// Sends any message: its type, message stream and timestamp, and its body.
    pub(crate) fn send(&mut self, chunk_stream: u8, header: (Kind, u32, u32), body: &[u8]) {
        if self.end == End::Open {
            write_message(&mut self.out, self.chunk_size, chunk_stream, header, body);
        }
    }

    pub(crate) fn push(&mut self, event: E) -> Result<(), Error> {
        let limit = self.limits.max_events;
        if self.events.len() >= limit {
            return Err(Error::TooManyEvents(limit));
        }
        self.events.push_back(event);
        Ok(())
    }

    /// Queues events that were held back, and so are bounded already.
    pub(crate) fn extend(&mut self, events: Vec<E>) {
        self.events.extend(events);
    }

    /// Nothing more is taken or sent; what is queued still leaves.
    pub(crate) fn close(&mut self) {
        if self.end == End::Open {
            self.end = End::Closing;
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.end != End::Open
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output<E>> {
        if !self.out.is_empty() {
            // Whole, so that an idle session keeps no buffer.
            return Some(Output::Send(std::mem::take(&mut self.out).freeze()));
        }
        if let Some(event) = self.events.pop_front() {
            return Some(Output::Event(event));
        }
        if self.end == End::Closing {
            self.end = End::Told;
            return Some(Output::Close);
        }
        None
    }

    fn check_failure(&self) -> Result<(), Error> {
        self.failure.clone().map_or(Ok(()), Err)
    }
}
