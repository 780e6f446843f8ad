//! Latencies second by second, as an HdrHistogram interval log (version 1.3), which its tools plot.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::histogram::Times;
use crate::schedule::unix_micros;

/// A log that grows by a line for each interval. Values are microseconds; the column of the maximum is
/// in milliseconds.
pub(crate) struct HdrLog<W: Write = BufWriter<File>> {
    out: W,
    begun: Instant,
    /// Where the next interval begins, in seconds after the start.
    at: f64,
}

impl HdrLog {
    /// Begins a log in a file.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        Self::new(BufWriter::new(file))
    }
}

impl<W: Write> HdrLog<W> {
    fn new(mut out: W) -> Result<Self> {
        let start = unix_micros() as f64 / 1e6;
        writeln!(out, "#[Logged by shardcast load {}]", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "#[Histogram log format version 1.3]")?;
        writeln!(out, "#[StartTime: {start:.3} (seconds since epoch)]")?;
        writeln!(out, "#[BaseTime: {start:.3} (seconds since epoch)]")?;
        Ok(Self { out, begun: Instant::now(), at: 0.0 })
    }

    /// Adds what was counted since the last call.
    pub(crate) fn write(&mut self, times: &Times) -> Result<()> {
        let now = self.begun.elapsed().as_secs_f64();
        let (start, length) = (self.at, now - self.at);
        self.at = now;
        let max = times.spread().map_or(0.0, |spread| spread.max);
        writeln!(self.out, "{start:.3},{length:.3},{max:.3},{}", times.encode())?;
        Ok(self.out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    #[test]
    fn tools_of_the_format_read_the_log() {
        let mut log = HdrLog::new(Vec::new()).unwrap();
        let mut times = Times::default();
        times.record(1500);
        log.write(&times).unwrap();
        log.write(&Times::default()).unwrap();
        let entries: Vec<_> = IntervalLogIterator::new(&log.out).map(Result::unwrap).collect();
        let counts: Vec<u64> = entries
            .iter()
            .filter_map(|entry| match entry {
                LogEntry::Interval(interval) => Times::decode(interval.encoded_histogram()),
                _ => None,
            })
            .map(|times| times.spread().map_or(0, |spread| spread.count))
            .collect();
        assert_eq!(counts, [1, 0]);
        assert!(entries.iter().any(|entry| matches!(entry, LogEntry::BaseTime(_))));
    }
}
