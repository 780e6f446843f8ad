//! The arguments of `shardcast load` as values.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ArgMatches;
use shard::Preference;

use crate::api::Login;
use crate::expect::Expectation;
use crate::misuse;
use crate::options::{Api, Ask, Common, Pattern, Play, Publish};
use crate::roles::Shares;

/// Players above which one in [`PARSE_ONE_IN`] is parsed unless told otherwise.
const PARSE_ALL: usize = 500;
const PARSE_ONE_IN: usize = 20;

/// The options of a run of players.
pub(crate) fn play(matches: &ArgMatches) -> Result<(Common, Play)> {
    let players = count(matches, "players").unwrap_or(1);
    let share = |name| matches.get_one::<String>(name).map_or(Ok(0.0), |text| share(name, text));
    let shares = Shares {
        frozen: share("frozen")?,
        slow: share("slow")?,
        pausing: share("pausing")?,
        leaving: share("leaving")?,
    };
    if shares.frozen + shares.slow + shares.pausing + shares.leaving > 1.0 + 1e-9 {
        return Err(misuse("the shares of misbehaving players are more than all".into()));
    }
    let one_in = if players > PARSE_ALL { PARSE_ONE_IN } else { 1 };
    let options = Play {
        players,
        streams: count(matches, "streams").unwrap_or(players),
        parse_one_in: count(matches, "parse-one-in").unwrap_or(one_in),
        shares,
        slow_rate: share("slow-rate")?,
        low_latency: match text(matches, "ll") {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        },
        api: api(matches)?,
    };
    Ok((common_of(matches)?, options))
}

/// The options of a run of publishers.
pub(crate) fn publish(matches: &ArgMatches) -> Result<(Common, Publish)> {
    let keys = match matches.get_one::<PathBuf>("keys-file") {
        Some(path) => keys(
            &std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?,
        ),
        None => Vec::new(),
    };
    let size = text(matches, "size");
    let (width, height) = size
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .ok_or_else(|| misuse(format!("--size {size}: such as 640x360")))?;
    let bitrate = text(matches, "bitrate");
    let bits_per_second = bits(bitrate)
        .ok_or_else(|| misuse(format!("--bitrate {bitrate}: such as 500k or 2.5M")))?;
    let fps = matches.get_one::<u32>("fps").copied().unwrap_or(30);
    let options = Publish {
        streams: count(matches, "streams").unwrap_or(1),
        source: text(matches, "source").to_owned(),
        keys,
        pattern: Pattern { width, height, fps, bits_per_second },
        api: api(matches)?,
    };
    Ok((common_of(matches)?, options))
}

/// The API, and who asks it: `--login`, `--token`, `--token-file`, `SHARDCAST_TOKEN`, in this order.
fn api(matches: &ArgMatches) -> Result<Option<Api>> {
    let given = |name| matches.get_one::<String>(name).cloned();
    let Some(url) = given("api") else {
        let alone = ["token", "login"].iter().any(|name| given(name).is_some());
        if alone || matches.contains_id("token-file") {
            return Err(misuse("--token, --token-file and --login belong to --api URL".into()));
        }
        return Ok(None);
    };
    let login = if let Some(email) = given("login") {
        Login::Password { email, password: password()? }
    } else if let Some(token) = given("token") {
        Login::Token(token)
    } else if let Some(path) = matches.get_one::<PathBuf>("token-file") {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        Login::Token(text.trim().to_owned())
    } else {
        std::env::var("SHARDCAST_TOKEN").map_or(Login::Nobody, Login::Token)
    };
    if let Login::Token(token) = &login
        && (token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        return Err(misuse("the token is empty or has characters that no token has".into()));
    }
    Ok(Some(Api { url, login }))
}

fn password() -> Result<String> {
    if let Ok(password) = std::env::var("SHARDCAST_PASSWORD") {
        return Ok(password);
    }
    let input = std::io::stdin();
    if input.is_terminal() {
        let what = "--login: give the password by the variable SHARDCAST_PASSWORD or by a pipe";
        return Err(misuse(what.into()));
    }
    let mut line = String::new();
    input.lock().read_line(&mut line).context("the password cannot be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The options of a run of requests to an API.
pub(crate) fn ask(matches: &ArgMatches) -> Result<(Common, Ask)> {
    let api = api(matches)?.ok_or_else(|| misuse("the URL of the API is missing".into()))?;
    if matches!(api.login, Login::Nobody) {
        let what = "the API is asked by users that an administrator adds: --login EMAIL, --token-file \
                    or SHARDCAST_TOKEN";
        return Err(misuse(what.into()));
    }
    let users = count(matches, "users").unwrap_or(1);
    Ok((common_of(matches)?, Ask { api, users, logins: number(matches, "logins", 0.0)? }))
}

/// What is expected of a run or of joined summaries.
pub(crate) fn expectations(matches: &ArgMatches) -> Result<Vec<Expectation>> {
    let texts = matches.get_many::<String>("expect").unwrap_or_default();
    let parse = |text: &String| {
        Expectation::parse(text).map_err(|why| misuse(format!("--expect '{text}': {why}")))
    };
    texts.map(parse).collect()
}

fn common_of(matches: &ArgMatches) -> Result<Common> {
    let seconds = |name, least| number(matches, name, least);
    Ok(Common {
        urls: urls(matches),
        per_second: seconds("per-second", 0.001)?,
        warmup: Duration::from_secs_f64(seconds("warmup", 0.0)?),
        duration: Duration::from_secs_f64(seconds("duration", 0.1)?),
        shards: count(matches, "shards").unwrap_or(1),
        runtime: match text(matches, "runtime") {
            "io_uring" => Preference::IoUring,
            "epoll" => Preference::Epoll,
            _ => Preference::Auto,
        },
        source_ips: matches.get_many("source-ip").unwrap_or_default().copied().collect(),
        watch: matches.get_many("watch-pid").unwrap_or_default().copied().collect(),
        expect: expectations(matches)?,
        json: matches.get_flag("json"),
        hdr_log: matches.get_one("hdr-log").cloned(),
        prometheus: matches.get_one("prometheus").cloned(),
    })
}

/// None where the run knows no URLs.
fn urls(matches: &ArgMatches) -> Vec<String> {
    let given = matches.try_get_many::<String>("urls").ok().flatten();
    given.unwrap_or_default().cloned().collect()
}

fn number(matches: &ArgMatches, name: &str, least: f64) -> Result<f64> {
    let given = text(matches, name);
    let value: Option<f64> = given.trim_end_matches('s').parse().ok();
    let value = value.filter(|value| (least..=1e6).contains(value));
    value.ok_or_else(|| misuse(format!("--{name} {given}: a number of {least} to 1000000")))
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

fn count(matches: &ArgMatches, name: &str) -> Option<usize> {
    matches.get_one::<u64>(name).map(|count| *count as usize)
}

/// `20%` or `0.2`.
fn share(name: &str, text: &str) -> Result<f64> {
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.trim().parse(),
    };
    value
        .ok()
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| misuse(format!("--{name} {text}: a share such as 20% or 0.2")))
}

/// `500k`, `2.5M` or plain bits a second.
fn bits(text: &str) -> Option<u32> {
    let (digits, scale) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => text.strip_suffix('M').map_or((text, 1.0), |digits| (digits, 1e6)),
    };
    let value = digits.parse::<f64>().ok()? * scale;
    (1000.0..=1e9).contains(&value).then_some(value as u32)
}

/// The last word of each line; empty lines and comments hold none.
fn keys(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_rates_and_keys_are_read() {
        assert!((share("frozen", "20%").unwrap() - 0.2).abs() < 1e-9);
        assert!((share("frozen", "0.2").unwrap() - 0.2).abs() < 1e-9);
        assert!(share("frozen", "120%").is_err() && share("frozen", "x").is_err());
        assert_eq!(
            (bits("500k"), bits("2.5M"), bits("9000")),
            (Some(500_000), Some(2_500_000), Some(9000))
        );
        assert_eq!((bits("0"), bits("x"), bits("nan")), (None, None, None));
        assert_eq!(keys("# a\nid1 key1\n\nkey2\n"), ["key1", "key2"]);
    }

    #[test]
    fn above_500_players_one_in_20_is_parsed() {
        let options = |arguments: &[&str]| {
            let words = [&["load", "play", "rtmp://h/a/b"], arguments].concat();
            let matches = crate::command().try_get_matches_from(words).unwrap();
            play(matches.subcommand().unwrap().1)
        };
        assert_eq!(options(&["--players", "500"]).unwrap().1.parse_one_in, 1);
        assert_eq!(options(&["--players", "501"]).unwrap().1.parse_one_in, 20);
        assert!(options(&["--frozen", "60%", "--slow", "60%"]).is_err());
        assert!(options(&["--expect", "p98<1"]).is_err());
    }
}
