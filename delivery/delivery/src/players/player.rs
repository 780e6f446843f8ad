//! One viewer's place in the log, and what goes out to it.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use media::{Entry, TrackSet};
use shard::Conn;
use stream::{Cursor, Log, Read, Session, SessionId, Side};

use super::Guest;
use crate::wire::{Batch, Wire};

/// A viewer.
pub(super) struct Player {
    /// Where it really comes from.
    address: IpAddr,
    pub(super) conn: Rc<Conn>,
    pub(super) wire: Wire,
    pub(super) cursor: Cursor,
    pub(super) tracks: Arc<TrackSet>,
    /// What is left of a message that was cut, then control messages.
    pub(super) rest: VecDeque<Bytes>,
    /// Its socket is full; a task waits for room.
    pub(super) blocked: bool,
    /// It wants no media for now.
    pub(super) paused: bool,
    /// It was told to go.
    pub(super) cut: bool,
    id: SessionId,
    agent: Option<Arc<str>>,
    since_ms: i64,
    bytes: u64,
    skips: u64,
}

/// A batch with the reader's state after it.
pub(super) struct Run<'a> {
    pub(super) batch: Batch<'a>,
    pub(super) cursor: Cursor,
    /// The tracks for every entry of the batch but what follows a last `Tracks` entry.
    tracks: Arc<TrackSet>,
    tracks_after: Arc<TrackSet>,
    skipped: u64,
}

/// What went out to viewers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) bytes: u64,
    pub(super) messages: u64,
    /// Entries that a lagging viewer missed.
    pub(super) skipped: u64,
}

impl Sent {
    pub(super) fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.messages += other.messages;
        self.skipped += other.skipped;
    }
}

impl Player {
    /// A viewer that came now and starts at `cursor`.
    pub(super) fn new(guest: Guest, id: SessionId, cursor: Cursor) -> Self {
        let Guest { conn, address, wire, agent, prelude } = guest;
        Self {
            conn,
            address,
            wire,
            cursor,
            tracks: Arc::default(),
            rest: [prelude].into(),
            blocked: false,
            paused: false,
            cut: false,
            id,
            agent,
            since_ms: shard::unix_millis(),
            bytes: 0,
            skips: 0,
        }
    }

    /// Its session's name.
    pub(super) fn id(&self) -> SessionId {
        self.id
    }

    /// As control lists it.
    pub(super) fn session(&self) -> Session {
        Session {
            id: self.id,
            side: Side::Viewer,
            protocol: self.wire.protocol(),
            address: self.address,
            since_ms: self.since_ms,
            agent: self.agent.clone(),
            bytes: Some(self.bytes),
            skips: self.skips,
        }
    }

    /// Takes note of how much of a batch went out.
    pub(super) fn sent(&mut self, run: &Run<'_>, result: &io::Result<Option<usize>>) -> Sent {
        let sent = match *result {
            Ok(Some(sent)) if sent == run.batch.len() => {
                self.cursor = run.cursor;
                self.tracks = Arc::clone(&run.tracks_after);
                sent
            }
            Ok(sent) => {
                let sent = sent.unwrap_or(0);
                if sent > 0 {
                    let (rest, next) = run.batch.split(sent, self.cursor.position());
                    self.rest.extend(rest);
                    self.tracks = Arc::clone(if next == run.cursor.position() {
                        &run.tracks_after
                    } else {
                        &run.tracks
                    });
                    self.cursor = Cursor::running_at(next);
                }
                self.blocked = true;
                sent
            }
            Err(_) => {
                // Its reader notices and takes it out; until then nothing is sent.
                self.conn.close();
                self.blocked = true;
                0
            }
        };
        let skipped = if sent > 0 { run.skipped } else { 0 };
        self.bytes += sent as u64;
        self.skips += u64::from(skipped > 0);
        Sent { bytes: sent as u64, messages: run.batch.messages(sent), skipped }
    }

    /// Sends the rest, then batch after batch, until the log is empty or the socket full.
    pub(super) fn serve(&mut self, log: &Log, scratch: &mut Vec<u8>) -> Sent {
        let mut total = Sent { bytes: self.send_rest(), ..Sent::default() };
        while !self.blocked && !self.paused {
            let run = gather(log, self.cursor, &self.tracks, self.wire, std::mem::take(scratch));
            let slices = run.batch.slices();
            let result = if slices.is_empty() { Ok(Some(0)) } else { self.conn.try_send(&slices) };
            drop(slices);
            let empty = run.batch.len() == 0;
            total.add(self.sent(&run, &result));
            let at_end = run.cursor.position() == log.end() || empty;
            *scratch = run.batch.into_scratch();
            if at_end {
                break;
            }
        }
        total
    }

    fn send_rest(&mut self) -> u64 {
        let mut total = 0;
        while !self.rest.is_empty() && !self.blocked {
            let slices: Vec<IoSlice<'_>> =
                self.rest.iter().map(|bytes| IoSlice::new(bytes)).collect();
            match self.conn.try_send(&slices) {
                Ok(Some(mut sent)) => {
                    total += sent as u64;
                    while let Some(first) = self.rest.front_mut() {
                        if sent < first.len() {
                            *first = first.slice(sent..);
                            break;
                        }
                        sent -= first.len();
                        self.rest.pop_front();
                    }
                }
                Ok(None) => self.blocked = true,
                Err(_) => {
                    self.conn.close();
                    self.blocked = true;
                }
            }
        }
        self.bytes += total;
        total
    }
}

/// Reads on from `cursor` as far as one batch goes. A batch ends behind a change of the tracks.
pub(super) fn gather<'a>(
    log: &'a Log,
    mut cursor: Cursor,
    tracks: &Arc<TrackSet>,
    wire: Wire,
    scratch: Vec<u8>,
) -> Run<'a> {
    let mut batch = Batch::new(wire, scratch);
    let mut current = Arc::clone(tracks);
    let mut after = None;
    let mut skipped = 0;
    while !batch.is_full() && after.is_none() {
        match log.read(&mut cursor) {
            Read::Empty => break,
            Read::Start { tracks, metadata, skipped: missed } => {
                skipped += missed;
                current = Arc::clone(tracks);
                let at = timestamp(log, cursor.position());
                batch.start(tracks, metadata, at, cursor.position());
            }
            Read::Entry(entry) => {
                let next = cursor.position();
                match entry {
                    Entry::Frame(frame) => batch.frame(frame, &current, next),
                    Entry::Tracks(tracks) => {
                        batch.configs(tracks, timestamp(log, next), next);
                        after = Some(Arc::clone(tracks));
                    }
                    Entry::Metadata(_) => {}
                }
            }
        }
    }
    let tracks_after = after.unwrap_or_else(|| Arc::clone(&current));
    Run { batch, cursor, tracks: current, tracks_after, skipped }
}

/// The time stamp, in ms, of the next frame at or after this index.
fn timestamp(log: &Log, from: u64) -> u32 {
    let next = (from..log.end()).find_map(|index| match log.get(index) {
        Some(Entry::Frame(frame)) => Some(frame.dts.millis() as u32),
        _ => None,
    });
    let newest = || match log.end().checked_sub(1).and_then(|last| log.get(last)) {
        Some(Entry::Frame(frame)) => frame.dts.millis() as u32,
        _ => 0,
    };
    next.unwrap_or_else(newest)
}
