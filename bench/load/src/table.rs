//! The summary for people.

use std::fmt::Write;

use crate::histogram::Spread;
use crate::summary::Summary;

/// Said when the runner measured itself.
const BOTTLENECK: &str = "THE LOAD RUNNER ITSELF WAS THE BOTTLENECK: a thread of it used \
    more than 85 % of a core, so times are partly its own. Give it more cores (--shards), or spread \
    the load over several machines.";

/// Said when the machine was too busy for the runner.
const KEPT_WAITING: &str = "THE LOAD RUNNER WAS KEPT WAITING FOR A CORE, by other programs \
    on this machine: times are partly its own. Give it a core of its own (taskset).";

/// Renders a table of the parts that say something.
pub(crate) fn render(summary: &Summary) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "shardcast load {} {} {}: {:.1} s measured",
        summary.kind, summary.protocol, summary.url, summary.window_seconds
    );
    connections(summary, &mut out);
    if let Some(api) = &summary.api {
        let per_second = (api.requests + api.logins) as f64 / summary.window_seconds.max(1e-3);
        let text =
            format!("{} answered, {} log-ins, {per_second:.1} a second", api.requests, api.logins);
        row(&mut out, "requests", &text);
    } else if summary.publish.is_some() {
        published(summary, &mut out);
    } else {
        played(summary, &mut out);
    }
    row(
        &mut out,
        "traffic",
        &format!("{:.1} Mbit/s, {} bytes", summary.mbit_per_second, summary.bytes),
    );
    times(summary, &mut out);
    usage(summary, &mut out);
    for verdict in &summary.expect {
        let word = if verdict.met { "met" } else { "NOT MET" };
        let value = verdict.value.map_or("nothing measured".into(), |value| format!("{value}"));
        row(&mut out, "expected", &format!("{}: {word} ({value})", verdict.text));
    }
    for line in warnings(summary) {
        let _ = writeln!(out, "\n{line}");
    }
    out
}

/// What makes the figures doubtful.
pub(crate) fn warnings(summary: &Summary) -> impl Iterator<Item = &'static str> {
    let own = &summary.own;
    let lines = [(own.bottleneck, BOTTLENECK), (own.was_kept_waiting(), KEPT_WAITING)];
    lines.into_iter().filter_map(|(holds, line)| holds.then_some(line))
}

fn row(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "  {name:<14}{value}");
}

fn connections(summary: &Summary, out: &mut String) {
    let all = &summary.connections;
    let text = format!(
        "{} of {} connected, {} refused, {} failed, {} lost",
        all.connected, all.asked, all.refused, all.failed, all.lost
    );
    row(out, "connections", &text);
    for (reason, count) in &all.reasons {
        row(out, "", &format!("{count} x {reason}"));
    }
}

fn played(summary: &Summary, out: &mut String) {
    let (players, frames) = (&summary.players, &summary.frames);
    let text = format!(
        "{} well-behaved, {} parsed picture by picture, {} slow, {} without a picture",
        players.well_behaved, players.parsed, players.slow, players.without_a_frame
    );
    row(out, "players", &text);
    let bad = &summary.misbehaving;
    if bad.frozen + bad.slow_reading + bad.pausing + bad.leaving > 0 {
        let text = format!(
            "{} frozen, {} slow readers, {} pausing, {} leaving; {} closed by the server",
            bad.frozen, bad.slow_reading, bad.pausing, bad.leaving, bad.closed_by_server
        );
        row(out, "misbehaving", &text);
    }
    let text = format!(
        "{} received, {} lost, {} doubled, {} out of order",
        frames.received, frames.lost, frames.doubled, frames.reordered
    );
    row(out, "pictures", &text);
    let text = format!(
        "{} in {} players, {:.1} s in all",
        players.stalls, players.stalled_players, players.stalled_seconds
    );
    row(out, "stalls", &text);
    if let Some(http) = &summary.http {
        let text = format!(
            "{} requests, {} errors; {} playlists ({} held back), {} segments, {} parts",
            http.requests,
            http.errors,
            http.playlists,
            http.blocked_reloads,
            http.segments,
            http.parts
        );
        row(out, "http", &text);
    }
}

fn published(summary: &Summary, out: &mut String) {
    let Some(publish) = &summary.publish else { return };
    let text = format!(
        "{} publishing, {} rejected, {} pictures sent",
        publish.publishing, publish.rejected, publish.frames_sent
    );
    row(out, "publishers", &text);
}

fn times(summary: &Summary, out: &mut String) {
    let _ = writeln!(
        out,
        "  {:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "ms", "count", "p50", "p90", "p99", "p99.9", "max"
    );
    let publish = summary.publish.as_ref();
    let rows = [
        ("latency", summary.latency_ms),
        ("log-in", summary.api.as_ref().and_then(|api| api.login_ms)),
        ("connect", summary.connect_ms),
        ("first picture", summary.first_frame_ms),
        ("part in hand", summary.http.as_ref().and_then(|http| http.part_in_hand_ms)),
        ("go-ahead", publish.and_then(|publish| publish.go_ahead_ms)),
        ("late", publish.and_then(|publish| publish.late_ms)),
    ];
    for (name, spread) in rows {
        let Some(Spread { count, p50, p90, p99, p999, max }) = spread else { continue };
        let _ = writeln!(
            out,
            "  {name:<14}{count:>10}{p50:>10.2}{p90:>10.2}{p99:>10.2}{p999:>10.2}{max:>10.2}"
        );
    }
}

fn usage(summary: &Summary, out: &mut String) {
    let own = &summary.own;
    let text = format!(
        "{:.2} of a core, kept waiting for one {:.2} of the time",
        own.cpu_share, own.waited_share
    );
    row(out, "load runner", &text);
    if let Some(watched) = &summary.watched {
        let text = format!(
            "{:.3} of a core ({:.2} s), RSS {} KiB (was {}), memory files {} KiB, {} descriptors (was {})",
            watched.cpu_share,
            watched.cpu_seconds,
            watched.rss_kib,
            watched.rss_start_kib,
            watched.memfd_kib,
            watched.descriptors,
            watched.descriptors_start
        );
        row(out, "watched", &text);
    }
}
