//! The client's side of a connection: a publisher or a player.

mod calls;
mod event;

use bytes::BytesMut;

pub use event::Event;

use crate::clock::Clock;
use crate::handshake::ClientHandshake;
use crate::link::{Handshake, Link};
use crate::media_header::{MediaKind, OUT_CHUNK_SIZE};
use crate::message::{Kind, Message};
use crate::watchdog::Activity;
use crate::{Error, Limits, Millis, Output, RANDOM_LEN, Url};

/// What a client session is to reach, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// The stream. Host and port are the caller's to connect to; the session does not use them.
    pub url: Url,
    /// What the server may cost.
    pub limits: Limits,
    /// The size of the chunks that are sent, 1 to [`OUT_CHUNK_SIZE`]. Small chunks let audio through
    /// between the pieces of a large picture, and cost both sides time.
    pub chunk_size: usize,
    /// Whether to sign the handshake, as Flash did and FFmpeg does, or to send a plain one.
    pub sign_handshake: bool,
}

impl Config {
    /// The usual way to reach a stream.
    pub fn new(url: Url) -> Self {
        Self { url, limits: Limits::default(), chunk_size: 65_536, sign_handshake: false }
    }
}

/// A connection to a server, to publish one stream or to play one.
///
/// The session goes through handshake, `connect`, `createStream` and `publish` or `play` by itself;
/// [`Event::Publishing`], [`Event::Playing`] or [`Event::Rejected`] tells how that ended.
#[derive(Debug)]
pub struct ClientSession {
    link: Link<Event>,
    config: Config,
    purpose: Purpose,
    stage: Stage,
    started: Millis,
    clock: Clock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Publish,
    Play,
}

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    ShakingHands,
    Connecting,
    Creating,
    /// Waits for leave on this message stream.
    Asking(u32),
    /// Publishes or plays on this message stream.
    Active(u32),
    Over,
}

impl ClientSession {
    /// A session that publishes. The first output is the handshake.
    pub fn new_publish(config: Config, now: Millis, random: [u8; RANDOM_LEN]) -> Self {
        Self::new(config, Purpose::Publish, now, random)
    }

    /// A session that plays. The first output is the handshake.
    pub fn new_play(config: Config, now: Millis, random: [u8; RANDOM_LEN]) -> Self {
        Self::new(config, Purpose::Play, now, random)
    }

    fn new(config: Config, purpose: Purpose, now: Millis, random: [u8; RANDOM_LEN]) -> Self {
        let mut out = BytesMut::new();
        let handshake = ClientHandshake::new(random, config.sign_handshake, &mut out);
        let handshake = Handshake::Client(handshake);
        Self {
            link: Link::new(config.limits.clone(), now, handshake, out),
            config,
            purpose,
            stage: Stage::ShakingHands,
            started: now,
            clock: Clock::default(),
        }
    }

    /// Takes what arrived, cut anywhere. On an error the connection is to be closed; every later call
    /// returns the same error. While the session is closing, input is dropped.
    pub fn handle_input(&mut self, now: Millis, bytes: &[u8]) -> Result<(), Error> {
        let mut input = bytes;
        if !self.link.begin_input(now, input)? {
            return Ok(());
        }
        let result = self.take_messages(&mut input);
        self.link.fail(result)
    }

    /// To be called when [`Self::next_timeout`] has come; calling it earlier or later does no harm.
    pub fn handle_timeout(&mut self, now: Millis) -> Result<(), Error> {
        self.link.handle_timeout(now, self.activity())
    }

    /// When to call [`Self::handle_timeout`] next. Input moves it on; a caller may look again only then.
    pub fn next_timeout(&self) -> Option<Millis> {
        self.link.next_timeout(self.activity())
    }

    /// What to do next; `None` when there is nothing until the next input, timeout or call.
    pub fn poll_output(&mut self) -> Option<Output<Event>> {
        self.link.poll_output()
    }

    /// Sends the body of an FLV audio tag. Milliseconds wrap at 2^32.
    ///
    /// False, and nothing sent, when the session is not publishing or the body is longer than
    /// [`OUT_CHUNK_SIZE`].
    pub fn send_audio(&mut self, timestamp: i64, body: &[u8]) -> bool {
        self.send(MediaKind::Audio, timestamp, body)
    }

    /// Sends the body of an FLV video tag; otherwise like [`Self::send_audio`].
    pub fn send_video(&mut self, timestamp: i64, body: &[u8]) -> bool {
        self.send(MediaKind::Video, timestamp, body)
    }

    /// Sends AMF0 values, such as `@setDataFrame`, `onMetaData` and its object; otherwise like
    /// [`Self::send_audio`].
    pub fn send_data(&mut self, timestamp: i64, body: &[u8]) -> bool {
        self.send(MediaKind::Data, timestamp, body)
    }

    /// Asks the server for a sign of life; see [`Self::round_trip`].
    pub fn ping(&mut self, now: Millis) {
        self.link.set_now(now);
        self.link.ping();
    }

    /// Milliseconds from the last answered ping to its answer.
    pub const fn round_trip(&self) -> Option<u32> {
        self.link.round_trip()
    }

    /// Takes leave of the server and closes.
    pub fn stop(&mut self) {
        if let Stage::Asking(stream) | Stage::Active(stream) = self.stage {
            self.leave(stream);
        }
        self.end();
    }

    /// Whether [`Output::Close`] is told or about to be.
    pub fn is_closing(&self) -> bool {
        self.link.is_closing()
    }

    fn send(&mut self, kind: MediaKind, timestamp: i64, body: &[u8]) -> bool {
        match (self.stage, self.purpose) {
            (Stage::Active(stream), Purpose::Publish) if body.len() <= OUT_CHUNK_SIZE => {
                let header = (kind.kind(), stream, timestamp as u32);
                self.link.send(kind.chunk_stream(), header, body);
                true
            }
            _ => false,
        }
    }

    fn take_messages(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        if !self.link.shake_hands(input)? {
            return Ok(());
        }
        if self.stage == Stage::ShakingHands {
            self.connect();
        }
        while let Some(message) = self.link.next_message(input)? {
            match message.kind {
                Kind::Audio | Kind::Video | Kind::Data | Kind::DataAmf3 => self.media(message)?,
                Kind::Command | Kind::CommandAmf3 => self.command(message)?,
                Kind::UserControl => self.user_control(&message)?,
                _ => {}
            }
            if self.link.is_closing() {
                break;
            }
        }
        Ok(())
    }

    fn media(&mut self, message: Message) -> Result<(), Error> {
        let (kind, timestamp) = (message.kind, message.timestamp);
        let body = message.into_amf0();
        let playing = matches!(self.stage, Stage::Asking(_) | Stage::Active(_));
        if body.is_empty() || !playing || self.purpose != Purpose::Play {
            return Ok(());
        }
        let timestamp = self.clock.unroll(timestamp);
        self.link.push(match kind {
            Kind::Audio => Event::Audio { timestamp, body },
            Kind::Video => Event::Video { timestamp, body },
            _ => Event::Data { timestamp, body },
        })
    }

    /// Nothing more is to come.
    fn end(&mut self) {
        self.stage = Stage::Over;
        self.link.close();
    }

    fn activity(&self) -> Activity {
        match self.stage {
            Stage::ShakingHands => Activity::Handshake,
            Stage::Active(_) | Stage::Over => {
                Activity::Active(self.link.limits().player_idle_timeout)
            }
            _ => Activity::Waiting(self.started),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_is_sent_before_a_broken_message_even_in_the_input_that_ends_the_handshake() {
        let mut bytes = vec![3];
        bytes.resize(1 + 2 * 1536, 0);
        let handshake = bytes.len();
        bytes.extend_from_slice(&[6, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0]);
        let sent = |split: usize| {
            let config = Config::new(Url::parse("rtmp://h/live/key").unwrap());
            let mut client = ClientSession::new_play(config, Millis(0), [0; RANDOM_LEN]);
            let (first, second) = bytes.split_at(split);
            let result = client
                .handle_input(Millis(0), first)
                .and_then(|()| client.handle_input(Millis(0), second));
            assert!(matches!(result, Err(Error::MessageTooLong { .. })), "{result:?}");
            let Some(Output::Send(sent)) = client.poll_output() else { panic!("nothing is sent") };
            assert_eq!(client.poll_output(), None);
            sent
        };
        let apart = sent(handshake);
        assert!(apart.windows(7).any(|bytes| bytes == b"connect"));
        assert_eq!(sent(bytes.len()), apart);
    }
}
