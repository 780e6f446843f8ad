use media::amf0::Value;

use super::event::Event;
use super::{ServerSession, answers};
use crate::address::app_of;
use crate::command::{Command, Level};
use crate::message::{Kind, Message};
use crate::{Error, Secret, capabilities};

impl ServerSession {
    /// Handles a command message.
    pub(super) fn command(&mut self, message: Message) -> Result<(), Error> {
        let (stream, timestamp) = (message.stream, message.timestamp);
        let body = message.into_amf0();
        let command = Command::parse(&body)?;
        if matches!(command.name.as_str(), "@setDataFrame" | "onMetaData") {
            // Some encoders send their metadata as a command.
            return self.media(Message { kind: Kind::Data, stream, timestamp, body });
        }
        self.link.count_request()?;
        match (command.name.as_str(), self.app.is_some()) {
            ("connect", false) => self.connect(&command),
            ("connect", true) => Err(Error::ConnectedTwice),
            (_, false) => Err(Error::NotConnected),
            (name, true) => self.dispatch(name, &command, stream),
        }
    }

    fn dispatch(&mut self, name: &str, command: &Command, stream: u32) -> Result<(), Error> {
        match name {
            "createStream" => self.create_stream(command),
            "publish" => self.publish(command, stream),
            "play" => self.play(command, stream, command.text(0).unwrap_or_default()),
            "play2" => self.play2(command, stream),
            "deleteStream" => self.delete_stream(command),
            "closeStream" => self.end_stream(|active| active == stream),
            "close" => self.end_stream(|_| true),
            "FCUnpublish" => self.fc_unpublish(command),
            "pause" | "pauseRaw" => self.pause(command),
            "seek" => self.seek(command),
            "receiveAudio" => self.receive(command.flag(0), Event::ReceiveAudio),
            "receiveVideo" => self.receive(command.flag(0), Event::ReceiveVideo),
            _ => {
                self.reply(name, command);
                Ok(())
            }
        }
    }

    /// Commands that need an answer and change nothing.
    fn reply(&mut self, name: &str, command: &Command) {
        let link = &mut self.link;
        let transaction = command.transaction;
        let done = [Value::Null, Value::Undefined];
        match name {
            "releaseStream" | "FCUnsubscribe" => answers::result(link, transaction, &done),
            "FCPublish" => {
                answers::result(link, transaction, &done);
                let code = "NetStream.Publish.Start";
                answers::call_back(link, "onFCPublish", code, "Ready for publish.");
            }
            "FCSubscribe" => {
                answers::result(link, transaction, &done);
                answers::call_back(link, "onFCSubscribe", "NetStream.Play.Start", "Ready to play.");
            }
            // A live stream has no length.
            "getStreamLength" => {
                answers::result(link, transaction, &[Value::Null, Value::Number(0.0)]);
            }
            "_checkbw" | "checkBandwidth" => answers::result(link, transaction, &[Value::Null]),
            // Answers to calls of ours, and statuses: we made no calls that need them.
            "_result" | "_error" | "onStatus" => {}
            _ => {
                let code = "NetConnection.Call.Failed";
                answers::error(link, transaction, code, "The server does not know this command.");
            }
        }
    }

    fn connect(&mut self, command: &Command) -> Result<(), Error> {
        let text = |name| command.object.get(name).and_then(Value::as_str).unwrap_or_default();
        let tc_url = text("tcUrl");
        let app = Some(text("app")).filter(|app| !app.is_empty()).unwrap_or_else(|| app_of(tc_url));
        let enhanced = capabilities::is_enhanced(&command.object);
        answers::connected(&mut self.link, command.transaction, enhanced);
        self.app = Some(Secret(app.into()));
        self.link.push(Event::Connected {
            app: Secret(app.into()),
            tc_url: Secret(tc_url.into()),
            client: text("flashVer").into(),
            enhanced,
        })
    }

    fn create_stream(&mut self, command: &Command) -> Result<(), Error> {
        let limit = self.link.limits().max_message_streams;
        // The lowest free number, so that a client's only stream is always the one that can play.
        let free = (1..=limit as u32).find(|number| !self.created.contains(number));
        let number = free.ok_or(Error::TooManyStreams(limit))?;
        self.created.push(number);
        let values = [Value::Null, Value::Number(f64::from(number))];
        answers::result(&mut self.link, command.transaction, &values);
        Ok(())
    }

    fn delete_stream(&mut self, command: &Command) -> Result<(), Error> {
        let Some(number) = command.number(0).map(|number| number as u32) else { return Ok(()) };
        self.created.retain(|created| *created != number);
        self.end_stream(|active| active == number)
    }

    fn fc_unpublish(&mut self, command: &Command) -> Result<(), Error> {
        answers::result(&mut self.link, command.transaction, &[Value::Null, Value::Undefined]);
        if self.active.as_ref().is_some_and(super::Active::is_publish) {
            let code = "NetStream.Unpublish.Success";
            answers::call_back(&mut self.link, "onFCUnpublish", code, "Stopped publishing.");
            self.end_stream(|_| true)?;
        }
        Ok(())
    }

    fn pause(&mut self, command: &Command) -> Result<(), Error> {
        let (Some(paused), true) = (command.flag(0), self.is_playing()) else { return Ok(()) };
        let (code, description) = if paused {
            ("NetStream.Pause.Notify", "Paused.")
        } else {
            ("NetStream.Unpause.Notify", "Playing on.")
        };
        self.tell(&answers::status(Level::Status, code, description));
        self.link.push(Event::Pause { paused })
    }

    fn seek(&mut self, command: &Command) -> Result<(), Error> {
        let (Some(position), true) = (command.number(0), self.is_playing()) else { return Ok(()) };
        let text = "This stream is live: it plays on.";
        self.tell(&answers::status(Level::Status, "NetStream.Seek.Notify", text));
        self.link.push(Event::Seek { position: position as i64 })
    }

    fn receive(&mut self, wanted: Option<bool>, event: fn(bool) -> Event) -> Result<(), Error> {
        match wanted {
            Some(wanted) if self.is_playing() => self.link.push(event(wanted)),
            _ => Ok(()),
        }
    }
}
