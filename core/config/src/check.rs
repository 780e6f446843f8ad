//! What no setting can tell alone.

use crate::value::Storage;
use crate::{Config, Note, Problem, Source};

/// Checks settings against each other.
pub(crate) fn check(config: &Config, notes: &mut Vec<Note>, problems: &mut Vec<Problem>) {
    let mut report = Report { config, notes, problems };
    ports(&mut report);
    secrets(&mut report);
    hls(&mut report);
    tls(&mut report);
    turn(&mut report);
    storage(&mut report);
    events(&mut report);
    without_effect(&mut report);
}

struct Report<'a> {
    config: &'a Config,
    notes: &'a mut Vec<Note>,
    problems: &'a mut Vec<Problem>,
}

impl Report<'_> {
    fn refuse(&mut self, name: &str, why: &str) {
        self.problems.push(Problem::at(name, self.config.source(name), why));
    }

    fn tell(&mut self, name: &str, why: &str) {
        self.notes.push(Note::at(name, self.config.source(name), why));
    }

    fn is_set(&self, name: &str) -> bool {
        self.config.source(name) != Source::Default
    }

    /// `name` is missing, and `because` says who needs it and where that was set.
    fn require(&mut self, name: &str, because: &str, advice: &str) {
        let place = self.config.source(because);
        self.refuse(name, &format!("must be set, since {because} is ({place}){advice}"));
    }
}

fn ports(report: &mut Report<'_>) {
    let config = report.config;
    let mut ports = config.tcp_ports();
    ports.push(("WEBRTC_PORT", config.webrtc_port));
    for (index, (name, port)) in ports.iter().enumerate() {
        let Some((other, _)) = ports[..index].iter().find(|(_, earlier)| earlier == port) else {
            continue;
        };
        // The one that was set is at fault, not the default that it collides with.
        let (guilty, other) = if report.is_set(name) || !report.is_set(other) {
            (name, other)
        } else {
            (other, name)
        };
        let why = format!("{port} is the value of {other} too; allowed: a port of its own");
        report.refuse(guilty, &why);
    }
    let shards = config.shards.unwrap_or(1);
    if config.webrtc_port.checked_add(shards - 1).is_none() {
        let why = format!(
            "{} leaves no room for one UDP port per shard; allowed: at most {}",
            config.webrtc_port,
            u16::MAX - (shards - 1)
        );
        report.refuse("WEBRTC_PORT", &why);
    }
}

fn secrets(report: &mut Report<'_>) {
    let config = report.config;
    if config.db_host.is_some() {
        let advice = ", alike on all nodes; make one with: openssl rand -hex 32";
        if config.jwt_secret.is_none() {
            report.require("JWT_SECRET", "DB_HOST", advice);
        }
        if config.key_secret.is_none() {
            report.require("KEY_SECRET", "DB_HOST", advice);
        }
    }
    if config.key_secret.is_some() && config.key_secret == config.jwt_secret {
        report.refuse("KEY_SECRET", "is the value of JWT_SECRET too; allowed: one of its own");
    }
}

fn hls(report: &mut Report<'_>) {
    let (segment, part) = (report.config.hls_segment, report.config.hls_part);
    if part * 2 <= segment {
        return;
    }
    let (segment, part) = (segment.as_millis(), part.as_millis());
    if report.is_set("HLS_PART_MS") || !report.is_set("HLS_SEGMENT_MS") {
        let why = format!(
            "{part} is more than half of HLS_SEGMENT_MS, which is {segment}; allowed: at most {}",
            segment / 2
        );
        report.refuse("HLS_PART_MS", &why);
    } else {
        let why = format!(
            "{segment} is less than twice HLS_PART_MS, which is {part}; allowed: at least {}",
            part * 2
        );
        report.refuse("HLS_SEGMENT_MS", &why);
    }
}

fn tls(report: &mut Report<'_>) {
    let config = report.config;
    if config.ssl_enabled == Some(false) {
        return;
    }
    match (&config.tls_cert, &config.tls_key) {
        (Some(_), None) => report.require("TLS_KEY", "TLS_CERT", ""),
        (None, Some(_)) => report.require("TLS_CERT", "TLS_KEY", ""),
        (None, None) if config.ssl_enabled == Some(true) && !config.tls_self_signed => {
            report.require(
                "TLS_CERT",
                "SSL_ENABLED",
                ", with TLS_KEY; or set TLS_SELF_SIGNED=true",
            );
        }
        (Some(_), Some(_)) if config.tls_self_signed => {
            report.tell("TLS_SELF_SIGNED", "has no effect, since TLS_CERT is set");
        }
        _ => {}
    }
}

fn turn(report: &mut Report<'_>) {
    let config = report.config;
    if config.turn_server.is_none() || config.turn_secret.is_some() {
        return;
    }
    if config.turn_username.is_none() {
        report.require("TURN_USERNAME", "TURN_SERVER", ", with TURN_PASSWORD; or set TURN_SECRET");
    } else if config.turn_password.is_none() {
        report.require("TURN_PASSWORD", "TURN_USERNAME", "; or set TURN_SECRET");
    }
}

fn storage(report: &mut Report<'_>) {
    let config = report.config;
    if config.storage_provider == Some(Storage::S3) && config.s3_bucket.is_none() {
        report.require("S3_BUCKET", "STORAGE_PROVIDER", " to s3");
    }
    if config.s3().is_some() {
        match (&config.s3_access_key_id, &config.s3_secret_access_key) {
            (Some(_), None) => report.require("S3_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID", ""),
            (None, Some(_)) => report.require("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", ""),
            _ => {}
        }
    }
    if config.cdn_enabled == Some(true) && config.cdn_url.is_none() {
        report.require("CDN_URL", "CDN_ENABLED", " to true");
    }
}

fn events(report: &mut Report<'_>) {
    if report.config.webhook_url.is_some() && report.config.webhook_secret.is_none() {
        report.require("WEBHOOK_SECRET", "WEBHOOK_URL", ": events are signed");
    }
}

/// Settings that mean nothing without another one.
const COMPANIONS: &[(&[&str], &str)] = &[
    (&["DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME"], "DB_HOST"),
    (&["REDIS_PASSWORD"], "REDIS_URL"),
    (&["TURN_USERNAME", "TURN_PASSWORD", "TURN_SECRET"], "TURN_SERVER"),
    (&["WEBHOOK_SECRET"], "WEBHOOK_URL"),
    (
        &["S3_ENDPOINT", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_PREFIX"],
        "S3_BUCKET",
    ),
];

/// The setting that this one needs to mean anything and that is not set.
pub(crate) fn lacks(config: &Config, name: &str) -> Option<&'static str> {
    let (_, needed) = COMPANIONS.iter().find(|(names, _)| names.contains(&name))?;
    (config.source(needed) == Source::Default).then_some(*needed)
}

fn without_effect(report: &mut Report<'_>) {
    for name in COMPANIONS.iter().flat_map(|(names, _)| *names) {
        // Machines in a cloud set Amazon's names for every program.
        let for_all = name.starts_with("S3_") && report.config.source(name) == Source::Environment;
        if !report.is_set(name) || for_all {
            continue;
        }
        if let Some(needed) = lacks(report.config, name) {
            report.tell(name, &format!("has no effect without {needed}"));
        }
    }
}
