use media::amf0::Value;
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Error, Millis, Output, Url};

use super::wire::{Said, Session, Writer, feed, limits, wait};
use crate::input::{Input, mark};

const CODES: [&str; 8] = [
    "NetStream.Publish.Start",
    "NetStream.Play.Start",
    "NetStream.Publish.BadName",
    "NetStream.Play.Stop",
    "NetStream.Play.UnpublishNotify",
    "NetStream.Play.Reset",
    "NetConnection.Connect.Success",
    "NetConnection.Connect.Rejected",
];

/// A server's bytes to a publisher or player.
///
/// Where they are cut changes neither what is sent nor what is told; events come in an order that makes
/// sense; an error stays; the stream's name is not shown.
pub(crate) fn rtmp_client(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.u8();
    let seed = input.u16();
    let script = script(choice, &mut input);
    let name = mark(data);
    let whole = run(choice, &script, 0, &name);
    for said in &whole {
        said.keeps(&name);
    }
    let cut = run(choice, &script, seed, &name);
    assert_eq!(cut, whole, "the cuts changed what was said");
}

enum Step {
    Bytes(Vec<u8>),
    Wait(u64),
    Send { kind: u8, timestamp: u32, len: usize },
    Ping,
    Stop,
}

fn script(choice: u8, input: &mut Input<'_>) -> Vec<Step> {
    let mut writer = Writer::new();
    let mut script = Vec::new();
    if choice & 2 == 0 {
        script.push(Step::Bytes([&[3][..], &[0; 2 * 1536]].concat()));
    }
    while !input.is_empty() {
        script.push(match input.u8() & 15 {
            0 => {
                let len = input.u16() & 1023;
                Step::Bytes(input.bytes(usize::from(len)).to_vec())
            }
            1 => Step::Bytes(writer.control(input)),
            2..5 => Step::Bytes(writer.media(input)),
            5..11 => Step::Bytes(command(&mut writer, input)),
            11 => Step::Wait(u64::from(input.u16()) << (input.u8() & 7)),
            12..14 => {
                let (kind, timestamp) = (input.u8() % 3, input.u32());
                Step::Send { kind, timestamp, len: usize::from(input.u8()) }
            }
            14 => Step::Ping,
            _ => Step::Stop,
        });
    }
    script
}

fn command(writer: &mut Writer, input: &mut Input<'_>) -> Vec<u8> {
    let choice = input.u8();
    let stream = input.u8() % 4;
    let transaction = Value::Number(f64::from(choice >> 5));
    match choice & 7 {
        0..3 => {
            let number = if input.flag() { f64::from(stream) } else { -1e300 };
            let values = [transaction, Value::Null, Value::Number(number)];
            writer.command("_result", stream, &values)
        }
        3 => writer.command("_error", stream, &[transaction, Value::Null, Value::Null]),
        4..7 => {
            let level = if input.u8() < 200 { "status" } else { "error" };
            let code = CODES[input.below(CODES.len())];
            let information = Value::Object(vec![
                ("level".into(), Value::string(level)),
                ("code".into(), Value::string(code)),
            ]);
            writer.command("onStatus", stream, &[transaction, Value::Null, information])
        }
        _ => writer.command("onBWDone", stream, &[transaction, Value::Null]),
    }
}

/// How far the caller of a session knows it to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asking,
    Active,
    Over,
}

fn run(choice: u8, script: &[Step], seed: u16, name: &str) -> Vec<Said<Event>> {
    let publish = choice & 4 == 0;
    let url = format!("rtmp://example.com/live/{name}");
    let mut config = Config::new(Url::parse(&url).expect("it is a URL"));
    config.limits = limits(choice);
    config.chunk_size = 1 + usize::from(choice) * 16;
    config.sign_handshake = choice & 8 != 0;
    let mut now = Millis(5000);
    let mut session = if publish {
        ClientSession::new_publish(config, now, *b"12345678")
    } else {
        ClientSession::new_play(config, now, *b"12345678")
    };
    let (mut state, mut all, mut closed) = (State::Asking, Vec::new(), false);
    for step in script {
        let mut said = Said::new();
        match step {
            Step::Bytes(bytes) => said = feed(&mut session, now, bytes, seed),
            Step::Wait(ms) => {
                now = Millis(now.0 + ms);
                said = wait(&mut session, now);
            }
            Step::Send { kind, timestamp, len } => {
                let (timestamp, body) = (i64::from(*timestamp), vec![7; *len]);
                let sent = match kind {
                    0 => session.send_audio(timestamp, &body),
                    1 => session.send_video(timestamp, &body),
                    _ => session.send_data(timestamp, &body),
                };
                assert_eq!(sent, publish && state == State::Active, "sent while {state:?}");
            }
            Step::Ping => session.ping(now),
            Step::Stop => {
                session.stop();
                state = State::Over;
            }
        }
        said.drain(|| session.poll_output());
        for event in &said.events {
            state = after(state, publish, event);
        }
        assert!(!closed || (said.sent.is_empty() && said.events.is_empty() && !said.closed));
        closed |= said.closed;
        all.push(said);
    }
    all
}

fn after(state: State, publish: bool, event: &Event) -> State {
    match event {
        Event::Publishing | Event::Playing => {
            assert_eq!((state, matches!(event, Event::Publishing)), (State::Asking, publish));
            State::Active
        }
        Event::Rejected { .. } => {
            assert_eq!(state, State::Asking);
            State::Over
        }
        Event::Ended { .. } => {
            assert_eq!(state, State::Active);
            State::Over
        }
        Event::Audio { body, .. } | Event::Video { body, .. } | Event::Data { body, .. } => {
            assert!(!publish && state != State::Over && !body.is_empty());
            state
        }
    }
}

impl Session for ClientSession {
    type Event = Event;

    fn input(&mut self, now: Millis, bytes: &[u8]) -> Result<(), Error> {
        self.handle_input(now, bytes)
    }

    fn timeout(&mut self, now: Millis) -> Result<(), Error> {
        self.handle_timeout(now)
    }

    fn next_timeout(&self) -> Option<Millis> {
        self.next_timeout()
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.poll_output()
    }

    fn is_closing(&self) -> bool {
        self.is_closing()
    }
}
