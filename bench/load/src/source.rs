//! Where a tape comes from: a file, whatever its format, or the built-in pattern.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::options::Pattern;
use crate::pattern;
use crate::tape::{MAX_SOURCE, Tape};

/// The name of the built-in source.
pub(crate) const PATTERN: &str = "pattern";

/// Reads, converts or makes the source.
pub(crate) fn load(source: &str, settings: Pattern) -> Result<Tape> {
    if source == PATTERN {
        return pattern::make(settings);
    }
    let path = Path::new(source);
    let file = File::open(path).with_context(|| format!("{source} cannot be read"))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells that it is too long.
    let limit = MAX_SOURCE as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).with_context(|| format!("{source} cannot be read"))?;
    if !bytes.starts_with(b"FLV") {
        bytes = convert(path, limit)?;
    }
    Tape::from_flv(&bytes).with_context(|| format!("{source} cannot be published"))
}

/// Any file that ffmpeg reads, as FLV, without coding it anew.
fn convert(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-c", "copy", "-f", "flv", "-flvflags", "no_duration_filesize", "-"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let started = command.spawn();
    let mut ffmpeg = started.with_context(|| {
        format!(
            "{} is no FLV file, and ffmpeg, which would convert it, cannot be run",
            path.display()
        )
    })?;
    let mut bytes = Vec::new();
    if let Some(output) = ffmpeg.stdout.take() {
        output.take(limit).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 >= limit {
        drop(ffmpeg.kill());
        drop(ffmpeg.wait());
        bail!("{} is longer than {} MiB", path.display(), MAX_SOURCE >> 20);
    }
    if !ffmpeg.wait()?.success() {
        bail!("ffmpeg cannot put {} into FLV as it is (it says why above)", path.display());
    }
    Ok(bytes)
}
