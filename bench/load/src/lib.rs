//! The load runner: thousands of publishers and players from one process, counted frame by frame.
//!
//! Pure parts: [`stamp`] and [`arrival`], what is counted (`meter`, `sequence`, `playout`, `tally`),
//! what is expected (`expect`), how it is told (`summary`, `table`, `prometheus`), framing (`http`,
//! `websocket`), and what is sent (`tape`). Around them an engine on the shard crate: `engine` and
//! `seat` for players, `publish` for publishers, `crew` and `run` for the whole. `api` asks a Shardcast server's API.

pub mod arrival;
pub mod stamp;
pub mod target;

mod api;
mod arguments;
mod board;
mod cli;
mod crew;
mod drain;
mod ended;
mod engine;
#[cfg(test)]
mod engine_tests;
mod expect;
mod flv;
mod hdrlog;
mod histogram;
mod hls;
mod http;
mod interrupt;
mod life;
mod merge;
mod meter;
mod options;
mod output;
mod pattern;
mod playout;
mod progress;
mod prometheus;
mod publish;
mod publisher;
mod roles;
mod room;
mod rtmp_play;
mod run;
mod schedule;
mod seat;
mod sequence;
mod source;
mod summary;
mod table;
mod tally;
mod tape;
mod targets;
mod unpack;
mod watch;
mod websocket;
mod wire;

use std::process::ExitCode;

use clap::ArgMatches;

pub use cli::command;

/// Wrong usage.
const MISUSED: u8 = 2;

/// An error of usage.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

fn misuse(what: String) -> anyhow::Error {
    Misuse(what).into()
}

/// Runs what [`command`] parsed: exit code 0 when all went as expected, 1 when not, 2 for wrong usage.
pub fn run(matches: &ArgMatches) -> ExitCode {
    let ended = match matches.subcommand() {
        Some(("play", matches)) => {
            arguments::play(matches).and_then(|(common, options)| run::play(&common, &options))
        }
        Some(("publish", matches)) => arguments::publish(matches)
            .and_then(|(common, options)| run::publish(&common, &options)),
        Some(("api", matches)) => {
            arguments::ask(matches).and_then(|(common, options)| run::ask(&common, &options))
        }
        Some(("merge", matches)) => merge::run(matches),
        // A subcommand is required, so clap has refused the command line without one.
        _ => return ExitCode::from(MISUSED),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("shardcast load: {error:#}");
        if error.is::<Misuse>() { ExitCode::from(MISUSED) } else { ExitCode::FAILURE }
    })
}
