//! What the client says, and what it makes of the answers.

use media::amf0::Value;

use super::{ClientSession, Event, Purpose, Stage};
use crate::command::{Command, command};
use crate::control::UserControl;
use crate::message::{Kind, Message};
use crate::receipts::WINDOW;
use crate::{Error, capabilities};

/// Numbers of the calls whose answers matter.
const CONNECT: f64 = 1.0;
const CREATE_STREAM: f64 = 4.0;

/// How the client presents itself; the first word lets servers take it for a live encoder.
const CLIENT: &str = "FMLE/3.0 (compatible; Shardcast)";

/// What a player tells the server to buffer, in milliseconds.
const BUFFER: u32 = 1000;

impl ClientSession {
    /// The first command.
    pub(super) fn connect(&mut self) {
        let url = &self.config.url;
        let mut object = vec![
            ("app".into(), Value::string(&*url.app)),
            ("type".into(), Value::string("nonprivate")),
            ("flashVer".into(), Value::string(CLIENT)),
            ("tcUrl".into(), Value::string(&*url.tc_url)),
            ("fpad".into(), Value::Boolean(false)),
            // All codecs that plain RTMP numbers (section 7.2.1.1).
            ("audioCodecs".into(), Value::Number(f64::from(0x0fff))),
            ("videoCodecs".into(), Value::Number(f64::from(0x00ff))),
            ("objectEncoding".into(), Value::Number(0.0)),
        ];
        object.extend(capabilities::properties());
        let body = command("connect", CONNECT, &[Value::Object(object)]);
        self.link.set_chunk_size(self.config.chunk_size);
        self.link.send_command(0, &body);
        self.stage = Stage::Connecting;
    }

    /// Handles a command message: an answer or a status.
    pub(super) fn command(&mut self, message: Message) -> Result<(), Error> {
        let command = Command::parse(&message.into_amf0())?;
        match command.name.as_str() {
            "_result" => self.result(&command),
            "_error" => self.error(&command),
            "onStatus" => self.status(&command),
            _ => Ok(()),
        }
    }

    /// Handles what is left of user control messages: the end of the stream.
    pub(super) fn user_control(&mut self, message: &Message) -> Result<(), Error> {
        match (UserControl::parse(message)?, self.stage) {
            (UserControl::StreamEof(eof), Stage::Active(stream)) if eof == stream => {
                self.ended(String::new(), String::new())
            }
            _ => Ok(()),
        }
    }

    /// The polite end of a publish or play.
    pub(super) fn leave(&mut self, stream: u32) {
        if self.purpose == Purpose::Publish {
            let name = Value::string(&*self.config.url.name);
            self.link.send_command(0, &command("FCUnpublish", 6.0, &[Value::Null, name]));
        }
        let number = Value::Number(f64::from(stream));
        self.link.send_command(0, &command("deleteStream", 0.0, &[Value::Null, number]));
    }

    fn result(&mut self, answer: &Command) -> Result<(), Error> {
        match self.stage {
            Stage::Connecting if answer.transaction == CONNECT => self.create_stream(),
            Stage::Creating if answer.transaction == CREATE_STREAM => {
                let number = answer.number(0).filter(|n| (1.0..=f64::from(u32::MAX)).contains(n));
                let Some(number) = number else {
                    let why = "The server's answer to createStream holds no stream.";
                    return self.rejected(String::new(), why.into());
                };
                self.ask(number as u32);
            }
            _ => {}
        }
        Ok(())
    }

    fn create_stream(&mut self) {
        self.link.send_control(Kind::WindowSize, &WINDOW.to_be_bytes());
        if self.purpose == Purpose::Publish {
            let name = Value::string(&*self.config.url.name);
            let arguments = [Value::Null, name];
            self.link.send_command(0, &command("releaseStream", 2.0, &arguments));
            self.link.send_command(0, &command("FCPublish", 3.0, &arguments));
        }
        self.link.send_command(0, &command("createStream", CREATE_STREAM, &[Value::Null]));
        self.stage = Stage::Creating;
    }

    fn ask(&mut self, stream: u32) {
        let name = Value::string(&*self.config.url.name);
        match self.purpose {
            Purpose::Publish => {
                let arguments = [Value::Null, name, Value::string("live")];
                self.link.send_command(stream, &command("publish", 5.0, &arguments));
            }
            Purpose::Play => {
                // -2: live if there is a live stream of this name (section 7.2.2.1).
                let arguments = [Value::Null, name, Value::Number(-2.0)];
                self.link.send_command(stream, &command("play", 0.0, &arguments));
                let buffer = UserControl::SetBufferLength { stream, millis: BUFFER };
                self.link.send_user_control(buffer);
            }
        }
        self.stage = Stage::Asking(stream);
    }

    fn error(&mut self, answer: &Command) -> Result<(), Error> {
        let matters = match self.stage {
            Stage::Connecting => answer.transaction == CONNECT,
            Stage::Creating => answer.transaction == CREATE_STREAM,
            _ => false,
        };
        if !matters {
            return Ok(());
        }
        let (_, code, description) = information(answer);
        self.rejected(code, description)
    }

    fn status(&mut self, status: &Command) -> Result<(), Error> {
        let (failed, code, description) = information(status);
        match (self.stage, code.as_str()) {
            (Stage::Active(_), _) if failed => self.ended(code, description),
            (_, _) if failed => self.rejected(code, description),
            (Stage::Asking(stream), "NetStream.Publish.Start" | "NetStream.Play.Start") => {
                self.stage = Stage::Active(stream);
                self.link.push(match self.purpose {
                    Purpose::Publish => Event::Publishing,
                    Purpose::Play => Event::Playing,
                })
            }
            (
                Stage::Active(_),
                "NetStream.Play.Stop"
                | "NetStream.Play.Complete"
                | "NetStream.Play.UnpublishNotify"
                | "NetStream.Unpublish.Success",
            ) => self.ended(code, description),
            _ => Ok(()),
        }
    }

    fn rejected(&mut self, code: String, description: String) -> Result<(), Error> {
        self.end();
        self.link.push(Event::Rejected { code, description })
    }

    fn ended(&mut self, code: String, description: String) -> Result<(), Error> {
        self.end();
        self.link.push(Event::Ended { code, description })
    }
}

/// Whether the information object of an answer tells of a failure; its code and description.
fn information(answer: &Command) -> (bool, String, String) {
    let object = answer.arguments.first();
    let text = |name| {
        let value = object.and_then(|object| object.get(name)).and_then(Value::as_str);
        value.unwrap_or_default().to_string()
    };
    (text("level") == "error", text("code"), text("description"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_information_object_is_taken_apart() {
        let info = crate::command::information(crate::command::Level::Error, "A.B", "why");
        let body = command("onStatus", 0.0, &[Value::Null, info]);
        let parsed = information(&Command::parse(&body).unwrap());
        assert_eq!(parsed, (true, "A.B".into(), "why".into()));
        let bare = Command::parse(&command("onStatus", 0.0, &[Value::Null])).unwrap();
        assert_eq!(information(&bare), (false, String::new(), String::new()));
    }
}
