//! What a viewer must get: frames of its shard's log from a group's start on, each once and in order,
//! and where some are missing, a new start.

mod flv;
mod rtmp;

use media::{Entry, Frame, Kind};

pub(crate) use flv::FlvViewer;
pub(crate) use rtmp::RtmpPlayer;

use crate::footage::{Stamp, stamp_of};
use crate::ledger::Ledger;
use crate::trace::{broken, check};
use crate::watched::{Logs, Watched};

/// A message of a frame protocol: FLV tags and RTMP messages are the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// `None` for script data.
    pub(crate) kind: Option<Kind>,
    pub(crate) time_ms: u32,
    pub(crate) body: &'a [u8],
}

/// What every viewer is held against.
#[derive(Clone, Copy)]
pub(crate) struct Truth<'a> {
    pub(crate) logs: &'a Logs,
    pub(crate) ledger: &'a Ledger,
}

/// Follows what one viewer gets.
#[derive(Debug)]
pub(crate) struct Follow {
    pub(crate) shard: usize,
    pub(crate) stream: usize,
    log: Option<usize>,
    /// The place in the log of its last frame.
    last: Option<u64>,
    /// Metadata came since the last frame: it starts here.
    starts: bool,
    /// It asked for no media for a while, and may go on at the newest group whatever it missed.
    pub(crate) resumes: bool,
    configs: [Option<Vec<u8>>; 2],
    /// The session that was live, with frames, when it came: it may not be sent away.
    pub(crate) promised: Option<u32>,
    /// It was told that there is no such stream.
    pub(crate) sent_away: bool,
    /// It was told that there is no room.
    pub(crate) refused: bool,
}

impl Follow {
    pub(crate) fn new(shard: usize, stream: usize) -> Self {
        Self {
            shard,
            stream,
            log: None,
            last: None,
            starts: false,
            resumes: false,
            configs: [None, None],
            promised: None,
            sent_away: false,
            refused: false,
        }
    }

    /// Takes the next message.
    pub(crate) fn message(&mut self, message: Message<'_>, truth: Truth<'_>) {
        let Message { kind, time_ms, body } = message;
        let (Some(kind), Some(first)) = (kind, body.get(1)) else {
            self.starts = true;
            return;
        };
        let head = if kind == Kind::Video { 5 } else { 2 };
        if *first == 0 {
            self.configs[usize::from(kind == Kind::Audio)] = Some(body[head..].to_vec());
            return;
        }
        let Some(stamp) = stamp_of(kind, body.get(head..).unwrap_or_default()) else {
            let shown = &body[..body.len().min(24)];
            broken!("a viewer of stream {} got what nobody sent: {shown:02x?}", self.stream);
            return;
        };
        if truth.logs.is_lost(self.shard, self.stream) {
            return;
        }
        let log = self.log.filter(|log| truth.logs.get(*log).place(stamp).is_some());
        let Some(at) = log.or_else(|| truth.logs.find(self.shard, stamp)) else {
            broken!("a viewer got {stamp:?}, which its shard never had");
            return;
        };
        check!(self.log.is_none_or(|known| known == at), "a viewer changed over to another stream");
        self.log = Some(at);
        let log = truth.logs.get(at);
        let Some(place) = log.place(stamp) else { return };
        self.frame(log, place, stamp);
        let Some(Entry::Frame(frame)) = log.reference.entry(place) else { return };
        check!(time_ms == frame.dts.millis() as u32, "{stamp:?} came with the time {time_ms}");
        self.body(frame, stamp, body, truth.ledger);
    }

    fn frame(&mut self, log: &Watched, place: u64, stamp: Stamp) {
        let starts = std::mem::take(&mut self.starts);
        let resumes = self.resumes;
        let expected = self.last.and_then(|last| log.reference.next_frame(last + 1));
        if let Some((expected, _)) = expected
            && place != expected
        {
            check!(place > expected || resumes, "a viewer got {stamp:?} again");
            // What changes the tracks may have been dropped before the frame that is missing.
            let dropped = self.last.is_some_and(|last| last + 1 < log.reference.first());
            check!(
                dropped || resumes,
                "a viewer on shard {} got {stamp:?}, entry {place}, where entry {expected}, which the log \
                 still holds, was to come",
                self.shard
            );
            check!(starts, "a viewer was led to {stamp:?} without a new start");
            log.note_missed(if resumes { 0 } else { place.saturating_sub(expected) });
        }
        if starts {
            check!(
                log.reference.is_group_start(place),
                "a viewer starts inside a group: {stamp:?}"
            );
        }
        check!(self.last.is_some() || starts, "a viewer's first frame came without a start");
        self.last = Some(place);
    }

    fn body(&self, frame: &Frame, stamp: Stamp, body: &[u8], ledger: &Ledger) {
        let Some(sent) = ledger.get(stamp) else { return };
        let start = if stamp.kind == Kind::Video { 5 } else { 2 };
        check!(body[start..] == frame.data, "{stamp:?} reached a viewer with other bytes");
        if stamp.kind == Kind::Video {
            check!(body[..5] == sent.body[..5], "{stamp:?} is described by {:?}", &body[..5]);
        }
        let config = self.configs[usize::from(stamp.kind == Kind::Audio)].as_deref();
        check!(config == Some(sent.record), "{stamp:?} came under the configuration {config:?}");
    }

    /// Whether it has all that its shard's log has; `None` while it has nothing at all.
    pub(crate) fn is_complete(&self, logs: &Logs) -> Option<bool> {
        let log = Some(logs.get(self.log?)).filter(|log| !log.is_lost)?;
        Some(log.reference.next_frame(self.last? + 1).is_none())
    }

    /// The log that it follows.
    pub(crate) fn log<'a>(&self, logs: &'a Logs) -> Option<&'a Watched> {
        self.log.map(|log| logs.get(log))
    }
}
