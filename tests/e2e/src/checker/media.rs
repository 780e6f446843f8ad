//! What must hold of the media that a rendition's files carry.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use super::fragments::{Fragment, Init};
use super::playlist::{Part, Segment};
use super::watch::Rendition;
use crate::process::run;

/// The largest gap or overlap between fragments, in seconds.
const SEAM: f64 = 0.001;
/// How far a part's written duration may be from its samples', in seconds.
const ROUNDING: f64 = 0.001;
/// How long ffmpeg may take to decode all of a rendition, beside others.
const DECODE: Duration = Duration::from_mins(5);

/// Parts that follow one another without a discontinuity, with one initialization segment.
#[derive(Default)]
struct Run<'r> {
    map: &'r str,
    parts: Vec<(&'r Part, &'r [u8], Fragment)>,
}

/// All that is wrong with the media of a rendition.
pub(super) fn complaints(rendition: &Rendition) -> Vec<String> {
    match runs(rendition) {
        Err(error) => vec![error],
        Ok((inits, runs)) => runs
            .iter()
            .flat_map(|run| {
                let init = &inits[run.map];
                let mut said = seams(run, init);
                said.extend(part_facts(run, init));
                said.extend(decoding(rendition, run));
                said
            })
            .collect(),
    }
}

type Runs<'r> = (BTreeMap<&'r str, Init>, Vec<Run<'r>>);

fn runs(rendition: &Rendition) -> Result<Runs<'_>, String> {
    let mut inits = BTreeMap::new();
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut last: Option<&Segment> = None;
    for (segment, index) in rendition.parts() {
        let part = &segment.parts[index];
        let map = segment.map.as_str();
        let file = |name: &str| rendition.files.get(name).ok_or(format!("{name} was not fetched"));
        if !inits.contains_key(map) {
            let init = Init::parse(file(map)?).map_err(|error| format!("{map}: {error}"))?;
            inits.insert(map, init);
        }
        let bytes = file(&part.uri)?;
        let fragments =
            inits[map].fragments(bytes).map_err(|error| format!("{}: {error}", part.uri))?;
        let fragment = whole(&fragments).ok_or_else(|| format!("{} is empty", part.uri))?;
        let follows = last.is_some_and(|last| {
            last.msn == segment.msn || last.msn + 1 == segment.msn && !segment.discontinuity
        });
        last = Some(segment);
        match runs.last_mut() {
            Some(run) if follows && run.map == map => run.parts.push((part, bytes, fragment)),
            _ => runs.push(Run { map, parts: vec![(part, bytes, fragment)] }),
        }
    }
    Ok((inits, runs))
}

/// Several fragments as one.
fn whole(fragments: &[Fragment]) -> Option<Fragment> {
    let first = fragments.first()?;
    Some(Fragment {
        duration: fragments.iter().map(|fragment| fragment.duration).sum(),
        samples: fragments.iter().map(|fragment| fragment.samples).sum(),
        ..first.clone()
    })
}

/// Decode times have no gap and no overlap.
fn seams(run: &Run<'_>, init: &Init) -> Vec<String> {
    let pairs = run.parts.windows(2);
    let wrong = pairs.filter_map(|pair| {
        let [(_, _, before), (part, _, after)] = pair else { return None };
        let end = (before.start + before.duration) as f64;
        let seam = (after.start as f64 - end) / init.timescale as f64;
        (seam.abs() > SEAM)
            .then(|| format!("{} begins {seam:.4} s after the end before it", part.uri))
    });
    wrong.collect()
}

/// The playlist tells the truth of its parts.
fn part_facts(run: &Run<'_>, init: &Init) -> Vec<String> {
    let mut said = Vec::new();
    for (part, _, fragment) in &run.parts {
        let real = fragment.duration as f64 / init.timescale as f64;
        if (real - part.duration).abs() > ROUNDING {
            said.push(format!("{} lasts {real} s, listed with {} s", part.uri, part.duration));
        }
        if fragment.sync != part.independent {
            let Part { uri, independent, .. } = part;
            let sync = fragment.sync;
            said.push(format!(
                "{uri}: INDEPENDENT {independent}, begins with a sync sample: {sync}"
            ));
        }
    }
    said
}

/// ffmpeg decodes everything from the first and from the last start of a group.
fn decoding(rendition: &Rendition, run: &Run<'_>) -> Vec<String> {
    let starts = || run.parts.iter().enumerate().filter(|(_, (part, ..))| part.independent);
    let ends = [starts().next(), starts().next_back()];
    let mut indices: Vec<usize> = ends.into_iter().flatten().map(|(index, _)| index).collect();
    indices.dedup();
    let wrong = indices.into_iter().filter_map(|index| decode(rendition, run, index));
    wrong.collect()
}

fn decode(rendition: &Rendition, run: &Run<'_>, first: usize) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(&rendition.files[run.map]).expect("space for a temporary file");
    let parts = &run.parts[first..];
    for (_, bytes, _) in parts {
        file.write_all(bytes).expect("space for a temporary file");
    }
    let due: usize = parts.iter().map(|(_, _, fragment)| fragment.samples).sum();
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets"]);
    let counted = run_tool(probe.args(["-of", "csv=p=0"]).arg(file.path()));
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-xerror", "-err_detect", "explode", "-i"]).arg(file.path());
    // Of no frame rate: at a guessed one, pictures that lie between its ticks are complained of.
    let decoded = run_tool(ffmpeg.args(["-enc_time_base:v", "1/90000", "-f", "null", "-"]));
    let uri = &parts[0].0.uri;
    match (counted, decoded) {
        (Ok(count), Ok(_)) if count.trim() == due.to_string() => None,
        (Ok(count), Ok(_)) => {
            Some(format!("from {uri}: ffprobe counts {} of {due} samples", count.trim()))
        }
        (Err(error), _) | (_, Err(error)) => Some(format!("from {uri}: {error}")),
    }
}

fn run_tool(command: &mut Command) -> Result<String, String> {
    let done = run(command, DECODE);
    let clean = done.code == Some(0) && done.stderr.trim().is_empty();
    if clean { Ok(done.stdout) } else { Err(format!("{:?} {}", done.code, done.stderr.trim())) }
}

#[cfg(test)]
mod tests;
