//! Runs ffmpeg and ffprobe as independent judges of what the encoders made.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes bytes to a file of this test run.
pub(crate) fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Decodes a file with ffmpeg to raw samples; fails on any complaint.
pub(crate) fn decode(path: &Path, arguments: &[&str]) -> Vec<u8> {
    let input = ["-v", "error", "-xerror", "-i", path.to_str().unwrap()];
    run("ffmpeg", &[&input, arguments, &["-"]].concat())
}

/// Asks ffprobe for fields, as one line of comma-separated values for each frame or stream.
pub(crate) fn probe(path: &Path, entries: &str) -> Vec<String> {
    let path = path.to_str().unwrap();
    let arguments = ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", path];
    let text = String::from_utf8(run("ffprobe", &arguments)).unwrap();
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect()
}

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!("{program} is needed for this test (apt-get install ffmpeg): {error}")
    });
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{program}: {complaints}");
    output.stdout
}
