//! `shardcast serve`: starts everything in order, runs until a signal, ends everything in order.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use config::Config;
use control::admin::{Admin, AdminSocket};
use control::logs::{Console, Level, LogSettings};
use control::{Authority, AuthoritySettings, Current, DataDirLock, Lifecycle, Vitals};
use shard::{Inbox, Mailbox, Shard, mailbox};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::admin;
use crate::banner;
use crate::demo;
use crate::in_force;
use crate::nodes;
use crate::plane::{self, Ask, Desk, Mail, Setup, ShardParts, Tell, Throttle};
use crate::probe::{Counters, Plant};
use crate::reload;
use crate::settings::{self, Flags, Inputs};
use crate::terminal::Terminal;

/// How long the shards may take to open their ports.
const START: Duration = Duration::from_secs(10);

/// Runs the server.
pub(crate) fn serve(flags: Flags, with_demo: bool) -> Result<()> {
    let terminal = Terminal::at_start();
    let mut inputs = Inputs::of_process(flags);
    let (config, notes) = inputs.load()?;
    let logs = start_logs(&config)?;
    make_directories(&config)?;
    // Two servers on one data directory would undo each other's work; the lock says so at once.
    let _lock = DataDirLock::acquire(&config.data_dir)?;
    shard::block_signals();
    let descriptors = shard::raise_descriptor_limit().context("RLIMIT_NOFILE cannot be read")?;
    let store = admin::open_store(&config)?;
    store.reset_live_on_start(control::now())?;
    let first = control::first_administrator(
        &store,
        config.admin_email.as_deref(),
        admin::secret(config.admin_password.as_ref()).as_ref(),
        std::io::stdout().is_terminal(),
        &config.data_dir,
    )?;
    let media = Media::start(&config)?;
    let server = Server {
        demo: with_demo.then(|| demo::prepare(&store)).transpose()?,
        dropped_log_lines: logs.dropped(),
        level: logs.level(),
        terminal,
        inputs,
        config,
        store,
        media,
    };
    banner::notes(&notes, &server.config);
    banner::first_administrator(&first);
    banner::started(
        &server.config,
        server.media.plant.driver,
        server.media.shards.len(),
        descriptors,
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("control")
        .enable_all()
        .build()?;
    runtime.block_on(server.run())
}

fn start_logs(config: &Config) -> Result<control::logs::LogGuard> {
    Ok(control::logs::init(&LogSettings {
        dir: Some(config.log_dir.clone()),
        level: config.log_level.as_str().to_owned(),
        console: Console::Stdout,
    })?)
}

fn make_directories(config: &Config) -> Result<()> {
    for (name, dir) in
        [("MEDIA_DIR", &config.media_dir), ("RECORDING_PATH", &config.recording_path)]
    {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("{name} {} cannot be made", dir.display()))?;
    }
    Ok(())
}

/// The running media plane.
struct Media {
    shards: Vec<Shard>,
    mailboxes: Vec<Mailbox<Mail>>,
    plant: Arc<Plant>,
    asks: Inbox<Ask>,
    tells: Inbox<Tell>,
}

impl Media {
    fn start(config: &Config) -> Result<Self> {
        let (driver, fallback) = shard::choose(settings::preference(config.runtime))
            .context("RUNTIME=io_uring, but the kernel refuses io_uring")?;
        if let Some(reason) = fallback {
            tracing::warn!(%reason, "io_uring is not to be had: the shards run on epoll, at up to 30 % more CPU");
        }
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let count = config.shards.map_or(cores, usize::from);
        let claims = claim_ports(config)?;
        let (mailboxes, inboxes): (Vec<_>, Vec<_>) =
            (0..count).map(|_| mailbox(plane::SHARD_MAIL)).unzip();
        let (ask, asks) = mailbox(plane::DESK_MAIL);
        let (tell, tells) = mailbox(plane::DESK_MAIL);
        let counters: Vec<Counters> = (0..count).map(|_| Counters::default()).collect();
        let setup = Setup {
            among_others: config.redis().is_some(),
            driver,
            rtmp: SocketAddr::new(config.bind, config.rtmp_port),
            http: SocketAddr::new(config.bind, config.http_port),
            settings: Arc::new(in_force::shards(config, count)?),
            throttle: Arc::new(Throttle::new()),
            mailboxes: mailboxes.clone(),
            desk: Desk { asks: ask, tells: tell },
        };
        // From here on the shards share the ports among themselves.
        drop(claims);
        let (started, starts) = std::sync::mpsc::channel();
        let mut shards = Vec::new();
        for (id, inbox) in inboxes.into_iter().enumerate() {
            let health = Arc::clone(&counters[id].health);
            let parts = ShardParts {
                id,
                inbox,
                health: Arc::clone(&health),
                ingest: Arc::clone(&counters[id].ingest),
                delivery: Arc::clone(&counters[id].delivery),
                started: started.clone(),
            };
            let setup = setup.clone();
            shards.push(shard::start(id, driver, health, move || plane::run(setup, parts))?);
        }
        for _ in 0..count {
            starts.recv_timeout(START).context("a shard did not start")??;
        }
        let plant = Arc::new(Plant {
            driver,
            shards: counters,
            live: std::sync::Mutex::default(),
            mailboxes: mailboxes.clone(),
        });
        Ok(Self { shards, mailboxes, plant, asks, tells })
    }
}

/// Makes sure that nobody else has the ports; a second server fails here.
fn claim_ports(config: &Config) -> Result<Vec<std::os::fd::OwnedFd>> {
    let claim = |(name, port): (&str, u16)| {
        shard::claim_port(SocketAddr::new(config.bind, port)).map_err(|error| {
            anyhow!("{name} {port} cannot be opened: {error}. Is another server running? Stop it or set {name}.")
        })
    };
    [("RTMP_PORT", config.rtmp_port), ("HTTP_PORT", config.http_port)]
        .into_iter()
        .map(claim)
        .collect()
}

/// Everything that runs.
struct Server {
    config: Config,
    inputs: Inputs,
    store: store::Store,
    media: Media,
    demo: Option<demo::Prepared>,
    dropped_log_lines: Arc<AtomicU64>,
    level: Level,
    terminal: Terminal,
}

impl Server {
    /// The control side: answers the shards, serves its port and socket, waits for signals.
    async fn run(self) -> Result<()> {
        let Self { config, inputs, store, media, demo, dropped_log_lines, level, terminal } = self;
        let Media { shards, mailboxes, plant, asks, tells } = media;
        let mut signals = Signals::new(terminal)?;
        let hangups = signal(SignalKind::hangup())?;
        let (current, reloader) = Current::new(in_force::control(config.clone()));
        let settings = AuthoritySettings { shards: shards.len(), current: current.clone() };
        let cluster = nodes::start(&config)?;
        let (authority, commands) = Authority::new(store.clone(), settings, cluster.clone());
        tokio::spawn(Arc::clone(&authority).keep());
        let (drained, drains) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(answer(asks, Arc::clone(&authority), mailboxes.clone()));
        tokio::spawn(listen(tells, Arc::clone(&authority), Arc::clone(&plant), drained));
        tokio::spawn(forward(commands, mailboxes.clone()));
        let socket =
            AdminSocket::bind(&config.data_dir).context("control.sock cannot be opened")?;
        let (order, orders) = tokio::sync::mpsc::channel(reload::MAX_ORDERS);
        let probe = Arc::clone(&plant) as Arc<dyn control::Probe>;
        let administration =
            Admin::new(store.clone(), current.clone(), Some(Arc::clone(&authority)))
                .with_probe(probe)
                .with_reload(order);
        tokio::spawn(socket.serve(Arc::new(administration)));
        let lifecycle = Lifecycle::new();
        let vitals = Vitals::new();
        tokio::spawn(vitals.clone().watch(store.clone(), config.data_dir.clone()));
        let api = api::Api {
            store,
            authority: Arc::clone(&authority),
            cluster: cluster.clone(),
            tokens: api::Tokens::new(&admin::secrets(&config)?.jwt)?,
            current: current.clone(),
            probe: plant as Arc<dyn control::Probe>,
            lifecycle: lifecycle.clone(),
            vitals,
            version: env!("CARGO_PKG_VERSION"),
            started: Instant::now(),
            dropped_log_lines,
        };
        let (port, ended) = open_port(&config, api).await?;
        let parts = reload::Parts {
            inputs,
            current: current.clone(),
            reloader,
            level,
            mailboxes: mailboxes.clone(),
            terminal,
        };
        tokio::spawn(reload::run(parts, hangups, orders));
        lifecycle.ready();
        say_ready(&config);
        if let Some(demo) = demo {
            banner::demo(&config, &current.get().links, &demo);
            demo::start(config.rtmp_port, &demo)?;
        }
        signals.next().await;
        tracing::info!(
            "stopping: publishers are cut, viewers finish (a second signal ends at once)"
        );
        lifecycle.draining();
        drain(&mailboxes, drains, &mut signals, current.get().config.shutdown_timeout).await;
        authority.close().await;
        cluster.leave().await;
        drop(ended);
        post_all(&mailboxes, || Mail::Stop).await;
        drop(port.await);
        join(shards).await
    }
}

fn say_ready(config: &Config) {
    let (rtmp, http, api) = (config.rtmp_port, config.http_port, config.streaming_port);
    tracing::info!(rtmp, http, api, "ready");
}

/// The signals that end the server.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    terminal: Terminal,
}

impl Signals {
    fn new(terminal: Terminal) -> Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { terminate, interrupt, hangup: signal(SignalKind::hangup())?, terminal })
    }

    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                // Any other SIGHUP is for the settings.
                _ = self.hangup.recv() => {
                    if self.terminal.is_gone() {
                        return;
                    }
                }
            }
        }
    }
}

/// Serves the API port until the second value is dropped.
async fn open_port(
    config: &Config,
    api: api::Api,
) -> Result<(tokio::task::JoinHandle<()>, tokio::sync::oneshot::Sender<()>)> {
    let port = config.streaming_port;
    let listener =
        TcpListener::bind(SocketAddr::new(config.bind, port)).await.map_err(|error| {
            anyhow!(
                "STREAMING_PORT {port} cannot be opened: {error}. Is another server running? \
             Stop it or set STREAMING_PORT."
            )
        })?;
    let (ended, ending) = tokio::sync::oneshot::channel::<()>();
    let serving =
        tokio::spawn(api::serve(listener, api::router(api), api::Limits::default(), async move {
            drop(ending.await);
        }));
    Ok((serving, ended))
}

/// Has every shard end its sessions; a second signal or the deadline cut it short.
async fn drain(
    mailboxes: &[Mailbox<Mail>],
    mut drains: tokio::sync::mpsc::UnboundedReceiver<()>,
    signals: &mut Signals,
    deadline: Duration,
) {
    let finish = async {
        post_all(mailboxes, || Mail::Drain).await;
        for _ in mailboxes {
            drains.recv().await;
        }
    };
    tokio::select! {
        () = finish => {}
        () = tokio::time::sleep(deadline) => {
            tracing::warn!("SHUTDOWN_TIMEOUT is over: remaining connections are cut");
        }
        () = signals.next() => {}
    }
}

/// Answers the shards' questions, side by side.
async fn answer(asks: Inbox<Ask>, authority: Arc<Authority>, mailboxes: Vec<Mailbox<Mail>>) {
    while let Some(Ask { shard, asked, question }) = asks.next().await {
        let (authority, mailbox) = (Arc::clone(&authority), mailboxes[shard].clone());
        tokio::spawn(async move {
            let answer = authority.answer(question).await;
            // A shard that is gone needs no answer.
            drop(mailbox.post_waiting(Mail::Answer(asked, answer)).await);
        });
    }
}

/// Takes the shards' notices, one after the other.
async fn listen(
    tells: Inbox<Tell>,
    authority: Arc<Authority>,
    plant: Arc<Plant>,
    drained: tokio::sync::mpsc::UnboundedSender<()>,
) {
    while let Some(tell) = tells.next().await {
        match tell {
            Tell::Notice(shard, notice) => authority.notice(shard, notice).await,
            Tell::Listed(listing) => plant.listed(*listing),
            Tell::Unlisted(id, session) => plant.unlisted(&id, session),
            Tell::Drained => drop(drained.send(())),
        }
    }
}

/// Forwards control's orders to the shards.
async fn forward(
    mut commands: tokio::sync::mpsc::Receiver<control::ShardCommand>,
    mailboxes: Vec<Mailbox<Mail>>,
) {
    while let Some(order) = commands.recv().await {
        drop(mailboxes[order.shard].post_waiting(Mail::Command(order.command)).await);
    }
}

async fn post_all(mailboxes: &[Mailbox<Mail>], mail: impl Fn() -> Mail) {
    for mailbox in mailboxes {
        // A shard that has ended takes no more letters, which is what is wanted.
        drop(mailbox.post_waiting(mail()).await);
    }
}

async fn join(shards: Vec<Shard>) -> Result<()> {
    let joined = tokio::task::spawn_blocking(|| {
        shards.into_iter().try_for_each(|shard| {
            let id = shard.id;
            shard.join().with_context(|| format!("shard {id} failed"))
        })
    });
    match tokio::time::timeout(Duration::from_secs(5), joined).await {
        Ok(joined) => joined?,
        Err(_) => bail!("a shard did not end"),
    }
}
