//! A publisher: our own client session, on a connection that may do anything.

use bytes::Bytes;
use media::Kind;
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Millis, Output, Url};
use shard::Rng;
use shard::sim::Way;

use crate::control::Control;
use crate::footage::{Stamp, Take, metadata};
use crate::ledger::{Ledger, Sent};
use crate::server::RTMP;
use crate::trace::{check, note};
use crate::wire::{Wire, is_impatience};

/// How an encoder goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It says so.
    Stop,
    /// It closes the connection.
    Close,
    /// The connection breaks.
    Reset,
    /// The line is cut and nobody is told.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Encoder {
    pub(crate) stream: usize,
    pub(crate) conn: u16,
    pub(crate) wire: Wire,
    session: ClientSession,
    take: Take,
    /// It is set to another picture size from the next key frame on.
    resize: bool,
    /// When it began to send, on the clock of the world.
    started: Option<u64>,
    /// What its pauses add to when frames are sent, in milliseconds.
    late: u64,
    /// Its clock at the first frame, and what jumps have added since.
    clock: i64,
    numbers: [u32; 2],
    /// It went by its own will, or was told to go.
    pub(crate) is_gone: bool,
    /// When it sent its last frame.
    pub(crate) sent_at: u64,
}

const KINDS: [Kind; 2] = [Kind::Video, Kind::Audio];

impl Encoder {
    pub(crate) fn connect(
        stream: usize,
        conn: u16,
        shard: usize,
        take: Take,
        way: Way,
        rng: &mut Rng,
    ) -> Self {
        note!("encoder {conn} of stream {stream} connects to shard {shard}");
        let url = format!("rtmp://example.org/live/{}", Control::key(stream));
        let url = Url::parse(&url).expect("a valid URL");
        let config = Config {
            chunk_size: rng.pick(&[1, 128, 128, 4096, 65_536]).max(16),
            sign_handshake: rng.chance(1, 2),
            ..Config::new(url)
        };
        let now = Millis(shard::millis());
        let random = rng.next().to_le_bytes();
        Self {
            stream,
            conn,
            wire: Wire::connect(shard, RTMP, way, 0),
            session: ClientSession::new_publish(config, now, random),
            take,
            resize: false,
            started: None,
            late: 0,
            clock: rng.pick(&[0, 1_000, 0x00ff_fe00, 0xffff_f000, 7_000_000_000]),
            numbers: [0, 0],
            is_gone: false,
            sent_at: shard::millis(),
        }
    }

    pub(crate) fn is_publishing(&self) -> bool {
        self.started.is_some() && !self.is_gone
    }

    /// Sends what is due and takes what came; whether anything happened.
    pub(crate) fn pump(&mut self, ledger: &mut Ledger) -> bool {
        if self.is_gone || self.wire.is_cut {
            return false;
        }
        let mut any = self.shoot(ledger);
        let bytes = self.wire.read();
        any |= !bytes.is_empty();
        let now = Millis(shard::millis());
        let mut result = self.session.handle_input(now, &bytes);
        if self.session.next_timeout().is_some_and(|due| due <= now) {
            result = result.and(self.session.handle_timeout(now));
        }
        while let Some(output) = self.session.poll_output() {
            any = true;
            match output {
                Output::Send(bytes) => self.wire.send(&bytes),
                Output::Event(event) => self.heard(&event),
                Output::Close => self.go("is done"),
            }
        }
        any |= self.wire.flush();
        if let Err(error) = result {
            check!(is_impatience(&error), "encoder {} was told: {error}", self.conn);
            self.go("gives up");
        } else if let Some(end) = self.wire.end() {
            self.go(&format!("lost its connection ({end:?})"));
        }
        any
    }

    /// When it has to be pumped next.
    pub(crate) fn next_due(&self) -> Option<u64> {
        if self.is_gone || self.wire.is_cut {
            return None;
        }
        let timeout = self.session.next_timeout().map(|due| due.0);
        self.next_frame().map(|(due, _)| due).into_iter().chain(timeout).min()
    }

    /// The newest frame of a track that it sent.
    pub(crate) fn newest(&self, kind: Kind) -> Option<u32> {
        self.numbers[usize::from(kind == Kind::Audio)].checked_sub(1)
    }

    pub(crate) fn leave(&mut self, how: Leave) {
        note!("encoder {} of stream {} leaves: {how:?}", self.conn, self.stream);
        match how {
            Leave::Stop => {
                self.session.stop();
                while let Some(output) = self.session.poll_output() {
                    if let Output::Send(bytes) = output {
                        self.wire.send(&bytes);
                    }
                }
                self.wire.peer.finish();
            }
            Leave::Close => self.wire.peer.finish(),
            Leave::Reset => self.wire.peer.reset(),
            Leave::Cut => self.wire.cut(),
        }
        self.is_gone = how != Leave::Cut;
    }

    /// Sends nothing for so long; its clock goes on meanwhile, or stands still.
    pub(crate) fn pause(&mut self, ms: u64, clock_goes_on: bool) {
        note!("encoder {} pauses for {ms} ms", self.conn);
        self.late += ms;
        self.clock += if clock_goes_on { ms as i64 } else { 0 };
    }

    pub(crate) fn turn_clock(&mut self, ms: i64) {
        note!("the clock of encoder {} jumps by {ms} ms", self.conn);
        self.clock += ms;
    }

    pub(crate) fn resize(&mut self) {
        note!("encoder {} changes its picture", self.conn);
        self.resize = self.take.has(Kind::Video);
    }

    fn go(&mut self, why: &str) {
        if !self.is_gone {
            note!("encoder {} of stream {} {why}", self.conn, self.stream);
        }
        self.is_gone = true;
        self.wire.peer.finish();
    }

    fn heard(&mut self, event: &Event) {
        note!("encoder {} hears {event:?}", self.conn);
        if *event == Event::Publishing {
            self.started = Some(shard::millis());
            self.session.send_data(self.clock, &metadata());
            for kind in KINDS {
                self.configure(kind);
            }
        }
    }

    fn configure(&mut self, kind: Kind) {
        if self.take.has(kind) {
            let body = self.take.config(kind);
            self.send(kind, self.clock, &body);
        }
    }

    fn next_frame(&self) -> Option<(u64, Kind)> {
        let started = self.started.filter(|_| !self.is_gone)? + self.late;
        let tracks = KINDS.into_iter().zip(self.numbers).filter(|(kind, _)| self.take.has(*kind));
        tracks.map(|(kind, number)| (started + self.take.due(kind, number), kind)).min()
    }

    fn shoot(&mut self, ledger: &mut Ledger) -> bool {
        let mut any = false;
        while let Some((due, kind)) = self.next_frame().filter(|(due, _)| *due <= shard::millis()) {
            let number = self.numbers[usize::from(kind == Kind::Audio)];
            let (stream, conn) = (self.stream as u8, self.conn);
            let stamp = Stamp { stream, conn, kind, number };
            if kind == Kind::Video && self.resize && self.take.is_key(stamp) {
                self.resize = false;
                self.take = self.take.resized();
                self.configure(kind);
            }
            let started = self.started.unwrap_or(due) + self.late;
            let time = self.clock + (due - started) as i64;
            let body = Bytes::from(self.take.body(stamp));
            if !self.send(kind, time, &body) {
                break;
            }
            let record = self.take.record(kind);
            ledger.note(stamp, Sent { time, body, record });
            self.numbers[usize::from(kind == Kind::Audio)] += 1;
            self.sent_at = shard::millis();
            any = true;
        }
        any
    }

    fn send(&mut self, kind: Kind, time: i64, body: &[u8]) -> bool {
        match kind {
            Kind::Video => self.session.send_video(time, body),
            Kind::Audio => self.session.send_audio(time, body),
        }
    }
}
