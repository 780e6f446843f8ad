//! The server's side of a connection.

mod active;
mod answers;
mod commands;
mod event;
mod requests;

use bytes::BytesMut;

pub use event::{Event, PlayRefusal, PublishRefusal, RequestId};

use crate::address::StreamName;
use crate::handshake::ServerHandshake;
use crate::link::{Handshake, Link};
use crate::message::{Kind, Message};
use crate::watchdog::Activity;
use crate::{Error, Limits, Millis, Output, RANDOM_LEN, Secret};
use active::{Active, Stage};

/// A connection that a publisher or player has opened.
///
/// One publish or one play is active at a time; a further one is refused without harm to the first,
/// and the next may come when it has ended. All input is consumed, whatever its split, and what is sent
/// depends on the bytes and the answers alone.
///
/// After [`ServerSession::accept_play`] the caller sends media by itself, with [`crate::media_header`],
/// once it has drained `poll_output`. What the session sends afterwards are whole messages, so they
/// may be written between any two media messages.
///
/// A message's body is one allocation, which nobody else holds but the other parts of an aggregate
/// message. To drop its first bytes without a second allocation use [`bytes::Buf::advance`]; the first
/// clone or slice makes it shared.
#[derive(Debug)]
pub struct ServerSession {
    link: Link<Event>,
    /// The application that `connect` named, as it came; users put their keys there too.
    app: Option<Secret>,
    /// The message streams that the client created.
    created: Vec<u32>,
    active: Option<Active>,
    next_request: u32,
    /// Since when the client neither publishes nor plays.
    waiting_since: Millis,
}

impl ServerSession {
    /// A session of a connection that was accepted now.
    pub fn new(limits: Limits, now: Millis, random: [u8; RANDOM_LEN]) -> Self {
        let handshake = Handshake::Server(ServerHandshake::new(random));
        Self {
            link: Link::new(limits, now, handshake, BytesMut::new()),
            app: None,
            created: Vec::new(),
            active: None,
            next_request: 1,
            waiting_since: now,
        }
    }

    /// Takes what arrived, cut anywhere. On an error the connection is to be closed; every later call
    /// returns the same error. While the session is closing, input is dropped.
    ///
    /// At most 64 KiB at a time keep the queue of events short.
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

    /// What to do next; `None` when there is nothing until the next input, timeout or answer.
    pub fn poll_output(&mut self) -> Option<Output<Event>> {
        self.link.poll_output()
    }

    /// Lets the publish begin. False when the request is gone: the client took it back.
    ///
    /// Media that the client has already sent follows as events.
    pub fn accept_publish(&mut self, request: RequestId) -> bool {
        let Some(Stage::AskedPublish { held, .. }) = self.take_request(request, true) else {
            return false;
        };
        let stream = self.begin(Stage::Publishing);
        self.link.send_command(stream, &answers::publish_start());
        self.link.extend(held);
        true
    }

    /// Refuses the publish and closes. False when the request is gone.
    pub fn reject_publish(&mut self, request: RequestId, why: &PublishRefusal) -> bool {
        let asked = self.take_request(request, true).is_some();
        if asked {
            self.end_with(&answers::publish_refused(why));
        }
        asked
    }

    /// Lets the play begin. False when the request is gone: the client took it back.
    pub fn accept_play(&mut self, request: RequestId) -> bool {
        let Some(Stage::AskedPlay { reset, .. }) = self.take_request(request, false) else {
            return false;
        };
        self.begin(Stage::Playing);
        answers::start_play(&mut self.link, reset);
        true
    }

    /// Refuses the play and closes. False when the request is gone.
    pub fn reject_play(&mut self, request: RequestId, why: &PlayRefusal) -> bool {
        let asked = self.take_request(request, false).is_some();
        if asked {
            self.end_with(&answers::play_refused(why));
        }
        asked
    }

    /// Cuts a running publish off, says why, and closes.
    pub fn end_publish(&mut self, why: &PublishRefusal) {
        if self.is_publishing() {
            self.end_with(&answers::publish_refused(why));
        }
    }

    /// Tells the player that the stream is over, and closes.
    pub fn end_play(&mut self) {
        if self.is_playing() {
            answers::end_play(&mut self.link);
            self.close();
        }
    }

    /// Cuts a running play off, says why, and closes.
    pub fn cut_play(&mut self, why: &PlayRefusal) {
        if self.is_playing() {
            self.end_with(&answers::play_refused(why));
        }
    }

    /// Asks the client for a sign of life; see [`Self::round_trip`]. The session does it by itself when
    /// the client is silent.
    pub fn ping(&mut self, now: Millis) {
        self.link.set_now(now);
        self.link.ping();
    }

    /// Milliseconds from the last answered ping to its answer.
    pub const fn round_trip(&self) -> Option<u32> {
        self.link.round_trip()
    }

    /// Ends the session: no more is taken in, what is queued still leaves, then [`Output::Close`].
    pub fn close(&mut self) {
        self.active = None;
        self.link.close();
    }

    /// Whether [`Output::Close`] is told or about to be.
    pub fn is_closing(&self) -> bool {
        self.link.is_closing()
    }

    /// Whether a publish is accepted and runs.
    pub fn is_publishing(&self) -> bool {
        self.active.as_ref().is_some_and(|active| matches!(active.stage, Stage::Publishing))
    }

    /// Whether a play is accepted and runs.
    pub fn is_playing(&self) -> bool {
        self.active.as_ref().is_some_and(|active| matches!(active.stage, Stage::Playing))
    }

    fn take_messages(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        if !self.link.shake_hands(input)? {
            return Ok(());
        }
        while let Some(message) = self.link.next_message(input)? {
            match message.kind {
                Kind::Audio | Kind::Video | Kind::Data | Kind::DataAmf3 => self.media(message)?,
                Kind::Command | Kind::CommandAmf3 => self.command(message)?,
                _ => {}
            }
            if self.link.is_closing() {
                break;
            }
        }
        Ok(())
    }

    /// Media counts while a publish is asked for or runs, on its own stream or on one that was never
    /// created: some encoders leave the stream out, and only one publish can be meant.
    fn media(&mut self, message: Message) -> Result<(), Error> {
        let Some(active) = &mut self.active else { return Ok(()) };
        if message.stream != active.stream && self.created.contains(&message.stream) {
            return Ok(());
        }
        let Some(event) = active.media(message, self.link.limits())? else { return Ok(()) };
        self.link.push(event)
    }

    fn activity(&self) -> Activity {
        let limits = self.link.limits();
        match &self.active {
            _ if self.link.is_shaking_hands() => Activity::Handshake,
            None => Activity::Waiting(self.waiting_since),
            Some(active) if active.is_publish() => Activity::Active(limits.idle_timeout),
            Some(_) => Activity::Active(limits.player_idle_timeout),
        }
    }

    /// The stage of the pending request with this number. The active stream is left for the caller to
    /// settle at once.
    fn take_request(&mut self, request: RequestId, publish: bool) -> Option<Stage> {
        let active = self.active.as_mut()?;
        let pending = active.request() == Some(request) && active.is_publish() == publish;
        pending.then(|| std::mem::replace(&mut active.stage, Stage::Playing))
    }

    /// Puts the active stream to its new stage; its number.
    fn begin(&mut self, stage: Stage) -> u32 {
        self.active.as_mut().map_or(0, |active| {
            active.stage = stage;
            active.stream
        })
    }

    /// Sends a last status on the active stream, and closes.
    fn end_with(&mut self, status: &[u8]) {
        let stream = self.active.as_ref().map_or(0, |active| active.stream);
        self.link.send_command(stream, status);
        self.close();
    }

    fn stream_name(&self, name: &str) -> StreamName {
        StreamName::new(self.app.as_deref().unwrap_or_default(), name)
    }
}

#[cfg(test)]
mod tests;
