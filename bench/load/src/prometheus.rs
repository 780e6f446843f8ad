//! The summary as Prometheus text, for a node exporter's textfile collector or a push gateway.

use std::fmt::Write;

use crate::histogram::Spread;
use crate::summary::Summary;

/// Renders the text exposition format 0.0.4.
pub(crate) fn render(summary: &Summary) -> String {
    let mut out = String::new();
    let labels =
        format!("kind=\"{}\",protocol=\"{}\"", escape(&summary.kind), escape(&summary.protocol));
    for (name, help, value) in numbers(summary) {
        header(&mut out, name, help);
        let _ = writeln!(out, "shardcast_load_{name}{{{labels}}} {value}");
    }
    for (name, help, spread) in spreads(summary) {
        let Some(spread) = spread else { continue };
        header(&mut out, name, help);
        let Spread { count, p50, p90, p99, p999, max } = spread;
        for (point, value) in
            [("0.5", p50), ("0.9", p90), ("0.99", p99), ("0.999", p999), ("1", max)]
        {
            let value = value / 1000.0;
            let _ = writeln!(out, "shardcast_load_{name}{{{labels},quantile=\"{point}\"}} {value}");
        }
        header(&mut out, &format!("{name}_count"), "How many were measured");
        let _ = writeln!(out, "shardcast_load_{name}_count{{{labels}}} {count}");
    }
    header(&mut out, "expectation_met", "1 where an expectation was met");
    for verdict in &summary.expect {
        let (text, met) = (escape(&verdict.text), u8::from(verdict.met));
        let _ = writeln!(out, "shardcast_load_expectation_met{{{labels},text=\"{text}\"}} {met}");
    }
    out
}

fn header(out: &mut String, name: &str, help: &str) {
    let _ = writeln!(out, "# HELP shardcast_load_{name} {help}");
    let _ = writeln!(out, "# TYPE shardcast_load_{name} gauge");
}

type Number = (&'static str, &'static str, f64);

fn numbers(summary: &Summary) -> Vec<Number> {
    let Summary { connections, players, frames, own, .. } = summary;
    let mut numbers = vec![
        ("window_seconds", "Length of the measured window", summary.window_seconds),
        ("connections_asked", "Connections that were tried", connections.asked as f64),
        ("connections_connected", "Connections that were let in", connections.connected as f64),
        ("connections_refused", "Connections that the server refused", connections.refused as f64),
        ("connections_failed", "Connections that failed otherwise", connections.failed as f64),
        ("connections_lost", "Connections that ended early", connections.lost as f64),
        ("bytes", "Bytes of the window", summary.bytes as f64),
        ("frames_received", "Pictures received by parsed players", frames.received as f64),
        ("frames_lost", "Pictures lost by parsed players", frames.lost as f64),
        ("frames_doubled", "Pictures received twice", frames.doubled as f64),
        ("frames_reordered", "Pictures received out of order", frames.reordered as f64),
        ("stalls", "Times that playback would have stood still", players.stalls as f64),
        ("players_slow", "Players that received too little", players.slow as f64),
        ("cpu_seconds", "CPU of the load runner in the window", own.cpu_seconds),
        ("bottleneck", "1 when the load runner was the bottleneck", f64::from(own.bottleneck)),
    ];
    if let Some(watched) = &summary.watched {
        numbers.extend([
            ("watched_cpu_seconds", "CPU of the watched processes", watched.cpu_seconds),
            (
                "watched_rss_bytes",
                "Memory of the watched processes",
                watched.rss_kib as f64 * 1024.0,
            ),
        ]);
    }
    numbers
}

fn spreads(summary: &Summary) -> [(&'static str, &'static str, Option<Spread>); 7] {
    let publish = summary.publish.as_ref();
    [
        (
            "latency_seconds",
            "From sending a picture, or the time of a request, to having it, or its answer",
            summary.latency_ms,
        ),
        (
            "login_seconds",
            "From the time of a log-in to its answer",
            summary.api.as_ref().and_then(|api| api.login_ms),
        ),
        ("connect_seconds", "To make a TCP connection", summary.connect_ms),
        ("first_frame_seconds", "From connecting to the first picture", summary.first_frame_ms),
        (
            "part_in_hand_seconds",
            "From the sending of a part's last picture to having the part",
            summary.http.as_ref().and_then(|http| http.part_in_hand_ms),
        ),
        (
            "go_ahead_seconds",
            "From connecting to the leave to publish",
            publish.and_then(|publish| publish.go_ahead_ms),
        ),
        (
            "late_seconds",
            "How far behind its pace a message was sent",
            publish.and_then(|publish| publish.late_ms),
        ),
    ]
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
