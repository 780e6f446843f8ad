//! ffmpeg as a player.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process::run;

/// What a pull may take beyond the time that it pulls: opening, probing, and HLS's distance from live.
const SLACK: Duration = Duration::from_secs(20);

/// Pulls a URL for a time of media into a file, packets as they are. Panics on any error.
#[track_caller]
pub fn pull(url: &str, seconds: u32, file: &Path) {
    pull_by(&PathBuf::from("ffmpeg"), url, seconds, file);
}

/// The same with this ffmpeg.
#[track_caller]
pub fn pull_by(ffmpeg: &Path, url: &str, seconds: u32, file: &Path) {
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error", "-y", "-rw_timeout", "15000000", "-i", url]);
    // Every stream: by default one video and one audio stream are taken, which would hide a second one.
    command.args(["-map", "0", "-c", "copy", "-t", &seconds.to_string()]).arg(file);
    let done = run(&mut command, Duration::from_secs(seconds.into()) + SLACK);
    assert_eq!(done.code, Some(0), "pulling {url}:\n{}", done.stderr);
    // The HLS demuxer complains of nothing else than of what went wrong.
    assert!(done.stderr.trim().is_empty(), "pulling {url}:\n{}", done.stderr);
}

/// ffprobe's description of a file: its `streams`, with the packets counted.
#[track_caller]
pub fn describe(file: &Path) -> Vec<Value> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-count_packets", "-show_streams", "-of", "json"]).arg(file);
    let done = run(&mut command, SLACK);
    assert_eq!(done.code, Some(0), "{}: {}", file.display(), done.stderr);
    let json: Value = serde_json::from_str(&done.stdout).expect("ffprobe writes JSON");
    json["streams"].as_array().cloned().unwrap_or_default()
}

/// Decodes everything in a file. Panics on the first complaint of the decoders.
#[track_caller]
pub fn decode(file: &Path) {
    decode_by(&PathBuf::from("ffmpeg"), file);
}

/// The same with this ffmpeg.
#[track_caller]
pub fn decode_by(ffmpeg: &Path, file: &Path) {
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error", "-xerror", "-err_detect", "explode", "-i"]).arg(file);
    command.args(["-map", "0", "-f", "null", "-"]);
    let done = run(&mut command, SLACK * 2);
    assert!(
        done.code == Some(0) && done.stderr.trim().is_empty(),
        "decoding {}: {:?}\n{}",
        file.display(),
        done.code,
        done.stderr
    );
}

/// The stream of this kind (`video`, `audio`) in a description.
#[track_caller]
pub fn stream_of<'d>(description: &'d [Value], kind: &str) -> &'d Value {
    let found = description.iter().find(|stream| stream["codec_type"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {description:?}"))
}

/// The number of packets of a described stream.
pub fn packets(stream: &Value) -> u64 {
    stream["nb_read_packets"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}
