//! `shardcast`: arguments, files and the wiring of the parts; nothing else.

mod addresses;
mod admin;
mod banner;
mod check;
mod cli;
mod demo;
mod in_force;
mod moving;
mod nodes;
mod plane;
mod probe;
mod reload;
mod serve;
mod settings;
mod terminal;

use std::process::ExitCode;

/// Failed at run time.
const FAILED: u8 = 1;
/// Wrong usage or configuration.
const MISUSED: u8 = 2;

/// An error of the operator's: usage or configuration.
#[derive(Debug)]
struct Misuse(String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

fn main() -> ExitCode {
    let ended = match cli::parse() {
        cli::Command::Serve { flags, demo } => serve::serve(flags, demo),
        cli::Command::Check { flags } => check::check(flags),
        cli::Command::Admin { flags, request, json } => admin::run(flags, request, json),
        cli::Command::Moving { flags, task } => moving::run(flags, task),
        cli::Command::Load(matches) => return load::run(&matches),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The one place that speaks to a person who typed a command.
            eprintln!("shardcast: {error:#}");
            ExitCode::from(if error.is::<Misuse>() { MISUSED } else { FAILED })
        }
    }
}
