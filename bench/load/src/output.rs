//! The end of a run: summary, files, exit code.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::options::Common;
use crate::summary::Summary;
use crate::{prometheus, table};

/// Prints and writes what was asked for. Exit code 1 when an expectation is not met, or when nothing
/// was connected.
pub(crate) fn finish(common: &Common, summary: &Summary) -> Result<ExitCode> {
    if let Some(path) = &common.prometheus {
        std::fs::write(path, prometheus::render(summary))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    print(summary, common.json)?;
    if common.json {
        for line in table::warnings(summary) {
            eprintln!("shardcast load: {line}");
        }
    }
    Ok(exit(summary))
}

/// Prints the summary.
pub(crate) fn print(summary: &Summary, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, summary)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", table::render(summary))?;
    }
    Ok(())
}

pub(crate) fn exit(summary: &Summary) -> ExitCode {
    let met = summary.expect.iter().all(|verdict| verdict.met);
    let connected = summary.connections.connected > 0;
    if met && connected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
