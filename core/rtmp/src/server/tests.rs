use bytes::BytesMut;
use media::amf0::Value;
use proptest::prelude::*;

use super::*;
use crate::chunk::{ChunkReader, write_message};
use crate::command::{Command, command};
use crate::control::UserControl;
use crate::media_header::OUT_CHUNK_SIZE;

mod connection;
mod limits;
mod play;
mod publish;

/// A session behind its handshake, and a hand that writes to it.
struct Hand {
    session: ServerSession,
    reader: ChunkReader,
    now: Millis,
}

impl Hand {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let mut session = ServerSession::new(limits, Millis(0), [0; 8]);
        let mut hello = vec![3];
        hello.resize(1 + 2 * 1536, 0);
        session.handle_input(Millis(0), &hello).unwrap();
        let Some(Output::Send(answer)) = session.poll_output() else { panic!() };
        assert_eq!(answer.len(), 1 + 2 * 1536);
        Self { session, reader: ChunkReader::new(&Limits::default()), now: Millis(0) }
    }

    fn connected() -> Self {
        let mut hand = Self::new();
        hand.connect(&[]).unwrap();
        hand.drain();
        hand
    }

    /// With one stream created and its publish asked for.
    fn asking(name: &str) -> (Self, RequestId) {
        let mut hand = Self::connected();
        hand.call(0, "createStream", 4.0, &[]).unwrap();
        let publish = [Value::Null, Value::string(name), Value::string("live")];
        hand.call(1, "publish", 5.0, &publish).unwrap();
        let events = hand.drain().events;
        let Some(Event::Publish { request, .. }) = events.first() else { panic!("{events:?}") };
        (hand, *request)
    }

    fn publishing() -> Self {
        let (mut hand, request) = Self::asking("key");
        assert!(hand.session.accept_publish(request));
        hand.drain();
        hand
    }

    fn playing() -> Self {
        let mut hand = Self::connected();
        hand.call(0, "createStream", 2.0, &[]).unwrap();
        hand.call(1, "play", 0.0, &[Value::Null, Value::string("id")]).unwrap();
        let Some(Event::Play { request, .. }) = hand.drain().events.pop() else { panic!() };
        assert!(hand.session.accept_play(request));
        hand.drain();
        hand
    }

    fn connect(&mut self, extra: &[(&str, Value)]) -> Result<(), Error> {
        let mut object = vec![("app".to_string(), Value::string("live"))];
        object.extend(extra.iter().map(|(name, value)| ((*name).to_string(), value.clone())));
        self.call(0, "connect", 1.0, &[Value::Object(object)])
    }

    fn call(&mut self, stream: u32, name: &str, id: f64, values: &[Value]) -> Result<(), Error> {
        self.send(Kind::Command, stream, 0, &command(name, id, values))
    }

    fn send(&mut self, kind: Kind, stream: u32, time: u32, body: &[u8]) -> Result<(), Error> {
        let mut out = BytesMut::new();
        write_message(&mut out, 128, 3, (kind, stream, time), body);
        self.session.handle_input(self.now, &out)
    }

    fn drain(&mut self) -> Drained {
        let mut drained = Drained::default();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(bytes) => {
                    let mut input = &bytes[..];
                    while let Some(message) = self.reader.read(&mut input).unwrap() {
                        if message.kind == Kind::SetChunkSize {
                            self.reader
                                .set_chunk_size(crate::control::chunk_size(&message).unwrap());
                        }
                        drained.messages.push(message);
                    }
                }
                Output::Event(event) => drained.events.push(event),
                Output::Close => drained.closed = true,
            }
        }
        drained
    }
}

#[derive(Default)]
struct Drained {
    messages: Vec<Message>,
    events: Vec<Event>,
    closed: bool,
}

impl Drained {
    fn commands(&self) -> Vec<(u32, Command)> {
        let commands = self.messages.iter().filter(|m| m.kind == Kind::Command);
        commands.map(|m| (m.stream, Command::parse(&m.body).unwrap())).collect()
    }

    /// Streams and codes of all statuses.
    fn statuses(&self) -> Vec<(u32, String)> {
        let commands = self.commands().into_iter();
        let statuses = commands.filter(|(_, command)| command.name == "onStatus");
        statuses
            .map(|(stream, status)| {
                (stream, status.arguments[0].get("code").unwrap().as_str().unwrap().to_string())
            })
            .collect()
    }
}

fn status(stream: u32, code: &str) -> (u32, String) {
    (stream, code.to_string())
}

proptest! {
    #[test]
    fn no_messages_panic(
        messages in prop::collection::vec(
            (0_u8..24, 0_u32..3, any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)),
            0..30,
        ),
        accept in any::<bool>(),
    ) {
        let mut hand = if accept { Hand::publishing() } else { Hand::playing() };
        for (kind, stream, time, body) in messages {
            // The hand's own writer does not know of a changed chunk size.
            if kind != 1 && hand.send(Kind::from_u8(kind), stream, time, &body).is_err() {
                break;
            }
        }
        while hand.session.poll_output().is_some() {}
    }
}
