use media::Kind;
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Millis, Output, Url};
use shard::Rng;
use shard::sim::Way;
use stream::control::StreamId;

use super::{Follow, Message, Truth};
use crate::server::RTMP;
use crate::trace::{check, note};
use crate::wire::{Wire, is_impatience};

/// An RTMP player.
#[derive(Debug)]
pub(crate) struct RtmpPlayer {
    pub(crate) wire: Wire,
    pub(crate) follow: Follow,
    session: ClientSession,
    pub(crate) is_playing: bool,
    pub(crate) is_paused: bool,
    pub(crate) is_over: bool,
}

impl RtmpPlayer {
    pub(crate) fn connect(
        shard: usize,
        (stream, id): (usize, &StreamId),
        way: Way,
        pace: usize,
        rng: &mut Rng,
    ) -> Self {
        let url = Url::parse(&format!("rtmp://example.org/live/{id}")).expect("a valid URL");
        let config = Config { sign_handshake: rng.chance(1, 2), ..Config::new(url) };
        let now = Millis(shard::millis());
        Self {
            wire: Wire::connect(shard, RTMP, way, pace),
            follow: Follow::new(shard, stream),
            session: ClientSession::new_play(config, now, rng.next().to_le_bytes()),
            is_playing: false,
            is_paused: false,
            is_over: false,
        }
    }

    /// Takes what came; whether anything happened.
    pub(crate) fn pump(&mut self, truth: Truth<'_>) -> bool {
        if self.is_over || self.wire.is_cut {
            return false;
        }
        let bytes = self.wire.read();
        let mut any = !bytes.is_empty();
        let now = Millis(shard::millis());
        let mut result = self.session.handle_input(now, &bytes);
        if self.session.next_timeout().is_some_and(|due| due <= now) {
            result = result.and(self.session.handle_timeout(now));
        }
        while let Some(output) = self.session.poll_output() {
            any = true;
            match output {
                Output::Send(bytes) => self.wire.send(&bytes),
                Output::Event(event) => self.heard(&event, truth),
                Output::Close => self.is_over = true,
            }
        }
        any |= self.wire.flush();
        if let Err(error) = result {
            check!(
                is_impatience(&error),
                "a player of stream {} was told: {error}",
                self.follow.stream
            );
            self.is_over = true;
        }
        self.is_over |= self.wire.end().is_some();
        any
    }

    pub(crate) fn next_due(&self) -> Option<u64> {
        let running = !self.is_over && !self.wire.is_cut;
        let timeout = self.session.next_timeout().map(|due| due.0);
        timeout.into_iter().chain(self.wire.next_due()).min().filter(|_| running)
    }

    /// Asks for a pause or to go on, as players with a button do.
    pub(crate) fn toggle_pause(&mut self) {
        if !self.is_playing || self.is_over {
            return;
        }
        self.is_paused = !self.is_paused;
        note!("a player of stream {} pauses: {}", self.follow.stream, self.is_paused);
        self.follow.resumes = true;
        let number = [0; 9];
        let body = [b"\x02\x00\x05pause", &number[..], &[5, 1, u8::from(self.is_paused)], &number];
        let body = body.concat();
        // A whole message: chunk stream 9, no time, type 20, message stream 1.
        let head = [9, 0, 0, 0, 0, 0, body.len() as u8, 20, 1, 0, 0, 0];
        self.wire.send(&[&head[..], &body].concat());
    }

    fn heard(&mut self, event: &Event, truth: Truth<'_>) {
        let (kind, timestamp, body) = match event {
            Event::Playing => return self.is_playing = true,
            Event::Video { timestamp, body } => (Some(Kind::Video), *timestamp, body),
            Event::Audio { timestamp, body } => (Some(Kind::Audio), *timestamp, body),
            Event::Data { timestamp, body } => {
                if body.starts_with(b"\x02\x00\x11|RtmpSampleAccess") {
                    return;
                }
                (None, *timestamp, body)
            }
            Event::Rejected { .. } | Event::Ended { .. } | Event::Publishing => {
                note!("a player of stream {} hears {event:?}", self.follow.stream);
                if let Event::Rejected { code, .. } = event {
                    self.follow.refused = code == "NetStream.Play.Failed" && !self.is_playing;
                    self.follow.sent_away = !self.follow.refused;
                }
                return;
            }
        };
        self.follow.message(Message { kind, time_ms: timestamp as u32, body }, truth);
    }
}
