use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use control::{Authority, InForce, ShardHealth, ShardMetrics};

use crate::Shared;
use crate::counts::Counts;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Reading = (&'static str, &'static str, fn(&ShardMetrics) -> u64);

/// Totals of a shard; the encoder adds `_total`.
const COUNTERS: &[Reading] = &[
    ("received_bytes", "Bytes of media received", |m| m.bytes_in),
    ("sent_bytes", "Bytes of media sent", |m| m.bytes_out),
    ("received_frames", "Frames received from publishers", |m| m.frames_in),
    ("sent_frames", "Frames sent to viewers", |m| m.frames_out),
    ("dropped_frames", "Frames that a full queue lost", |m| m.dropped_frames),
    ("reader_skips", "Times that a slow reader was moved to a newer group", |m| m.skips),
    ("refused_viewers", "Viewers refused because their stream had as many as it may", |m| {
        m.refused_viewers
    }),
];

const GAUGES: &[Reading] = &[
    ("publishers", "Publishers whose media arrive on the shard", |m| m.publishers),
    ("streams", "Streams at home on the shard", |m| m.streams),
    ("relays", "Cursors that carry a stream to another shard", |m| m.relays),
    ("log_bytes", "Bytes in the logs of streams", |m| m.log_bytes),
    ("memfd_bytes", "Bytes in segment files in memory", |m| m.memfd_bytes),
];

/// The shards' counters in the OpenMetrics text format, read at this moment. No stream and no user is a
/// label: their number has no bound.
pub(super) async fn metrics(State(shared): State<Shared>) -> Response {
    let mut registry = Registry::with_prefix("shardcast");
    registry.register_collector(Box::new(Snapshot::take(&shared)));
    let mut body = String::new();
    match text::encode(&mut body, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Debug)]
struct Snapshot {
    version: &'static str,
    runtime: &'static str,
    uptime: f64,
    services: [(&'static str, bool); 2],
    dropped_log_lines: u64,
    reloads: [u64; 2],
    reload_failed: bool,
    waiting_settings: u64,
    health: Vec<ShardHealth>,
    shards: Vec<ShardMetrics>,
    counts: Arc<Counts>,
    authority: Arc<Authority>,
    in_force: Arc<InForce>,
}

impl Snapshot {
    fn take(shared: &Shared) -> Self {
        let api = &shared.api;
        let dropped: &AtomicU64 = &api.dropped_log_lines;
        let reloads = api.current.reloads();
        Self {
            version: api.version,
            runtime: api.probe.runtime().as_str(),
            uptime: api.started.elapsed().as_secs_f64(),
            services: [("database", api.vitals.database()), ("storage", api.vitals.storage())],
            dropped_log_lines: dropped.load(Ordering::Relaxed),
            reloads: reloads.totals(),
            reload_failed: reloads.failed(),
            waiting_settings: reloads.waiting(),
            health: api.probe.shards(),
            shards: api.probe.metrics(),
            counts: shared.counts.clone(),
            authority: api.authority.clone(),
            in_force: shared.in_force(),
        }
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_server(&mut encoder)?;
        self.encode_reloads(&mut encoder)?;
        self.counts.encode(&mut encoder, &self.authority, &self.in_force.config)?;
        self.encode_shards(&mut encoder)?;
        let connections = |m: &ShardMetrics| m.connections.clone();
        self.encode_by_protocol(&mut encoder, "connections", "Open connections", connections)?;
        let viewers = |m: &ShardMetrics| m.viewers.clone();
        self.encode_by_protocol(&mut encoder, "viewers", "Viewers", viewers)
    }
}

impl Snapshot {
    fn encode_server(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "What runs: always 1, the labels tell";
        let mut family = encoder.encode_descriptor("build", help, None, MetricType::Gauge)?;
        let labels = [("version", self.version), ("runtime", self.runtime)];
        ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;

        let help = "Time since the server started, in seconds";
        let family = encoder.encode_descriptor("uptime_seconds", help, None, MetricType::Gauge)?;
        ConstGauge::new(self.uptime).encode(family)?;

        let help = "Log lines that a full queue lost";
        let family =
            encoder.encode_descriptor("dropped_log_lines", help, None, MetricType::Counter)?;
        ConstCounter::new(self.dropped_log_lines).encode(family)?;

        let help = "Whether a service is there: 1 or 0";
        let mut family = encoder.encode_descriptor("service_up", help, None, MetricType::Gauge)?;
        for (service, up) in self.services {
            let labels = [("service", service)];
            ConstGauge::new(i64::from(up)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn encode_reloads(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Readings of the configuration after the start, by what became of them";
        let mut family =
            encoder.encode_descriptor("config_reloads", help, None, MetricType::Counter)?;
        for (result, count) in ["taken", "refused"].into_iter().zip(self.reloads) {
            let labels = [("result", result)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        let failed = i64::from(self.reload_failed);
        for (name, help, value) in [
            (
                "config_reload_failed",
                "Whether the last reading of the configuration was refused: 1 or 0",
                failed,
            ),
            (
                "config_waiting_settings",
                "Settings whose new value waits for a restart",
                gauge(self.waiting_settings),
            ),
        ] {
            let family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(family)?;
        }
        Ok(())
    }

    fn encode_shards(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Time since the shard's loop last came round, in seconds";
        let mut family = encoder.encode_descriptor(
            "shard_heartbeat_age_seconds",
            help,
            None,
            MetricType::Gauge,
        )?;
        for (shard, health) in self.health.iter().enumerate() {
            let age = ConstGauge::new(health.heartbeat_age.as_secs_f64());
            age.encode(family.encode_family(&[("shard", shard)])?)?;
        }
        let help = "Share of the last seconds that the shard's loop was busy, 0 to 1";
        let mut family = encoder.encode_descriptor("shard_load", help, None, MetricType::Gauge)?;
        for (shard, metrics) in self.shards.iter().enumerate() {
            ConstGauge::new(metrics.load).encode(family.encode_family(&[("shard", shard)])?)?;
        }
        let help =
            "Beats of the shard's loop, one each 20 ms, that came later than over_ms milliseconds";
        let mut family =
            encoder.encode_descriptor("late_beats", help, None, MetricType::Counter)?;
        for (shard, metrics) in self.shards.iter().enumerate() {
            let shard = shard.to_string();
            for (over, count) in &metrics.late_beats {
                let labels = [("shard", shard.as_str()), ("over_ms", &over.to_string())];
                ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "How late all beats of the shard's loop were together, in seconds";
        let mut family =
            encoder.encode_descriptor("late_seconds", help, None, MetricType::Counter)?;
        for (shard, metrics) in self.shards.iter().enumerate() {
            let late = ConstCounter::new(metrics.late_seconds);
            late.encode(family.encode_family(&[("shard", shard)])?)?;
        }
        for (name, help, read) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (shard, metrics) in self.shards.iter().enumerate() {
                let gauge = ConstGauge::new(gauge(read(metrics)));
                gauge.encode(family.encode_family(&[("shard", shard)])?)?;
            }
        }
        for (name, help, read) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (shard, metrics) in self.shards.iter().enumerate() {
                let counter = ConstCounter::new(read(metrics));
                counter.encode(family.encode_family(&[("shard", shard)])?)?;
            }
        }
        Ok(())
    }

    fn encode_by_protocol(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        read: impl Fn(&ShardMetrics) -> Vec<(&'static str, u64)>,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (shard, metrics) in self.shards.iter().enumerate() {
            let shard = shard.to_string();
            for (protocol, count) in read(metrics) {
                let labels = [("shard", shard.as_str()), ("protocol", protocol)];
                ConstGauge::new(gauge(count)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
