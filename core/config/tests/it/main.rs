//! The configuration as its callers see it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod build;
mod golden;
mod messages;

use config::{Config, Layer, Note, Problem, Sources, parse_env, parse_toml};

/// A signing secret that passes.
const STRONG: &str = "6f2d8c5b9f4e4b0c8a7d1e3f5a6b7c8d";
/// Another one.
const OTHER: &str = "0c3e9a71b5d24f68a90bc1d2e3f4a5b6";

fn env(pairs: &[(&str, &str)]) -> Sources {
    Sources { environment: Layer::from_pairs(pairs.iter().copied()), ..Sources::default() }
}

fn dotenv(text: &str) -> Sources {
    Sources { dotenv: parse_env(text), ..Sources::default() }
}

fn toml(text: &str) -> Sources {
    Sources { toml: parse_toml(text), ..Sources::default() }
}

fn built(sources: &Sources) -> (Config, Vec<String>) {
    let (config, notes) = Config::build(sources).unwrap();
    (config, notes.iter().map(Note::to_string).collect())
}

fn refused(sources: &Sources) -> Vec<String> {
    Config::build(sources).unwrap_err().iter().map(Problem::to_string).collect()
}
