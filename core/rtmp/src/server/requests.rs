use media::amf0::Value;

use super::active::{Active, Stage};
use super::event::{Event, PlayRefusal, PublishRefusal, RequestId};
use super::{ServerSession, answers};
use crate::Error;
use crate::command::{Command, Level};
use crate::media_header::PLAY_STREAM;

impl ServerSession {
    pub(super) fn publish(&mut self, command: &Command, stream: u32) -> Result<(), Error> {
        // NetStream.publish(false) is the end of a publish.
        if command.flag(0) == Some(false) {
            return self.end_stream(|active| active == stream);
        }
        let name = command.text(0).unwrap_or_default();
        let why = if self.active.is_some() {
            "This connection already publishes or plays; open another one."
        } else if !self.created.contains(&stream) {
            "Publish on a stream that createStream has given."
        } else {
            return self.ask_publish(stream, name);
        };
        let status = answers::publish_refused(&PublishRefusal::BadName(why.into()));
        self.link.send_command(stream, &status);
        Ok(())
    }

    fn ask_publish(&mut self, stream: u32, raw: &str) -> Result<(), Error> {
        let split = self.stream_name(raw);
        let request = self.next_request();
        let (held, held_bytes) = (Vec::new(), 0);
        let stage = Stage::AskedPublish { request, held, held_bytes };
        self.active = Some(Active::new(stream, stage));
        if let Some(why) = self.bad_name(raw, &split.name) {
            self.end_with(&answers::publish_refused(&PublishRefusal::BadName(why)));
            return Ok(());
        }
        let (app, name, query) = (split.app, split.name, split.query);
        self.link.push(Event::Publish { request, app, name, query })
    }

    pub(super) fn play2(&mut self, command: &Command, stream: u32) -> Result<(), Error> {
        let options = command.arguments.first();
        let name = options.and_then(|options| options.get("streamName")).and_then(Value::as_str);
        self.play(command, stream, name.unwrap_or_default())
    }

    pub(super) fn play(&mut self, command: &Command, stream: u32, name: &str) -> Result<(), Error> {
        let playing = self.active.as_ref().is_some_and(|active| !active.is_publish());
        if playing {
            // A player may change over to another stream without stopping first.
            self.end_stream(|active| active == stream)?;
        }
        let why = if self.active.is_some() {
            "This connection already publishes or plays; open another one."
        } else if stream != PLAY_STREAM || !self.created.contains(&stream) {
            "Play on the first stream that createStream has given."
        } else {
            // The fourth argument; false keeps the playlist, which a live stream has none of.
            let reset = command.flag(3).unwrap_or(true);
            return self.ask_play(stream, name, reset);
        };
        let status = answers::play_refused(&PlayRefusal::Failed(why.into()));
        self.link.send_command(stream, &status);
        Ok(())
    }

    fn ask_play(&mut self, stream: u32, raw: &str, reset: bool) -> Result<(), Error> {
        let split = self.stream_name(raw);
        let request = self.next_request();
        self.active = Some(Active::new(stream, Stage::AskedPlay { request, reset }));
        if let Some(why) = self.bad_name(raw, &split.name) {
            self.end_with(&answers::play_refused(&PlayRefusal::StreamNotFound(why)));
            return Ok(());
        }
        let (app, name, query) = (split.app, split.name, split.query);
        self.link.push(Event::Play { request, app, name, query })
    }

    /// Ends what is active if its message stream is meant.
    pub(super) fn end_stream(&mut self, is_meant: impl Fn(u32) -> bool) -> Result<(), Error> {
        let Some(active) = self.active.take_if(|active| is_meant(active.stream)) else {
            return Ok(());
        };
        self.waiting_since = self.link.now();
        let publish = active.is_publish();
        let (code, text) = if publish {
            ("NetStream.Unpublish.Success", "Stopped publishing.")
        } else {
            ("NetStream.Play.Stop", "Stopped playing.")
        };
        self.link.send_command(active.stream, &answers::status(Level::Status, code, text));
        self.link.push(if publish { Event::Unpublish } else { Event::StopPlay })
    }

    /// Sends a status on the active stream.
    pub(super) fn tell(&mut self, status: &[u8]) {
        if let Some(active) = &self.active {
            self.link.send_command(active.stream, status);
        }
    }

    fn next_request(&mut self) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request = self.next_request.wrapping_add(1);
        request
    }

    fn bad_name(&self, raw: &str, name: &str) -> Option<String> {
        let limit = self.link.limits().max_name;
        let app = self.app.as_ref().map_or(0, |app| app.len());
        if raw.len().max(app) > limit {
            return Some(format!("The stream's name is longer than {limit} bytes."));
        }
        name.is_empty().then(|| "The stream has no name: give one, or a stream key.".to_string())
    }
}
