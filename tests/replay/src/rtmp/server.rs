use media::amf0::Value;
use rtmp::server::{Event, PlayRefusal, PublishRefusal, RequestId, ServerSession};
use rtmp::{Error, Millis, Output};

use super::wire::{Said, Session, Writer, feed, limits, wait};
use crate::input::{Input, mark};

const COMMANDS: [&str; 20] = [
    "connect",
    "createStream",
    "publish",
    "play",
    "deleteStream",
    "closeStream",
    "FCUnpublish",
    "FCPublish",
    "releaseStream",
    "play2",
    "pause",
    "seek",
    "receiveAudio",
    "receiveVideo",
    "getStreamLength",
    "@setDataFrame",
    "close",
    "_checkbw",
    "FCSubscribe",
    "unknown",
];

/// A publisher's or player's bytes, and the server's answers, timeouts and interventions.
///
/// Where the bytes are cut changes neither what is sent nor what is told; events come in an order that
/// makes sense; an error stays; stream names are not shown.
pub(crate) fn rtmp_server(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.u8();
    let seed = input.u16();
    let name = mark(data);
    let script = script(choice, &mut input, &name);
    let whole = run(choice, &script, 0);
    for said in &whole {
        said.keeps(&name);
    }
    let cut = run(choice, &script, seed);
    assert_eq!(cut, whole, "the cuts changed what was said");
}

enum Step {
    Bytes(Vec<u8>),
    Wait(u64),
    /// Answers a request, the current one or an older one.
    Answer {
        yes: bool,
        newest: bool,
    },
    End(u8),
}

fn script(choice: u8, input: &mut Input<'_>, name: &str) -> Vec<Step> {
    let mut writer = Writer::new();
    let mut script = Vec::new();
    if choice & 2 == 0 {
        script.push(Step::Bytes([&[3][..], &[0; 2 * 1536]].concat()));
    }
    if choice & 4 == 0 {
        let app = Value::Object(vec![("app".into(), Value::string("live"))]);
        script.push(Step::Bytes(writer.command("connect", 0, &[Value::Number(1.0), app])));
        let create = writer.command("createStream", 0, &[Value::Number(2.0), Value::Null]);
        script.push(Step::Bytes(create));
    }
    while !input.is_empty() {
        script.push(match input.u8() & 15 {
            0 => {
                let len = input.u16() & 1023;
                Step::Bytes(input.bytes(usize::from(len)).to_vec())
            }
            1 => Step::Bytes(writer.control(input)),
            2..6 => Step::Bytes(writer.media(input)),
            6..12 => Step::Bytes(command(&mut writer, input, name)),
            12 => Step::Wait(u64::from(input.u16()) << (input.u8() & 7)),
            13 => Step::Answer { yes: true, newest: true },
            14 => Step::Answer { yes: input.flag(), newest: input.flag() },
            _ => Step::End(input.u8()),
        });
    }
    script
}

fn command(writer: &mut Writer, input: &mut Input<'_>, key: &str) -> Vec<u8> {
    let name = COMMANDS[input.below(COMMANDS.len())];
    let stream = input.u8() % 4;
    let transaction = Value::Number(f64::from(input.u8()));
    let len = input.u8() & 63;
    let text = String::from_utf8_lossy(input.bytes(usize::from(len))).into_owned();
    let values = match name {
        "connect" => {
            let names = ["app", "tcUrl", "flashVer", "fourCcList"];
            let value = Value::string(text);
            let object = vec![(names[usize::from(stream)].into(), value)];
            vec![transaction, Value::Object(object)]
        }
        "deleteStream" | "seek" => {
            vec![transaction, Value::Null, Value::Number(f64::from(stream) - 1.0)]
        }
        "pause" | "receiveAudio" | "receiveVideo" => {
            vec![transaction, Value::Null, Value::Boolean(stream & 1 == 1)]
        }
        "publish" | "play" => {
            let name = if text.is_empty() { key.to_owned() } else { text };
            vec![transaction, Value::Null, Value::string(name), Value::string("live")]
        }
        _ => vec![transaction, Value::Null, Value::string(text)],
    };
    writer.command(name, stream, &values)
}

/// What the caller of a session knows of it.
struct Caller {
    session: ServerSession,
    now: Millis,
    connected: bool,
    state: State,
    /// All requests, oldest first, and whether each is a publish.
    requests: Vec<(RequestId, bool)>,
    error: Option<Error>,
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Asked { publish: bool },
    Publishing,
    Playing,
}

fn run(choice: u8, script: &[Step], seed: u16) -> Vec<Said<Event>> {
    let mut caller = Caller {
        session: ServerSession::new(limits(choice), Millis(5000), *b"12345678"),
        now: Millis(5000),
        connected: false,
        state: State::Idle,
        requests: Vec::new(),
        error: None,
        closed: false,
    };
    let mut all = Vec::new();
    for step in script {
        let said = caller.step(step, seed);
        caller.check(&said);
        all.push(said);
    }
    all
}

impl Caller {
    fn step(&mut self, step: &Step, seed: u16) -> Said<Event> {
        let session = &mut self.session;
        match step {
            Step::Bytes(bytes) => return feed(session, self.now, bytes, seed),
            Step::Wait(ms) => {
                self.now = Millis(self.now.0 + ms);
                return wait(session, self.now);
            }
            Step::Answer { yes, newest } => self.answer(*yes, *newest),
            Step::End(how) => {
                match how & 3 {
                    0 => session.end_publish(&PublishRefusal::Denied("Stopped.".into())),
                    1 => session.end_play(),
                    2 => session.ping(self.now),
                    _ => session.close(),
                }
                if session.is_closing() {
                    self.state = State::Idle;
                }
            }
        }
        let mut said = Said::new();
        said.drain(|| self.session.poll_output());
        said
    }

    fn answer(&mut self, yes: bool, newest: bool) {
        let request = if newest { self.requests.last() } else { self.requests.first() };
        let Some(&(request, publish)) = request else { return };
        let session = &mut self.session;
        let taken = match (publish, yes) {
            (true, true) => session.accept_publish(request),
            (true, false) => {
                session.reject_publish(request, &PublishRefusal::BadName("In use.".into()))
            }
            (false, true) => session.accept_play(request),
            (false, false) => session.reject_play(request, &PlayRefusal::Failed("No.".into())),
        };
        let pending = self.state == State::Asked { publish }
            && self.requests.last().is_some_and(|last| last.0 == request)
            && !self.closed;
        assert_eq!(taken, pending, "what is asked for and what can be answered differ");
        if taken {
            self.state = match (publish, yes) {
                (true, true) => State::Publishing,
                (false, true) => State::Playing,
                _ => State::Idle,
            };
        }
    }

    fn check(&mut self, said: &Said<Event>) {
        assert!(!self.closed || *said == Said::new() || said.error.is_some(), "{said:?}");
        for event in &said.events {
            self.event(event);
        }
        self.closed |= said.closed;
        self.error = self.error.take().or_else(|| said.error.clone());
        if self.session.is_closing() {
            self.state = State::Idle;
        }
        if self.error.is_none() {
            assert_eq!(self.session.is_publishing(), self.state == State::Publishing);
            assert_eq!(self.session.is_playing(), self.state == State::Playing);
        }
    }

    fn event(&mut self, event: &Event) {
        let state = self.state;
        match event {
            Event::Connected { .. } => {
                assert!(!self.connected, "connected twice");
                self.connected = true;
            }
            Event::Publish { request, name, .. } | Event::Play { request, name, .. } => {
                assert!(self.connected && state == State::Idle, "asked while {state:?}");
                assert!(!name.is_empty() && self.requests.iter().all(|known| known.0 != *request));
                let publish = matches!(event, Event::Publish { .. });
                self.requests.push((*request, publish));
                self.state = State::Asked { publish };
            }
            Event::Audio { body, .. } | Event::Video { body, .. } | Event::Data { body, .. } => {
                assert!(state == State::Publishing && !body.is_empty(), "media while {state:?}");
            }
            Event::Unpublish => {
                assert!(matches!(state, State::Publishing | State::Asked { publish: true }));
                self.state = State::Idle;
            }
            Event::StopPlay => {
                assert!(matches!(state, State::Playing | State::Asked { publish: false }));
                self.state = State::Idle;
            }
            Event::Pause { .. }
            | Event::Seek { .. }
            | Event::ReceiveAudio(_)
            | Event::ReceiveVideo(_) => assert_eq!(state, State::Playing),
        }
    }
}

impl Session for ServerSession {
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
