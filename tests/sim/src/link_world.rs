//! RTMP sessions against each other, over a connection that delays, stalls and breaks: every message
//! arrives as it was sent, in order, and none that was read is missing.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rtmp::client::{ClientSession, Config, Event as Told};
use rtmp::server::{Event, ServerSession};
use rtmp::{MediaKind, Millis, OUT_CHUNK_SIZE, Output, Url, media_header};
use shard::{Acceptor, Conn, Rng, sim};

use crate::pace::{World, pass};
use crate::server::RTMP;
use crate::trace::{broken, check, note};
use crate::wire::{Wire, draw_pace, draw_way, is_impatience};

/// Connections at a time.
const PAIRS: usize = 5;
/// Bytes of a message that is large.
const LARGE: usize = 300_000;

/// Some pairs of a client and the server's session for it.
pub(crate) struct LinkWorld {
    rng: Rng,
    pairs: Vec<Pair>,
    accepted: Rc<RefCell<Vec<Rc<RefCell<Side>>>>>,
}

/// A client and what came of what was said.
struct Pair {
    wire: Wire,
    session: ClientSession,
    publishes: bool,
    may_send: bool,
    is_over: bool,
    /// The server's side, once it was asked for something.
    server: Rc<RefCell<Side>>,
    /// What was sent: by the client when it publishes, else to it.
    sent: Vec<Message>,
    heard: usize,
    time: i64,
}

/// The server's side of a connection, as its task leaves it.
#[derive(Debug, Default)]
struct Side {
    heard: Vec<Message>,
    /// What is to be sent to the player.
    to_send: Vec<u8>,
    plays: bool,
    is_over: bool,
}

/// A message as it was sent, its time stamp over the wraps of the clock.
#[derive(Clone, Debug, PartialEq)]
struct Message {
    kind: MediaKind,
    time: i64,
    body: Bytes,
}

impl LinkWorld {
    pub(crate) fn new(rng: Rng) -> Self {
        let accepted: Rc<RefCell<Vec<_>>> = Rc::default();
        let sides = Rc::clone(&accepted);
        let address = std::net::SocketAddr::from(([0, 0, 0, 0], RTMP));
        let acceptor = Acceptor::bind(address).expect("a virtual port is free");
        shard::spawn(
            "port",
            acceptor.run(move |conn| {
                let side: Rc<RefCell<Side>> = Rc::default();
                sides.borrow_mut().push(Rc::clone(&side));
                shard::spawn("session", async move {
                    serve(conn, &side).await;
                    side.borrow_mut().is_over = true;
                });
            }),
        );
        Self { rng, pairs: Vec::new(), accepted }
    }

    fn connect(&mut self) {
        let publishes = self.rng.chance(1, 2);
        let url = Url::parse("rtmp://example.org/live/key?token=1").expect("a valid URL");
        let config = Config {
            chunk_size: self.rng.pick(&[1, 2, 100, 128, 4_096, 65_536, OUT_CHUNK_SIZE]),
            sign_handshake: self.rng.chance(1, 2),
            ..Config::new(url)
        };
        let now = Millis(shard::millis());
        let random = self.rng.next().to_le_bytes();
        let session = if publishes {
            ClientSession::new_publish(config, now, random)
        } else {
            ClientSession::new_play(config, now, random)
        };
        let (way, pace) = (draw_way(&mut self.rng), draw_pace(&mut self.rng) * 20);
        note!("a {} connects", if publishes { "publisher" } else { "player" });
        let wire = Wire::connect(0, RTMP, way, pace);
        // The port takes connections in their order, and there is one at a time.
        while sim::run_one() {}
        let Some(server) = self.accepted.borrow_mut().pop() else {
            broken!("a connection was not accepted");
            return;
        };
        let time = self.rng.pick(&[0, 0x00ff_ff00, 0xffff_f000, 3_000_000_000]);
        self.pairs.push(Pair {
            wire,
            session,
            publishes,
            may_send: false,
            is_over: false,
            server,
            sent: Vec::new(),
            heard: 0,
            time,
        });
    }

    fn message(&mut self) {
        let index = self.rng.below(self.pairs.len());
        let Some(pair) = self.pairs.get_mut(index) else { return };
        let kind =
            self.rng.pick(&[MediaKind::Audio, MediaKind::Video, MediaKind::Video, MediaKind::Data]);
        let len = match self.rng.below(100) {
            0 if kind != MediaKind::Data => LARGE,
            1..10 => 20_000,
            _ => 1 + self.rng.below(400),
        };
        let time = pair.time + self.rng.pick(&[0, 1, 40, 1_000]);
        let mut body = vec![0; len];
        body.iter_mut().zip(self.rng.next()..).for_each(|(byte, value)| *byte = (value >> 3) as u8);
        pair.send(Message { kind, time, body: body.into() });
    }

    fn disturb(&mut self) {
        let index = self.rng.below(self.pairs.len());
        let ms = self.rng.pick(&[100, 3_000, 20_000]);
        let how = self.rng.below(12);
        let Some(pair) = self.pairs.get_mut(index) else { return };
        match how {
            0 => pair.wire.peer.reset(),
            1 => pair.wire.peer.finish(),
            2 => {
                pair.session.stop();
                pair.drain();
            }
            3 => pair.wire.cut(),
            4..8 => pair.wire.stall(ms),
            8 | 9 => pair.wire.freeze(ms),
            _ => pair.session.ping(Millis(shard::millis())),
        }
    }
}

impl World for LinkWorld {
    fn step(&mut self) {
        match self.rng.below(30) {
            0 | 1 if self.pairs.len() < PAIRS => self.connect(),
            2 => self.disturb(),
            _ => self.message(),
        }
        let passes = self.rng.pick(&[0, 5, 20, 20, 100]);
        pass(self, passes);
        self.pairs.retain(|pair| !pair.is_over);
    }

    fn end(&mut self) {
        self.pairs.clear();
        pass(self, 700_000);
        let left = sim::tasks();
        check!(left.len() == 1, "sessions are left of connections that are gone: {left:?}");
    }

    fn observe(&mut self) {}

    fn pump(&mut self) -> bool {
        self.pairs.iter_mut().fold(false, |any, pair| pair.pump() | any)
    }

    fn next_due(&self) -> Option<u64> {
        self.pairs.iter().filter_map(Pair::next_due).min()
    }

    fn check(&mut self) {
        self.pairs.iter().for_each(Pair::check);
    }
}

impl Pair {
    fn send(&mut self, message: Message) {
        if self.publishes {
            let Message { kind, time, body } = &message;
            let sent = match kind {
                MediaKind::Audio => self.session.send_audio(*time, body),
                MediaKind::Video => self.session.send_video(*time, body),
                MediaKind::Data => self.session.send_data(*time, body),
            };
            check!(
                sent == (self.may_send && !self.session.is_closing()),
                "a message was (not) sent"
            );
            if sent {
                self.time = message.time;
                self.sent.push(message);
            }
            return;
        }
        let mut side = self.server.borrow_mut();
        if !side.plays || side.is_over {
            return;
        }
        let header = media_header(message.kind, message.time as u32, message.body.len());
        side.to_send.extend_from_slice(header.expect("no message is that long").as_slice());
        side.to_send.extend_from_slice(&message.body);
        self.time = message.time;
        self.sent.push(message);
    }

    fn drain(&mut self) -> bool {
        let mut any = false;
        while let Some(output) = self.session.poll_output() {
            any = true;
            match output {
                Output::Send(bytes) => self.wire.send(&bytes),
                Output::Close => self.is_over = true,
                Output::Event(event) => self.told(&event),
            }
        }
        any | self.wire.flush()
    }

    fn pump(&mut self) -> bool {
        if self.is_over || self.wire.is_cut {
            return false;
        }
        let bytes = self.wire.read();
        let now = Millis(shard::millis());
        let mut result = self.session.handle_input(now, &bytes);
        if self.session.next_timeout().is_some_and(|due| due <= now) {
            result = result.and(self.session.handle_timeout(now));
        }
        let any = self.drain() || !bytes.is_empty();
        if let Err(error) = result {
            check!(is_impatience(&error), "a client was told: {error}");
            self.is_over = true;
        }
        self.is_over |= self.wire.end().is_some();
        any
    }

    fn next_due(&self) -> Option<u64> {
        let running = !self.is_over && !self.wire.is_cut;
        let timeout = self.session.next_timeout().map(|due| due.0);
        timeout.into_iter().chain(self.wire.next_due()).min().filter(|_| running)
    }

    fn told(&mut self, event: &Told) {
        let (kind, time, body) = match event {
            Told::Publishing => return self.may_send = true,
            Told::Audio { timestamp, body } => (MediaKind::Audio, *timestamp, body),
            Told::Video { timestamp, body } => (MediaKind::Video, *timestamp, body),
            Told::Data { body, .. } if body.starts_with(b"\x02\x00\x11|RtmpSampleAccess") => return,
            Told::Data { timestamp, body } => (MediaKind::Data, *timestamp, body),
            Told::Playing | Told::Rejected { .. } | Told::Ended { .. } => return,
        };
        let found = Message { kind, time, body: body.clone() };
        let wanted = self.sent.get(self.heard);
        let show = |it: &Message| (it.kind, it.time, it.body.len());
        check!(
            wanted == Some(&found),
            "message {} of a player is {:?} and came as {:?}",
            self.heard,
            wanted.map(show),
            show(&found)
        );
        self.heard += 1;
    }

    /// All that was read was heard, as it was sent.
    fn check(&self) {
        let side = self.server.borrow();
        if self.publishes {
            let count = side.heard.len();
            let same = self.sent.get(..count).is_some_and(|sent| sent == side.heard);
            let last = |messages: &[Message]| {
                messages.iter().take(count).last().map(|it| (it.kind, it.time, it.body.len()))
            };
            let (said, heard) = (last(&self.sent), last(&side.heard));
            check!(same, "message {count} of a publisher is {said:?} and was heard as {heard:?}");
            // A server that cannot send does not look at what it has read.
            let free = self.wire.is_heard() && self.wire.peer.is_quiet();
            let whole = free && !self.wire.is_cut && !side.is_over && !self.is_over;
            let missing = whole && count < self.sent.len();
            check!(!missing, "the server read {} messages and tells {count}", self.sent.len());
        } else if self.wire.peer.is_quiet() && !self.wire.is_cut && !side.is_over && !self.is_over {
            let waits = !side.to_send.is_empty() || self.wire.next_due().is_some();
            let missing = !waits && self.heard < self.sent.len();
            check!(!missing, "the player got {} messages of {}", self.heard, self.sent.len());
        }
    }
}

/// The server's side: says yes to everything, notes what is published, sends what is to be played.
async fn serve(conn: Conn, side: &RefCell<Side>) {
    let mut session = link::accept([7; rtmp::RANDOM_LEN]);
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => {
                    if link::send(&conn, &bytes).await.is_err() {
                        return;
                    }
                }
                Output::Close => return,
                Output::Event(event) => take(&mut session, event, side),
            }
        }
        let bytes = std::mem::take(&mut side.borrow_mut().to_send);
        if !bytes.is_empty() && link::send(&conn, &bytes).await.is_err() {
            return;
        }
        // Looks now and then whether there is something to send.
        let fill = link::fill(&conn, &mut session);
        let patience =
            std::time::Duration::from_millis(if side.borrow().plays { 7 } else { 60_000 });
        match shard::timeout(patience, fill).await {
            Some(Err(link::Ended::Peer(error))) => {
                check!(is_impatience(&error), "the server was told: {error}");
                return;
            }
            Some(Err(_)) => return,
            Some(Ok(())) | None => {}
        }
    }
}

fn take(session: &mut ServerSession, event: Event, side: &RefCell<Side>) {
    let mut side = side.borrow_mut();
    let message = match event {
        Event::Publish { request, .. } => {
            session.accept_publish(request);
            return;
        }
        Event::Play { request, .. } => {
            side.plays = session.accept_play(request);
            return;
        }
        Event::Audio { timestamp, body } => {
            Message { kind: MediaKind::Audio, time: timestamp, body }
        }
        Event::Video { timestamp, body } => {
            Message { kind: MediaKind::Video, time: timestamp, body }
        }
        Event::Data { timestamp, body } => Message { kind: MediaKind::Data, time: timestamp, body },
        _ => return,
    };
    side.heard.push(message);
}
