//! The threads of a run, from their start to the summary: clock, progress, signals, counts.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use shard::{Driver, Health, Shard};

use crate::board::Board;
use crate::hdrlog::HdrLog;
use crate::interrupt::Interrupt;
use crate::options::Common;
use crate::progress::Progress;
use crate::schedule::Schedule;
use crate::summary::{About, Own, Summary};
use crate::tally::Tally;
use crate::target::Target;
use crate::watch::{self, Thread, Used, Watched};
use crate::{output, room};

/// How long shards may take to hand their counts over after the window.
const HAND_OVER: Duration = Duration::from_secs(10);
/// How long the progress of the run is not looked at.
const GLANCE: Duration = Duration::from_secs(1);

/// The threads of a run, before they start.
pub(crate) struct Crew {
    driver: Driver,
    connections: usize,
}

impl Crew {
    /// Says what is lacking for so many connections.
    pub(crate) fn prepare(common: &Common, connections: usize, targets: &[Target]) -> Result<Self> {
        let descriptors = shard::raise_descriptor_limit().context("RLIMIT_NOFILE")?;
        let servers: Vec<_> = targets.iter().map(|target| target.address).collect();
        for line in room::lacking(connections, &servers, &common.source_ips, descriptors) {
            eprintln!("shardcast load: {line}");
        }
        let (driver, _) = shard::choose(common.runtime).context("io_uring is not to be had")?;
        Ok(Self { driver, connections })
    }

    /// Runs what `make` makes for each thread, to the summary.
    pub(crate) fn run<M, F, T>(
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
