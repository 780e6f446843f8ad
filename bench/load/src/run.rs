//! What a run does: players, publishers, requests.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use crate::api::{self, Account, Crowd, Login, OwnStreams, Requester};
use crate::crew::Crew;
use crate::engine::Engine;
use crate::interrupt::Interrupt;
use crate::options::{Api, Ask, Common, Play, Publish};
use crate::publish::Studio;
use crate::schedule::unix_micros;
use crate::summary::{About, Kind};
use crate::tape::Tape;
use crate::target::{Protocol, Template};
use crate::targets::{live_targets, publish_targets, stream_targets, templates};
use crate::{engine, merge, misuse, publish, source};

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
    let mut about = about(Kind::Play, &templates);
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
    let about = about(Kind::Publish, &templates);
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

/// Asks an API, by users of its own.
pub(crate) fn ask(common: &Common, options: &Ask) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let Api { url, login } = &options.api;
    let mut crowd = Crowd::new(Account::open(url, login.clone())?);
    let made = crowd.make(options.users, &interrupt);
    let ended = made.and_then(|()| ask_by(common, options, &mut crowd, interrupt));
    match crowd.remove() {
        Ok(()) => ended,
        Err(left) => {
            eprintln!("shardcast load: {left:#}");
            ended.map(|_| ExitCode::FAILURE)
        }
    }
}

fn ask_by(
    common: &Common,
    options: &Ask,
    crowd: &mut Crowd,
    interrupt: Interrupt,
) -> Result<ExitCode> {
    let (place, address) = crowd.place();
    let watched = crowd.watched()?;
    let about = About {
        kind: Kind::Api,
        protocol: "http".into(),
        url: place.to_string(),
        started_unix_ms: unix_micros() / 1000,
    };
    let crew = Crew::prepare(common, 0, &[])?;
    let (users, per_second, logins) = (crowd.users().to_vec(), common.per_second, options.logins);
    crew.run(common, about, interrupt, move |shard, shards, schedule, board| {
        let plan = api::Plan {
            schedule,
            board,
            place: place.clone(),
            address,
            users: users.clone(),
            watched: watched.clone(),
            per_second,
            logins,
            shard,
            shards,
        };
        move || Requester::run(plan)
    })
}

fn about(kind: Kind, templates: &[Template]) -> About {
    let (mut protocol, mut url) = (String::new(), String::new());
    for template in templates {
        merge::unite(&mut protocol, template.protocol.name());
        merge::unite(&mut url, &template.shown(kind == Kind::Publish));
    }
    About { kind, protocol, url, started_unix_ms: unix_micros() / 1000 }
}
