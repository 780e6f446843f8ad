//! A run from its beginning to its summary: shards, clock, progress, counts.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use shard::{Driver, Health, Shard};

use crate::api::{Account, Login, OwnStreams};
use crate::board::Board;
use crate::engine::Engine;
use crate::hdrlog::HdrLog;
use crate::interrupt::Interrupt;
use crate::options::{Api, Common, Play, Publish};
use crate::progress::Progress;
use crate::publish::Studio;
use crate::schedule::{Schedule, unix_micros};
use crate::summary::{About, Own, Summary};
use crate::tally::Tally;
use crate::tape::Tape;
use crate::target::{Protocol, Target, Template};
use crate::targets::{live_targets, publish_targets, stream_targets, templates};
use crate::watch::{self, Thread, Used, Watched};
use crate::{engine, merge, misuse, output, publish, room, source};

/// How long shards may take to hand their counts over after the window.
const HAND_OVER: Duration = Duration::from_secs(10);
/// How long the progress of the run is not looked at.
const GLANCE: Duration = Duration::from_secs(1);

/// Runs players.
pub(crate) fn play(common: &Common, options: &Play) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let (templates, targets) = match &options.api {
        Some(api) => live_targets(common, api)?,
        None => {
            let templates = templates(&common.urls)?;
            let targets = stream_targets(&templates, options.streams);
            (templates, targets)
        }
    };
    let mut about = about(false, &templates);
    if about.protocol == Protocol::Hls.name() && options.low_latency == Some(true) {
        about.protocol = "ll-hls".into();
    }
    let crew = Crew::prepare(common, options.players, &targets)?;
    let per_second = common.per_second;
    let source_ips = common.source_ips.clone();
    crew.run(common, about, interrupt, move |shard, shards, schedule, board| {
        let plan = engine::Plan {
            schedule,
            board,
            options: options.clone(),
            targets: targets.clone(),
            per_second,
            source_ips: source_ips.clone(),
            shard,
            shards,
        };
        move || Engine::run(plan)
    })
}

/// Runs publishers, through streams of its own where there is an API.
pub(crate) fn publish(common: &Common, options: &Publish) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let Some(Api { url, login }) = &options.api else {
        return publish_to(common, options, &common.urls, interrupt);
    };
    if matches!(login, Login::Nobody) {
        let what = "--api needs --login, --token, --token-file or SHARDCAST_TOKEN to make streams";
        return Err(misuse(what.into()));
    }
    let mut own = OwnStreams::new(Account::open(url, login.clone())?);
    let length = common.ramp(options.streams) + common.warmup + common.duration;
    if let Some(doubt) = own.doubt(length) {
        eprintln!("shardcast load: {doubt}");
    }
    let ended = own.make(options.streams, &interrupt).and_then(|()| {
        let options = Publish { keys: own.keys(), ..options.clone() };
        let urls = if common.urls.is_empty() { vec![own.url()] } else { common.urls.clone() };
        publish_to(common, &options, &urls, interrupt.clone())
    });
    match own.remove(&interrupt) {
        Ok(()) => ended,
        Err(left) => {
            eprintln!("shardcast load: {left:#}");
            ended.map(|_| ExitCode::FAILURE)
        }
    }
}

fn publish_to(
    common: &Common,
    options: &Publish,
    urls: &[String],
    interrupt: Interrupt,
) -> Result<ExitCode> {
    let templates = templates(urls)?;
    let targets = publish_targets(&templates, options)?;
    let about = about(true, &templates);
    let crew = Crew::prepare(common, options.streams, &targets)?;
    let tape: Arc<Tape> = Arc::new(source::load(&options.source, options.pattern)?);
    let per_second = common.per_second;
    let source_ips = common.source_ips.clone();
    crew.run(common, about, interrupt, move |shard, shards, schedule, board| {
        let plan = publish::Plan {
            schedule,
            board,
            tape: Arc::clone(&tape),
            targets: targets.clone(),
            per_second,
            source_ips: source_ips.clone(),
            shard,
            shards,
        };
        move || Studio::run(plan)
    })
}

fn about(publishing: bool, templates: &[Template]) -> About {
    let (mut protocol, mut url) = (String::new(), String::new());
    for template in templates {
        merge::unite(&mut protocol, template.protocol.name());
        merge::unite(&mut url, &template.shown(publishing));
    }
    About { publishing, protocol, url, started_unix_ms: unix_micros() / 1000 }
}

/// The threads of a run, before they start.
struct Crew {
    driver: Driver,
    connections: usize,
}

impl Crew {
    fn prepare(common: &Common, connections: usize, targets: &[Target]) -> Result<Self> {
        let descriptors = shard::raise_descriptor_limit().context("RLIMIT_NOFILE")?;
        let servers: Vec<_> = targets.iter().map(|target| target.address).collect();
        for line in room::lacking(connections, &servers, &common.source_ips, descriptors) {
            eprintln!("shardcast load: {line}");
        }
        let (driver, _) = shard::choose(common.runtime).context("io_uring is not to be had")?;
        Ok(Self { driver, connections })
    }

    fn run<M, F, T>(
        self,
        common: &Common,
        about: About,
        interrupt: Interrupt,
        make: M,
    ) -> Result<ExitCode>
    where
        M: Fn(usize, usize, Arc<Schedule>, Arc<Board>) -> F,
        F: FnOnce() -> T + Send + 'static,
        T: Future<Output = Tally> + 'static,
    {
        let before = common.ramp(self.connections) + common.warmup;
        let schedule = Arc::new(Schedule::new(before, common.duration));
        let board = Arc::new(Board::default());
        let (report, reports) = std::sync::mpsc::channel();
        let mut threads = Vec::new();
        for id in 0..common.shards {
            let main = make(id, common.shards, Arc::clone(&schedule), Arc::clone(&board));
            let report = report.clone();
            let health = Arc::new(Health::default());
            threads.push(shard::start_anywhere(id, self.driver, health, move || {
                let main = main();
                async move {
                    // Whoever waits for it has given up when it cannot be told.
                    drop(report.send(main.await));
                }
            })?);
        }
        drop(report);
        let (usage, log) = attend(common, &schedule, &board, interrupt)?;
        let tally = collect(&reports, threads)?;
        if let Some(mut log) = log {
            log.write(&board.look().recent)?;
        }
        let seconds = tally.window_us as f64 / 1e6;
        let own = Own::new(usage.own, &usage.threads, seconds);
        let watched = usage.watched.map(|(start, end)| Watched::between(start, end, seconds));
        let mut summary = Summary::new(about, &tally, own, watched);
        summary.expect = common.expect.iter().map(|one| one.judge(&summary)).collect();
        output::finish(common, &summary)
    }
}

/// What was used over the window.
struct Usage {
    own: Used,
    /// Its shards.
    threads: Vec<Thread>,
    watched: Option<(Used, Used)>,
}

/// Accompanies the run: progress, logs, the use of CPU, and signals.
fn attend(
    common: &Common,
    schedule: &Schedule,
    board: &Board,
    mut interrupt: Interrupt,
) -> Result<(Usage, Option<HdrLog>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut progress = Progress::new();
        let mut log = None;
        let mut glance = tokio::time::interval(GLANCE);
        let mut interrupted = false;
        let (mut start, mut opened) = (measure(common), false);
        loop {
            let edge = if opened { schedule.closes() } else { schedule.opens() };
            let left = Duration::from_micros(edge.saturating_sub(schedule.now()));
            tokio::select! {
                () = tokio::time::sleep(left) => {
                    if opened {
                        break;
                    }
                    opened = true;
                    start = measure(common);
                    log = common.hdr_log.as_deref().map(HdrLog::create).transpose()?;
                    drop(board.look());
                    progress.open();
                }
                _ = glance.tick() => {
                    let glance = board.look();
                    if let Some(log) = &mut log {
                        log.write(&glance.recent)?;
                    }
                    progress.show(&glance, opened);
                }
                () = interrupt.first(), if !interrupted => {
                    interrupted = true;
                    schedule.close_now();
                }
            }
        }
        let end = measure(common);
        progress.end();
        let threads = watch::between(&start.1, &end.1).collect();
        let own = Used { cpu_seconds: end.0.cpu_seconds - start.0.cpu_seconds, ..end.0 };
        let watched = (!common.watch.is_empty()).then_some((start.2, end.2));
        Ok((Usage { own, threads, watched }, log))
    })
}

/// The use of this process, of its shards, and of the watched processes.
fn measure(common: &Common) -> (Used, Vec<Thread>, Used) {
    let (own, shards) = watch::own();
    (own, shards, watch::processes(&common.watch))
}

fn collect(reports: &Receiver<Tally>, threads: Vec<Shard>) -> Result<Tally> {
    let mut sum = Tally::default();
    for _ in 0..threads.len() {
        let Ok(tally) = reports.recv_timeout(HAND_OVER) else {
            threads.into_iter().filter(Shard::has_ended).try_for_each(Shard::join)?;
            bail!("a thread of the runner does not answer");
        };
        sum.add(&tally);
    }
    Ok(sum)
}
