//! The counts of a run, or of one shard's part of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Times;

/// Different reasons that are told apart; further ones count as "other reasons".
const MAX_REASONS: usize = 50;
/// The longest text of a reason, in characters.
const MAX_REASON: usize = 160;

/// What became of the connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Connections {
    pub(crate) asked: u64,
    /// Let in by the server.
    pub(crate) connected: u64,
    /// Told no by the server or its system.
    pub(crate) refused: u64,
    /// Not let in for another reason.
    pub(crate) failed: u64,
    /// Ended by the server or the network after they had been let in.
    pub(crate) lost: u64,
    pub(crate) reasons: BTreeMap<String, u64>,
}

/// What became of the players that misbehave: how many of each kind, and how many the server closed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Misbehaving {
    pub(crate) frozen: u64,
    pub(crate) slow_reading: u64,
    pub(crate) pausing: u64,
    pub(crate) leaving: u64,
    pub(crate) closed_by_server: u64,
}

/// Pictures of the parsed, well-behaved players.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frames {
    pub(crate) received: u64,
    /// Skipped numbers less those that came late; a sum of changes, so a moment may see it below 0.
    pub(crate) lost: i64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
}

/// The well-behaved players.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Players {
    pub(crate) well_behaved: u64,
    pub(crate) parsed: u64,
    /// Those that received less than 0.95 of the media time.
    pub(crate) slow: u64,
    pub(crate) without_a_frame: u64,
    pub(crate) stalls: u64,
    pub(crate) stalled_players: u64,
    pub(crate) stalled_seconds: f64,
}

/// What HLS players did in the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Http {
    /// Requests that were sent.
    pub(crate) requests: u64,
    /// Answers of 400 and above, broken answers, and time-outs.
    pub(crate) errors: u64,
    pub(crate) playlists: u64,
    /// Playlist requests that the server was to hold back until something is new.
    pub(crate) blocked_reloads: u64,
    pub(crate) segments: u64,
    pub(crate) parts: u64,
    /// From the sending of a part's last picture to the whole part in hand.
    pub(crate) part_in_hand: Times,
}

/// What publishers did in the window, but for the counts of the whole run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// Over the run: publishers that the server let publish.
    pub(crate) publishing: u64,
    /// Over the run: publishers that it refused.
    pub(crate) rejected: u64,
    /// Pictures.
    pub(crate) frames: u64,
    /// Over the run: from the start of the connection to the leave to publish.
    pub(crate) go_ahead: Times,
    /// How far behind its pace a message was handed to the kernel.
    pub(crate) late: Times,
}

/// What became of requests to the API in the window; those that failed are among the connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Api {
    /// Answered as they should be, log-ins apart.
    pub(crate) requests: u64,
    /// Log-ins.
    pub(crate) logins: u64,
    /// From the moment at which a log-in was due to its whole answer.
    pub(crate) login: Times,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) window_us: u64,
    pub(crate) connections: Connections,
    pub(crate) misbehaving: Misbehaving,
    pub(crate) players: Players,
    pub(crate) frames: Frames,
    /// Received by players, or sent by publishers, on the wire.
    pub(crate) bytes: u64,
    pub(crate) latency: Times,
    pub(crate) connect: Times,
    pub(crate) first_frame: Times,
    pub(crate) http: Http,
    /// An HLS player found the low-latency form.
    pub(crate) low_latency: bool,
    pub(crate) sent: Sent,
    pub(crate) api: Api,
}

impl Connections {
    /// Counts why a connection was not to be had, or ended.
    pub(crate) fn because(&mut self, reason: &str) {
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
        let known = self.reasons.contains_key(&reason);
        let reason =
            if known || self.reasons.len() < MAX_REASONS { reason } else { "other reasons".into() };
        *self.reasons.entry(reason).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.connected += other.connected;
        self.refused += other.refused;
        self.failed += other.failed;
        self.lost += other.lost;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
    }
}

impl Misbehaving {
    pub(crate) fn add(&mut self, other: &Self) {
        self.frozen += other.frozen;
        self.slow_reading += other.slow_reading;
        self.pausing += other.pausing;
        self.leaving += other.leaving;
        self.closed_by_server += other.closed_by_server;
    }
}

impl Frames {
    pub(crate) fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
    }
}

impl Players {
    pub(crate) fn add(&mut self, other: &Self) {
        self.well_behaved += other.well_behaved;
        self.parsed += other.parsed;
        self.slow += other.slow;
        self.without_a_frame += other.without_a_frame;
        self.stalls += other.stalls;
        self.stalled_players += other.stalled_players;
        self.stalled_seconds += other.stalled_seconds;
    }
}

impl Http {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.playlists += other.playlists;
        self.blocked_reloads += other.blocked_reloads;
        self.segments += other.segments;
        self.parts += other.parts;
        self.part_in_hand.add(&other.part_in_hand);
    }
}

impl Sent {
    fn add(&mut self, other: &Self) {
        self.publishing += other.publishing;
        self.rejected += other.rejected;
        self.frames += other.frames;
        self.go_ahead.add(&other.go_ahead);
        self.late.add(&other.late);
    }
}

impl Tally {
    /// Adds another shard's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.window_us = self.window_us.max(other.window_us);
        self.connections.add(&other.connections);
        self.misbehaving.add(&other.misbehaving);
        self.players.add(&other.players);
        self.frames.add(&other.frames);
        self.bytes += other.bytes;
        self.latency.add(&other.latency);
        self.connect.add(&other.connect);
        self.first_frame.add(&other.first_frame);
        self.http.add(&other.http);
        self.low_latency |= other.low_latency;
        self.sent.add(&other.sent);
        self.api.requests += other.api.requests;
        self.api.logins += other.api.logins;
        self.api.login.add(&other.api.login);
    }
}
