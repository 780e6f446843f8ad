//! When sound and picture of a recording belong together: by the stamps in the test card's pictures and
//! the beeps of its tone, both on full seconds.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testcard::stamp;

use crate::process::run;

const LIMIT: Duration = Duration::from_mins(1);
/// The pictures are scaled to this size to be read.
const SIZE: (usize, usize) = (320, 180);
const RATE: u32 = 48_000;
/// A sample louder than this is part of a beep; the hum stays below a third of it.
const LOUD: u16 = 2_600;
/// A beep begins after this much quiet, in samples.
const QUIET: usize = RATE as usize / 5;

/// No more of a recording than this is looked at, in seconds.
const LOOKED_AT: &str = "15";

/// A recording is cut in decode order: of its last pictures by presentation some may be missing.
const REORDERED: u32 = 8;

/// What a recording of the test card shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Pictures whose stamp was read.
    pub stamped: usize,
    /// Pictures in all.
    pub pictures: usize,
    /// Pictures, by their stamps, that are missing between the first and the last few.
    pub missing: usize,
    /// Beeps that were found.
    pub beeps: usize,
    /// How much later the sound is than the picture, in milliseconds, in the middle of all beeps.
    pub sound_after_picture_ms: f64,
}

/// Decodes a recording of the test card and looks at it.
#[track_caller]
pub fn timing(file: &Path) -> Timing {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let pictures = pictures(file, dir.path());
    let beeps = beeps(file, dir.path());
    let stamped: Vec<_> =
        pictures.iter().filter_map(|(at, stamp)| Some((*at, (*stamp)?))).collect();
    let lag = |at: f64, due: f64| (at - due).rem_euclid(1000.0);
    let mut lags: Vec<f64> =
        stamped.iter().map(|(at, stamp)| lag(*at, stamp.unix_ms as f64)).collect();
    let picture = middle(&mut lags, 1000.0);
    let mut lags: Vec<f64> = beeps.iter().map(|at| lag(*at, 0.0)).collect();
    let sound = middle(&mut lags, 1000.0);
    let frames: Vec<u32> = stamped.iter().map(|(_, stamp)| stamp.frame).collect();
    let (first, last) = (frames.iter().min().copied(), frames.iter().max().copied());
    let whole = first.unwrap_or(0)..last.unwrap_or(0).saturating_sub(REORDERED);
    let there = frames.iter().filter(|&&frame| whole.contains(&frame)).count();
    Timing {
        stamped: stamped.len(),
        pictures: pictures.len(),
        missing: whole.len().saturating_sub(there),
        beeps: beeps.len(),
        sound_after_picture_ms: wrap(sound - picture, 1000.0),
    }
}

/// The pictures' times in milliseconds, with their stamps.
fn pictures(file: &Path, dir: &Path) -> Vec<(f64, Option<stamp::Stamp>)> {
    let (width, height) = SIZE;
    let (raw, list) = (dir.join("pictures"), dir.join("pictures.txt"));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-copyts", "-t", LOOKED_AT, "-i"]).arg(file);
    let scale = format!("scale={width}:{height}:flags=area,format=gray");
    for (format, output) in [("rawvideo", &raw), ("framecrc", &list)] {
        command.args(["-map", "0:v:0", "-vf", &scale, "-fps_mode", "passthrough"]);
        // Or times are rounded to whole frames.
        command.args(["-enc_time_base", "1:90000"]);
        command.args(["-f", format]).arg(output);
    }
    let done = run(&mut command, LIMIT);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let times = packet_times(&list);
    let raw = std::fs::read(raw).expect("ffmpeg has written it");
    let planes = raw.chunks_exact(width * height);
    assert_eq!(planes.len(), times.len(), "a time for each picture");
    planes
        .zip(times)
        .map(|(plane, (at, _))| (at, stamp::read(plane, width, width, height)))
        .collect()
}

/// When beeps begin, in milliseconds.
fn beeps(file: &Path, dir: &Path) -> Vec<f64> {
    let (raw, list) = (dir.join("sound"), dir.join("sound.txt"));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-copyts", "-t", LOOKED_AT, "-i"]).arg(file);
    for (format, output) in [("s16le", &raw), ("framecrc", &list)] {
        command.args(["-map", "0:a:0", "-ac", "1", "-ar", &RATE.to_string()]);
        command.args(["-c:a", "pcm_s16le", "-f", format]).arg(output);
    }
    let done = run(&mut command, LIMIT);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let raw = std::fs::read(raw).expect("ffmpeg has written it");
    let mut samples = raw.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let mut found = Vec::new();
    // The beginning may be in the middle of a beep.
    let mut quiet = 0;
    for (at, bytes) in packet_times(&list) {
        for index in 0..bytes / 2 {
            let Some(sample) = samples.next() else { return found };
            if sample.unsigned_abs() <= LOUD {
                quiet += 1;
            } else {
                if quiet >= QUIET {
                    found.push(at + index as f64 * 1000.0 / f64::from(RATE));
                }
                quiet = 0;
            }
        }
    }
    found
}

/// The presentation times in milliseconds and the sizes of a `framecrc` list.
fn packet_times(list: &Path) -> Vec<(f64, usize)> {
    let text = std::fs::read_to_string(list).expect("ffmpeg has written it");
    let base = text.lines().find_map(|line| line.strip_prefix("#tb 0: ")?.split_once('/'));
    let (ticks, per) = base.expect("a time base");
    let number = |text: &str| text.trim().parse::<f64>().expect("a number");
    let milliseconds = 1000.0 * number(ticks) / number(per);
    let packets = text.lines().filter(|line| !line.starts_with('#'));
    let fields = packets.map(|line| line.split(',').collect::<Vec<_>>());
    fields.map(|fields| (number(fields[2]) * milliseconds, number(fields[4]) as usize)).collect()
}

/// The median of values on a circle of this length that lie close together.
fn middle(values: &mut [f64], circle: f64) -> f64 {
    let Some(&first) = values.first() else { return f64::NAN };
    for value in &mut *values {
        *value = wrap(*value - first, circle);
    }
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2] + first).rem_euclid(circle)
}

/// The same place on a circle, from minus half of it to half of it.
fn wrap(value: f64, circle: f64) -> f64 {
    (value + circle / 2.0).rem_euclid(circle) - circle / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn the_middle_of_a_circle_ignores_where_it_is_cut() {
        assert!((middle(&mut [998.0, 2.0, 1.0], 1000.0) - 1.0).abs() < 1e-9);
        assert!((wrap(999.0, 1000.0) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_source_is_in_sync_and_a_shifted_one_is_not() {
        let timing = super::timing(&sources::OBS.file());
        assert_eq!((timing.stamped, timing.missing), (timing.pictures, 0));
        assert!(timing.beeps >= 13, "{timing:?}");
        assert!(timing.sound_after_picture_ms.abs() < 40.0, "{timing:?}");

        let dir = tempfile::tempdir().unwrap();
        let shifted = dir.path().join("shifted.mkv");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-t", "6", "-i"]).arg(sources::OBS.file());
        command.args(["-itsoffset", "0.1", "-t", "6", "-i"]).arg(sources::OBS.file());
        command.args(["-map", "0:v", "-map", "1:a", "-c", "copy"]).arg(&shifted);
        assert_eq!(run(&mut command, LIMIT).code, Some(0));
        let found = super::timing(&shifted).sound_after_picture_ms - timing.sound_after_picture_ms;
        assert!((found - 100.0).abs() < 5.0, "{found}");
    }
}
