//! What the API did, for `/metrics`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cluster::Link;
use config::Config;
use control::Authority;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Answers by the first digit of their status, from 2 to 5.
    answers: [AtomicU64; 4],
    /// Requests over the limit of their user or address.
    pub(crate) limited: AtomicU64,
    /// Log-ins with a wrong password or of an unknown user.
    pub(crate) refused_logins: AtomicU64,
    /// Log-ins that were not even tried, after too many wrong passwords.
    pub(crate) blocked_logins: AtomicU64,
}

const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

impl Counts {
    pub(crate) fn answered(&self, status: u16) {
        let class = usize::from(status / 100).checked_sub(2);
        if let Some(count) = class.and_then(|class| self.answers.get(class)) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn encode(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        authority: &Authority,
        config: &Config,
    ) -> fmt::Result {
        let cluster = authority.cluster();
        let help = "Answers of the API by the class of their status";
        let mut family =
            encoder.encode_descriptor("api_answers", help, None, MetricType::Counter)?;
        for (class, count) in CLASSES.into_iter().zip(&self.answers) {
            let labels = [("status", class)];
            ConstCounter::new(count.load(Relaxed)).encode(family.encode_family(&labels)?)?;
        }
        let nodes = cluster.metrics();
        for (name, help, value) in [
            (
                "api_limited",
                "Requests over the limit of their user or address",
                self.limited.load(Relaxed),
            ),
            ("logins_refused", "Log-ins with a wrong password", self.refused_logins.load(Relaxed)),
            (
                "logins_blocked",
                "Log-ins not tried after too many wrong ones",
                self.blocked_logins.load(Relaxed),
            ),
            ("node_events_sent", "Events told to other nodes", nodes.events_sent),
            ("node_events_received", "Events of other nodes", nodes.events_received),
            ("node_events_lost", "Events that could not be told to other nodes", nodes.events_lost),
            ("redis_commands", "Commands sent to Redis", nodes.commands),
            (
                "redis_commands_failed",
                "Commands that Redis did not answer well",
                nodes.commands_failed,
            ),
        ] {
            let family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(family)?;
        }
        let help = "Limits in force by their settings; 0 is no limit";
        let mut family = encoder.encode_descriptor("limit", help, None, MetricType::Gauge)?;
        for (name, value) in [
            ("RATE_LIMIT_MAX_REQUESTS", config.rate_limit_max_requests),
            ("MAX_STREAMS_PER_USER", config.max_streams_per_user),
            ("MAX_CONN_PER_IP", config.max_conn_per_ip),
        ] {
            ConstGauge::new(i64::from(value))
                .encode(family.encode_family(&[("setting", name)])?)?;
        }
        let up = i64::from(cluster.link() == Link::Up);
        let waiting = i64::try_from(authority.waiting()).unwrap_or(i64::MAX);
        let held = i64::try_from(nodes.streams_held).unwrap_or(i64::MAX);
        for (name, help, value) in [
            ("database_writes_waiting", "Writes that wait for the database to come back", waiting),
            ("redis_up", "Whether Redis answers: 1 or 0; 0 without Redis too", up),
            ("node_streams_held", "Streams that are registered as this node's", held),
        ] {
            let family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(family)?;
        }
        Ok(())
    }
}
