//! The registry of live streams: who has which. A stream's entry in Redis is a lease, and the session's
//! number, which the database gives and which only rises, decides between two that both believe to have
//! it: the higher one wins (a fencing token).

mod holdings;
mod scripts;

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, ScriptInvocation};
use tracing::warn;

use crate::cluster::Node;
use crate::event::Event;
use crate::keys::{self, MAX_NAME};
use crate::shared::Shared;
use crate::worker::Task;
pub(crate) use holdings::Holdings;
use holdings::MAX_HELD;
use scripts::{CLAIM, OFFER, RELEASE, RENEW};

/// How long an entry outlives its node.
const LEASE: Duration = Duration::from_secs(5);
/// Streams that one command renews or releases, for its running time in Redis, which does nothing else
/// meanwhile: half a millisecond.
const BATCH: usize = 256;

/// What a claim of a stream came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This node has the stream.
    Ours,
    /// Another node has it, or this one has a newer session of it.
    Held(Home),
    /// Nobody knows, for Redis is away (or this node has too many streams): go on. It is registered when
    /// Redis is back; if another node has a newer session then, [`Event::StreamTaken`] comes, and if it
    /// has an older one, it hears that itself.
    Unknown,
}

/// Where a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The node's name.
    pub node: String,
    /// Where viewers find its media.
    pub media_url: String,
    /// Where its HTTP API is.
    pub api_url: String,
    /// The stream's session number.
    pub session: u32,
}

pub(crate) async fn claim(shared: &Shared, stream: &str, session: u32, take_over: bool) -> Claim {
    if !shared.holdings().has_room_for(stream) {
        warn!(
            "stream {stream:.40} is not registered: this node has {MAX_HELD} streams or its id is too long"
        );
        return Claim::Unknown;
    }
    let claim = match &shared.remote {
        None => claim_here(shared, stream, session),
        Some(_) => claim_there(shared, stream, session, take_over).await,
    };
    if !matches!(claim, Claim::Held(_)) {
        shared.holdings().add(stream, session);
    }
    claim
}

fn claim_here(shared: &Shared, stream: &str, session: u32) -> Claim {
    let newer = shared.holdings().session(stream).filter(|held| *held > session);
    newer.map_or(Claim::Ours, |held| Claim::Held(shared.node.home(held)))
}

async fn claim_there(shared: &Shared, stream: &str, session: u32, take_over: bool) -> Claim {
    let Some(remote) = &shared.remote else { return Claim::Ours };
    let mut script = CLAIM.key(keys::stream(stream));
    shared.node.sign(&mut script).arg(session).arg(take_over);
    let answer: Option<(bool, Fields)> =
        remote.ask(&shared.counts, async |link| script.invoke_async(link).await).await;
    match answer {
        None => Claim::Unknown,
        Some((false, fields)) => home_of(fields).map_or(Claim::Unknown, Claim::Held),
        Some((true, before)) => {
            if home_of(before).is_some_and(|before| before.node != shared.node.name) {
                let (stream, node) = (stream.to_owned(), shared.node.name.clone());
                let taken = Event::StreamTaken { stream, session, node };
                remote.post(&shared.counts, Task::Tell(taken));
            }
            Claim::Ours
        }
    }
}

pub(crate) async fn home(shared: &Shared, stream: &str) -> Option<Home> {
    if let Some(session) = shared.holdings().session(stream) {
        return Some(shared.node.home(session));
    }
    if stream.len() > MAX_NAME {
        return None;
    }
    let mut get = redis::cmd("HMGET");
    get.arg(keys::stream(stream)).arg(&FIELDS);
    let remote = shared.remote.as_ref()?;
    let found = remote.ask(&shared.counts, async |link| get.query_async(link).await).await?;
    // Under our own name it is what an earlier process left behind, or just released.
    home_of(found).filter(|home| home.node != shared.node.name)
}

/// Marks this node's entry as free for all. Where Redis is away nobody could take it.
pub(crate) async fn offer(shared: &Shared, stream: &str, session: u32) {
    let Some(remote) = &shared.remote else { return };
    if shared.holdings().session(stream) != Some(session) {
        return;
    }
    let mut script = OFFER.key(keys::stream(stream));
    shared.node.sign(&mut script).arg(session);
    let ask = async |link: &mut MultiplexedConnection| script.invoke_async::<()>(link).await;
    remote.ask(&shared.counts, ask).await;
}

/// Renews the leases of all streams of this node, and sets those that are missing. Tells of those that
/// another node has a newer session of. `None` when Redis is away.
pub(crate) async fn renew(shared: &Shared) -> Option<()> {
    let remote = shared.remote.as_ref()?;
    let held = shared.holdings().all();
    for batch in held.chunks(BATCH) {
        let mut script = RENEW.prepare_invoke();
        shared.node.sign(&mut script);
        add_streams(&mut script, batch);
        let ask = async |link: &mut MultiplexedConnection| script.invoke_async(link).await;
        let lost: Vec<(usize, u32, String)> = remote.ask(&shared.counts, ask).await?;
        for (place, session, node) in lost {
            let Some((stream, ours)) = batch.get(place) else { continue };
            // It may have been lost, released or claimed anew since it was asked.
            if shared.holdings().release(stream, *ours) {
                warn!("node {node} has a newer session of stream {stream}");
                shared.tell_here(Event::StreamTaken { stream: stream.clone(), session, node });
            }
        }
    }
    Some(())
}

/// Removes the leases that are still these sessions'.
pub(crate) async fn release(
    node: &Node,
    streams: &[(String, u32)],
    link: &mut MultiplexedConnection,
) -> RedisResult<()> {
    for batch in streams.chunks(BATCH) {
        let mut script = RELEASE.prepare_invoke();
        node.sign(&mut script);
        add_streams(&mut script, batch);
        script.invoke_async::<()>(link).await?;
    }
    Ok(())
}

fn add_streams(script: &mut ScriptInvocation<'_>, streams: &[(String, u32)]) {
    for (stream, session) in streams {
        script.key(keys::stream(stream)).arg(session);
    }
}

impl Node {
    fn home(&self, session: u32) -> Home {
        Home {
            node: self.name.clone(),
            media_url: self.media_url.clone(),
            api_url: self.api_url.clone(),
            session,
        }
    }

    /// The first arguments of all scripts.
    fn sign<'a, 'b>(&self, script: &'b mut ScriptInvocation<'a>) -> &'b mut ScriptInvocation<'a> {
        script.arg(&self.name).arg(&self.media_url).arg(&self.api_url).arg(LEASE.as_millis() as u64)
    }
}

/// An entry as the scripts give it: see [`FIELDS`].
type Fields = (Option<u32>, Option<String>, Option<String>, Option<String>);
const FIELDS: [&str; 4] = ["session", "node", "media", "api"];

fn home_of((session, node, media, api): Fields) -> Option<Home> {
    Some(Home {
        node: node?,
        media_url: media.unwrap_or_default(),
        api_url: api.unwrap_or_default(),
        session: session?,
    })
}
