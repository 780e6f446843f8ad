//! What the server says: the bodies of its commands, and the messages that belong together.

use media::amf0::{self, Value};

use super::event::{PlayRefusal, PublishRefusal};
use crate::capabilities;
use crate::command::{Level, command, information};
use crate::control::{self, UserControl};
use crate::link::Link;
use crate::media_header::{MediaKind, OUT_CHUNK_SIZE, PLAY_STREAM};
use crate::message::Kind;
use crate::receipts::WINDOW;

/// The chunk size on a connection that does not play: all that we send there fits into one chunk, and
/// clients that take it over for themselves (FFmpeg) still interleave audio with large pictures.
const CONTROL_CHUNK_SIZE: usize = 65_536;

/// A version that clients take for a server they know.
const VERSION: &str = "FMS/3,0,1,123";

/// Answers `connect`.
pub(super) fn connected<E>(link: &mut Link<E>, transaction: f64, enhanced: bool) {
    link.send_control(Kind::WindowSize, &WINDOW.to_be_bytes());
    link.send_control(Kind::PeerBandwidth, &control::peer_bandwidth(WINDOW));
    link.set_chunk_size(CONTROL_CHUNK_SIZE);
    let mut server = vec![
        ("fmsVer".into(), Value::string(VERSION)),
        ("capabilities".into(), Value::Number(31.0)),
        ("mode".into(), Value::Number(1.0)),
    ];
    let mut information = vec![
        ("level".into(), Value::string("status")),
        ("code".into(), Value::string("NetConnection.Connect.Success")),
        ("description".into(), Value::string("Connection succeeded.")),
        ("objectEncoding".into(), Value::Number(0.0)),
    ];
    if enhanced {
        // The specification leaves open which of the two objects carries them.
        server.extend(capabilities::properties());
        information.extend(capabilities::properties());
    }
    result(link, transaction, &[Value::Object(server), Value::Object(information)]);
}

/// Answers a call with values, if an answer is wanted.
pub(super) fn result<E>(link: &mut Link<E>, transaction: f64, values: &[Value]) {
    if transaction != 0.0 {
        link.send_command(0, &command("_result", transaction, values));
    }
}

/// Answers a call that failed, if an answer is wanted.
pub(super) fn error<E>(link: &mut Link<E>, transaction: f64, code: &str, description: &str) {
    if transaction != 0.0 {
        let values = [Value::Null, information(Level::Error, code, description)];
        link.send_command(0, &command("_error", transaction, &values));
    }
}

/// The old servers' answers to FCPublish and its like: a call back with a status.
pub(super) fn call_back<E>(link: &mut Link<E>, name: &str, code: &str, description: &str) {
    let values = [Value::Null, information(Level::Status, code, description)];
    link.send_command(0, &command(name, 0.0, &values));
}

/// The body of `onStatus`.
pub(super) fn status(level: Level, code: &str, description: &str) -> Vec<u8> {
    command("onStatus", 0.0, &[Value::Null, information(level, code, description)])
}

pub(super) fn publish_start() -> Vec<u8> {
    status(Level::Status, "NetStream.Publish.Start", "Publishing.")
}

pub(super) fn publish_refused(why: &PublishRefusal) -> Vec<u8> {
    match why {
        PublishRefusal::BadName(text) => status(Level::Error, "NetStream.Publish.BadName", text),
        PublishRefusal::Denied(text) => status(Level::Error, "NetStream.Publish.Denied", text),
    }
}

pub(super) fn play_refused(why: &PlayRefusal) -> Vec<u8> {
    match why {
        PlayRefusal::StreamNotFound(text) => {
            status(Level::Error, "NetStream.Play.StreamNotFound", text)
        }
        PlayRefusal::Failed(text) => status(Level::Error, "NetStream.Play.Failed", text),
    }
}

/// All that goes before a player's first media.
pub(super) fn start_play<E>(link: &mut Link<E>, reset: bool) {
    link.set_chunk_size(OUT_CHUNK_SIZE);
    link.send_user_control(UserControl::StreamBegin(PLAY_STREAM));
    if reset {
        let reset = status(Level::Status, "NetStream.Play.Reset", "Playing and resetting.");
        link.send_command(PLAY_STREAM, &reset);
    }
    let start = status(Level::Status, "NetStream.Play.Start", "Playing.");
    link.send_command(PLAY_STREAM, &start);
    let mut access = Vec::new();
    amf0::write_string("|RtmpSampleAccess", &mut access);
    amf0::write(&Value::Boolean(true), &mut access);
    amf0::write(&Value::Boolean(true), &mut access);
    link.send(MediaKind::Data.chunk_stream(), (Kind::Data, PLAY_STREAM, 0), &access);
}

/// The end of what a player plays.
pub(super) fn end_play<E>(link: &mut Link<E>) {
    link.send_user_control(UserControl::StreamEof(PLAY_STREAM));
    let stop = status(Level::Status, "NetStream.Play.UnpublishNotify", "The stream has ended.");
    link.send_command(PLAY_STREAM, &stop);
    let stop = status(Level::Status, "NetStream.Play.Stop", "Stopped playing.");
    link.send_command(PLAY_STREAM, &stop);
}
