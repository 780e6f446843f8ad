//! What a run says at its end, as JSON and for tables: `docs/load-testing.md` explains the fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expect::Verdict;
use crate::histogram::{Spread, Times};
use crate::tally::{Connections, Frames, Misbehaving, Players, Tally};
use crate::watch::{Thread, Used, Watched};

/// Above this share of a core the busiest thread of the runner is the bottleneck.
const BOTTLENECK: f64 = 0.85;
/// Above this share of the window in which a thread of the runner waits for a core, it is said.
const KEPT_WAITING: f64 = 0.2;

/// Names of the histograms in a summary.
const LATENCY: &str = "latency";
const CONNECT: &str = "connect";
const FIRST_FRAME: &str = "first_frame";
const PART_IN_HAND: &str = "part_in_hand";
const GO_AHEAD: &str = "go_ahead";
const LATE: &str = "late";
const LOGIN: &str = "login";

/// A run's summary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) tool: String,
    pub(crate) version: String,
    /// `play`, `publish` or `api`.
    pub(crate) kind: String,
    pub(crate) protocol: String,
    pub(crate) url: String,
    pub(crate) started_unix_ms: u64,
    pub(crate) window_seconds: f64,
    pub(crate) connections: Connections,
    pub(crate) players: Players,
    pub(crate) misbehaving: Misbehaving,
    pub(crate) frames: Frames,
    pub(crate) bytes: u64,
    pub(crate) mbit_per_second: f64,
    pub(crate) latency_ms: Option<Spread>,
    pub(crate) connect_ms: Option<Spread>,
    pub(crate) first_frame_ms: Option<Spread>,
    pub(crate) http: Option<HttpSummary>,
    pub(crate) publish: Option<PublishSummary>,
    #[serde(default)]
    pub(crate) api: Option<ApiSummary>,
    #[serde(rename = "self")]
    pub(crate) own: Own,
    pub(crate) watched: Option<Watched>,
    pub(crate) expect: Vec<Verdict>,
    /// The histograms behind the spreads, so that summaries of several machines can be joined exactly.
    pub(crate) histograms: BTreeMap<String, String>,
}

/// What HLS players did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct HttpSummary {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) playlists: u64,
    pub(crate) blocked_reloads: u64,
    pub(crate) segments: u64,
    pub(crate) parts: u64,
    pub(crate) part_in_hand_ms: Option<Spread>,
}

/// What publishers did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PublishSummary {
    pub(crate) publishing: u64,
    pub(crate) frames_sent: u64,
    pub(crate) go_ahead_ms: Option<Spread>,
    pub(crate) late_ms: Option<Spread>,
    pub(crate) rejected: u64,
}

/// What requests to the API came to; their times are the latency.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ApiSummary {
    pub(crate) requests: u64,
    pub(crate) logins: u64,
    pub(crate) login_ms: Option<Spread>,
}

/// What the runner itself used in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Own {
    pub(crate) cpu_seconds: f64,
    /// Of one core; the sum over the runner's threads.
    pub(crate) cpu_share: f64,
    pub(crate) bottleneck: bool,
    /// Of the window: how long the thread that waited most could have run and had no core.
    #[serde(default)]
    pub(crate) waited_share: f64,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Play,
    Publish,
    Api,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Publish => "publish",
            Self::Api => "api",
        }
    }
}

/// What a run was, beside its counts.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) kind: Kind,
    pub(crate) protocol: String,
    pub(crate) url: String,
    pub(crate) started_unix_ms: u64,
}

impl Own {
    /// Whether the runner was kept from a core for so long that its times say little.
    pub(crate) fn was_kept_waiting(&self) -> bool {
        self.waited_share > KEPT_WAITING
    }

    /// From what the process and its shards did over a window.
    pub(crate) fn new(process: Used, shards: &[Thread], window_seconds: f64) -> Self {
        let over = window_seconds.max(1e-3);
        let busiest = shards.iter().map(|shard| shard.ran).fold(0.0, f64::max);
        let waited = shards.iter().map(|shard| shard.waited).fold(0.0, f64::max);
        Self {
            cpu_seconds: round3(process.cpu_seconds),
            cpu_share: round3(process.cpu_seconds / over),
            bottleneck: busiest / over > BOTTLENECK,
            waited_share: round3(waited / over),
        }
    }
}

impl Summary {
    pub(crate) fn new(about: About, tally: &Tally, own: Own, watched: Option<Watched>) -> Self {
        let window_seconds = tally.window_us as f64 / 1e6;
        let bits = tally.bytes as f64 * 8.0;
        let mut summary = Self {
            tool: "shardcast load".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            kind: about.kind.name().into(),
            protocol: if tally.low_latency { "ll-hls".into() } else { about.protocol },
            url: about.url,
            started_unix_ms: about.started_unix_ms,
            window_seconds: round3(window_seconds),
            connections: tally.connections.clone(),
            players: tally.players,
            misbehaving: tally.misbehaving.clone(),
            frames: tally.frames,
            bytes: tally.bytes,
            mbit_per_second: round3(bits / 1e6 / window_seconds.max(1e-3)),
            latency_ms: None,
            connect_ms: None,
            first_frame_ms: None,
            http: None,
            publish: None,
            api: None,
            own,
            watched,
            expect: Vec::new(),
            histograms: BTreeMap::new(),
        };
        summary.players.stalled_seconds = round3(summary.players.stalled_seconds);
        summary.http = summary.protocol.contains("hls").then_some(HttpSummary {
            requests: tally.http.requests,
            errors: tally.http.errors,
            playlists: tally.http.playlists,
            blocked_reloads: tally.http.blocked_reloads,
            segments: tally.http.segments,
            parts: tally.http.parts,
            part_in_hand_ms: None,
        });
        summary.publish = (about.kind == Kind::Publish).then(|| PublishSummary {
            publishing: tally.sent.publishing,
            frames_sent: tally.sent.frames,
            rejected: tally.sent.rejected,
            ..PublishSummary::default()
        });
        summary.api = (about.kind == Kind::Api).then_some(ApiSummary {
            requests: tally.api.requests,
            logins: tally.api.logins,
            login_ms: None,
        });
        summary.set_times(&summary.times_of(tally));
        summary
    }

    /// Takes the spreads from these histograms, and keeps their encoded form.
    pub(crate) fn set_times(&mut self, times: &BTreeMap<String, Times>) {
        let spread = |name: &str| times.get(name).and_then(Times::spread);
        self.latency_ms = spread(LATENCY);
        self.connect_ms = spread(CONNECT);
        self.first_frame_ms = spread(FIRST_FRAME);
        if let Some(http) = &mut self.http {
            http.part_in_hand_ms = spread(PART_IN_HAND);
        }
        if let Some(publish) = &mut self.publish {
            publish.go_ahead_ms = spread(GO_AHEAD);
            publish.late_ms = spread(LATE);
        }
        if let Some(api) = &mut self.api {
            api.login_ms = spread(LOGIN);
        }
        let filled = times.iter().filter(|(_, times)| times.spread().is_some());
        self.histograms = filled.map(|(name, times)| (name.clone(), times.encode())).collect();
    }

    fn times_of(&self, tally: &Tally) -> BTreeMap<String, Times> {
        let mut times = vec![(CONNECT, &tally.connect)];
        if self.publish.is_some() {
            times.extend([(GO_AHEAD, &tally.sent.go_ahead), (LATE, &tally.sent.late)]);
        } else {
            times.extend([(LATENCY, &tally.latency), (FIRST_FRAME, &tally.first_frame)]);
        }
        if self.api.is_some() {
            times.push((LOGIN, &tally.api.login));
        }
        if self.http.is_some() {
            times.push((PART_IN_HAND, &tally.http.part_in_hand));
        }
        times.into_iter().map(|(name, times)| (name.to_owned(), times.clone())).collect()
    }
}

/// Three digits behind the point: what is measured is not more exact.
pub(crate) fn round3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
