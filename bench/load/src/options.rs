//! What a run is to do.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use shard::Preference;

use crate::api::Login;
use crate::expect::Expectation;
use crate::roles::Shares;

/// What players and publishers have in common.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) urls: Vec<String>,
    /// Connections opened a second.
    pub(crate) per_second: f64,
    /// From the last opening to the window.
    pub(crate) warmup: Duration,
    /// The window.
    pub(crate) duration: Duration,
    pub(crate) shards: usize,
    pub(crate) runtime: Preference,
    pub(crate) source_ips: Vec<IpAddr>,
    pub(crate) watch: Vec<u32>,
    pub(crate) expect: Vec<Expectation>,
    pub(crate) json: bool,
    pub(crate) hdr_log: Option<PathBuf>,
    pub(crate) prometheus: Option<PathBuf>,
}

/// The API of the server that is tested.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    /// `http://HOST:PORT`.
    pub(crate) url: String,
    pub(crate) login: Login,
}

/// `shardcast load play`.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    pub(crate) players: usize,
    /// `{n}` in a URL counts up to this and begins again.
    pub(crate) streams: usize,
    pub(crate) parse_one_in: usize,
    pub(crate) shares: Shares,
    /// What slow players read, as a share of the stream's bit rate.
    pub(crate) slow_rate: f64,
    /// Low-latency HLS: as the playlist offers it unless told.
    pub(crate) low_latency: Option<bool>,
    /// Where to ask what is live.
    pub(crate) api: Option<Api>,
}

/// `shardcast load publish`.
#[derive(Clone, Debug)]
pub(crate) struct Publish {
    pub(crate) streams: usize,
    pub(crate) source: String,
    pub(crate) keys: Vec<String>,
    pub(crate) pattern: Pattern,
    /// Where the streams are made and removed.
    pub(crate) api: Option<Api>,
}

/// `shardcast load api`.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) api: Api,
    pub(crate) users: usize,
    /// Log-ins a second.
    pub(crate) logins: f64,
}

/// The built-in source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
    pub(crate) bits_per_second: u32,
}

impl Common {
    /// How long it takes to open `count` connections.
    pub(crate) fn ramp(&self, count: usize) -> Duration {
        Duration::from_secs_f64(count as f64 / self.per_second)
    }
}
