//! `shardcast check`: is everything configured right, and what is in use?

use std::net::SocketAddr;
use std::num::NonZero;

use anyhow::Result;
use config::Config;

use crate::settings::{self, Flags};
use crate::{Misuse, admin};

/// Checks everything, says what is wrong, and fails if anything is.
pub(crate) fn check(flags: Flags) -> Result<()> {
    let (config, notes) = settings::load(flags)?;
    let mut report = Report::default();
    Report::good("configuration", "valid");
    for note in &notes {
        Report::note(&note.to_string());
    }
    let not_yet = config.not_yet();
    if !not_yet.is_empty() {
        Report::note(&format!("set, but without effect in this version: {}", not_yet.join(", ")));
    }
    for (name, port) in [
        ("RTMP_PORT", config.rtmp_port),
        ("HTTP_PORT", config.http_port),
        ("STREAMING_PORT", config.streaming_port),
    ] {
        match shard::claim_port(SocketAddr::new(config.bind, port)) {
            Ok(_) => Report::good(name, &format!("{port} is free")),
            Err(error) => {
                Report::note(&format!("{name} {port}: {error} (a running server has it?)"));
            }
        }
    }
    for (name, dir) in [
        ("DATA_DIR", &config.data_dir),
        ("LOG_DIR", &config.log_dir),
        ("MEDIA_DIR", &config.media_dir),
        ("RECORDING_PATH", &config.recording_path),
    ] {
        match std::fs::create_dir_all(dir).and_then(|()| std::fs::metadata(dir)) {
            Ok(found) if !found.permissions().readonly() => {
                Report::good(name, &dir.display().to_string());
            }
            Ok(_) => report.bad(&format!("{name} {} is not writable", dir.display())),
            Err(error) => report.bad(&format!("{name} {} cannot be made: {error}", dir.display())),
        }
    }
    match admin::open_store(&config).and_then(|store| Ok(store.ping()?)) {
        Ok(()) => Report::good("database", &database(&config)),
        Err(error) => report.bad(&format!("the database cannot be used: {error:#}")),
    }
    runtime(&mut report, &config);
    redis(&mut report, &config);
    limits(&mut report, &config);
    report.finish()
}

fn database(config: &Config) -> String {
    match config.mysql() {
        Some(server) => format!("{} at {}:{} answers", server.database, server.host, server.port),
        None => "embedded (SQLite), answers".to_owned(),
    }
}

fn runtime(report: &mut Report, config: &Config) {
    match shard::choose(settings::preference(config.runtime)) {
        Ok((driver, None)) => Report::good("runtime", driver.name()),
        Ok((driver, Some(reason))) => Report::note(&format!(
            "runtime: {} (io_uring is refused: {reason}). It works, at up to 30 % more CPU. \
             In Docker, use a seccomp profile that allows io_uring_setup, io_uring_enter and io_uring_register.",
            driver.name()
        )),
        Err(error) => report.bad(&format!("RUNTIME=io_uring, but the kernel refuses it: {error}")),
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let shards = config.shards.map_or(cores, usize::from);
    Report::good("shards", &format!("{shards} on {cores} cores"));
    Report::good("encoder", &codecs::assembler().to_string());
}

/// Waits a moment for a Redis that is configured.
fn redis(report: &mut Report, config: &Config) {
    let Some(_) = config.redis() else {
        return Report::good("redis", "none: limits and events stay in this process");
    };
    match crate::nodes::reach(config) {
        Ok(true) => Report::good("redis", "answers"),
        Ok(false) => report.bad("Redis does not answer (REDIS_URL, REDIS_PASSWORD). The server would start and go on by itself until it does."),
        Err(error) => report.bad(&format!("{error:#}")),
    }
}

fn limits(report: &mut Report, config: &Config) {
    match shard::raise_descriptor_limit() {
        Ok(limit) => Report::good("descriptors", &format!("{limit} (RLIMIT_NOFILE)")),
        Err(error) => report.bad(&format!("RLIMIT_NOFILE cannot be read: {error}")),
    }
    let or_none =
        |number: u32| if number == 0 { "no limit".to_owned() } else { number.to_string() };
    let per_address = or_none(config.max_conn_per_ip);
    Report::good("connections of one address", &format!("{per_address} (MAX_CONN_PER_IP)"));
    let per_user = or_none(config.max_streams_per_user);
    Report::good("live streams of one user", &format!("{per_user} (MAX_STREAMS_PER_USER)"));
    let requests = match config.rate_limit_max_requests {
        0 => "no limit".to_owned(),
        most => format!("{most} in {} s", config.rate_limit_window.as_secs()),
    };
    Report::good(
        "API requests of one user or address",
        &format!("{requests} (RATE_LIMIT_MAX_REQUESTS, RATE_LIMIT_WINDOW_MS)"),
    );
    for limit in api::LOGIN_LIMITS {
        Report::good(limit.what, &format!("{} in {} s", limit.most, limit.seconds));
    }
    Report::good("request bodies", &format!("{} bytes", api::MAX_BODY));
    Report::good("viewers of one stream", "its maxViewers, 1000 if nothing is said");
}

#[derive(Default)]
struct Report {
    wrong: u32,
}

#[expect(clippy::print_stdout, reason = "the answer to a command")]
impl Report {
    fn good(what: &str, value: &str) {
        println!("  ok    {what}: {value}");
    }

    fn note(text: &str) {
        println!("  note  {text}");
    }

    fn bad(&mut self, text: &str) {
        self.wrong += 1;
        println!("  WRONG {text}");
    }

    fn finish(self) -> Result<()> {
        match self.wrong {
            0 => {
                println!("Everything is fine.");
                Ok(())
            }
            wrong => Err(Misuse(format!("{wrong} of the checks failed")).into()),
        }
    }
}
