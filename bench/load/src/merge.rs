//! `shardcast load merge`: the summaries of several machines as one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use crate::histogram::Times;
use crate::summary::{ApiSummary, HttpSummary, Own, PublishSummary, Summary, round3};
use crate::watch::Watched;
use crate::{arguments, output};

/// The longest summary that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// Joins the files that the command line names.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let expectations = arguments::expectations(matches)?;
    let files = matches.get_many::<PathBuf>("files").unwrap_or_default();
    let summaries = files.map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    let mut joined = join(&summaries)?;
    joined.expect = expectations.iter().map(|one| one.judge(&joined)).collect();
    output::print(&joined, matches.get_flag("json"))?;
    Ok(output::exit(&joined))
}

fn read(path: &Path) -> Result<Summary> {
    let length = std::fs::metadata(path).map_or(0, |file| file.len());
    if length > MAX_FILE {
        bail!("{} is too long for a summary", path.display());
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let what = || format!("{} is not what `shardcast load --json` prints", path.display());
    serde_json::from_str(&text).with_context(what)
}

/// Adds counts, and joins percentiles through their histograms.
fn join(summaries: &[Summary]) -> Result<Summary> {
    let (first, others) = summaries.split_first().context("there is nothing to join")?;
    let mut sum = first.clone();
    let mut times = BTreeMap::new();
    add_times(first, &mut times)?;
    for other in others {
        if other.kind != sum.kind {
            bail!("one of the files is of {}, another of {}", sum.kind, other.kind);
        }
        add_times(other, &mut times)?;
        add(&mut sum, other);
    }
    sum.mbit_per_second = round3(sum.mbit_per_second);
    sum.expect.clear();
    sum.set_times(&times);
    Ok(sum)
}

fn add(sum: &mut Summary, other: &Summary) {
    unite(&mut sum.protocol, &other.protocol);
    unite(&mut sum.url, &other.url);
    sum.started_unix_ms = sum.started_unix_ms.min(other.started_unix_ms);
    sum.window_seconds = sum.window_seconds.max(other.window_seconds);
    sum.connections.add(&other.connections);
    sum.players.add(&other.players);
    sum.misbehaving.add(&other.misbehaving);
    sum.frames.add(&other.frames);
    sum.bytes += other.bytes;
    sum.mbit_per_second += other.mbit_per_second;
    sum.own = Own {
        cpu_seconds: round3(sum.own.cpu_seconds + other.own.cpu_seconds),
        cpu_share: round3(sum.own.cpu_share + other.own.cpu_share),
        bottleneck: sum.own.bottleneck || other.own.bottleneck,
        waited_share: sum.own.waited_share.max(other.own.waited_share),
    };
    sum.http = both(sum.http.take(), other.http.as_ref(), add_http);
    sum.publish = both(sum.publish.take(), other.publish.as_ref(), add_publish);
    sum.api = both(sum.api.take(), other.api.as_ref(), add_api);
    sum.watched = both(sum.watched.take(), other.watched.as_ref(), add_watched);
}

/// One text where both are alike, else a list.
pub(crate) fn unite(sum: &mut String, other: &str) {
    if sum.is_empty() {
        other.clone_into(sum);
    } else if sum.split(", ").all(|known| known != other) {
        sum.push_str(", ");
        sum.push_str(other);
    }
}

fn both<T: Clone>(one: Option<T>, other: Option<&T>, add: fn(&mut T, &T)) -> Option<T> {
    match (one, other) {
        (Some(mut sum), Some(other)) => {
            add(&mut sum, other);
            Some(sum)
        }
        (one, other) => one.or_else(|| other.cloned()),
    }
}

fn add_http(sum: &mut HttpSummary, other: &HttpSummary) {
    sum.requests += other.requests;
    sum.errors += other.errors;
    sum.playlists += other.playlists;
    sum.blocked_reloads += other.blocked_reloads;
    sum.segments += other.segments;
    sum.parts += other.parts;
}

fn add_publish(sum: &mut PublishSummary, other: &PublishSummary) {
    sum.publishing += other.publishing;
    sum.frames_sent += other.frames_sent;
    sum.rejected += other.rejected;
}

fn add_api(sum: &mut ApiSummary, other: &ApiSummary) {
    sum.requests += other.requests;
    sum.logins += other.logins;
}

fn add_watched(sum: &mut Watched, other: &Watched) {
    sum.cpu_seconds = round3(sum.cpu_seconds + other.cpu_seconds);
    sum.cpu_share = round3(sum.cpu_share + other.cpu_share);
    sum.rss_kib += other.rss_kib;
    sum.rss_start_kib += other.rss_start_kib;
    sum.memfd_kib += other.memfd_kib;
    sum.descriptors += other.descriptors;
    sum.descriptors_start += other.descriptors_start;
}

fn add_times(summary: &Summary, times: &mut BTreeMap<String, Times>) -> Result<()> {
    for (name, text) in &summary.histograms {
        let one = Times::decode(text).with_context(|| format!("the histogram {name} is broken"))?;
        times.entry(name.clone()).or_default().add(&one);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{About, Kind};
    use crate::tally::Tally;

    fn summary(url: &str, milliseconds: &[u64]) -> Summary {
        let mut tally = Tally { window_us: 10_000_000, bytes: 1000, ..Tally::default() };
        for ms in milliseconds {
            tally.latency.record(ms * 1000);
        }
        tally.connections.connected = 3;
        tally.connections.because("why");
        let about =
            About { kind: Kind::Play, protocol: "hls".into(), url: url.into(), started_unix_ms: 5 };
        Summary::new(about, &tally, Own::default(), Some(Watched::default()))
    }

    #[test]
    fn counts_add_up_and_percentiles_are_those_of_all_values() {
        let (a, b) = (summary("a", &[1; 99]), summary("b", &[100; 99]));
        let text = serde_json::to_string(&b).unwrap();
        let joined = join(&[a, serde_json::from_str(&text).unwrap()]).unwrap();
        let latency = joined.latency_ms.unwrap();
        assert_eq!((latency.count, joined.bytes, joined.connections.connected), (198, 2000, 6));
        assert!(latency.p50 < 1.1 && latency.p90 > 99.0, "{latency:?}");
        assert_eq!((&*joined.url, joined.connections.reasons["why"]), ("a, b", 2));
        assert!(joined.http.is_some() && joined.watched.is_some());
    }

    #[test]
    fn players_and_publishers_are_not_joined() {
        let mut other = summary("b", &[]);
        other.kind = "publish".into();
        assert!(join(&[summary("a", &[]), other]).is_err());
        assert!(join(&[]).is_err());
    }
}
