//! What the authority does by itself: it hears other nodes, looks again at rights that may have ended
//! unheard, and writes what waits when the database is back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::{Event, Link};
use store::{MAX_RIGHTS, PublishRight};
use stream::control::{Command, StopReason, StreamId};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use super::database::Failure;
use super::writes::Write;
use super::{AUDIT, Authority, ShardCommand};

/// How often a database that is away is looked for, and unused grants are given back.
const TEND: Duration = Duration::from_secs(1);
/// How often rights are looked at while no event of other nodes can be heard.
const RECHECK: Duration = Duration::from_secs(5);
/// How long the last attempt to write what waits may take.
const LAST: Duration = Duration::from_secs(3);

/// Whose rights are looked at.
enum Scope {
    All,
    Owner(i64),
    Stream(StreamId),
}

impl Authority {
    /// Keeps everything current until the future is dropped. To be run once.
    pub async fn keep(self: Arc<Self>) {
        let mut events = self.cluster.events();
        let hear = async {
            while let Some(event) = events.next().await {
                self.heard(event).await;
            }
        };
        let tend = async {
            let mut ticks = interval(TEND);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut checked = Instant::now();
            loop {
                ticks.tick().await;
                self.tend(&mut checked).await;
            }
        };
        tokio::join!(hear, tend);
    }

    /// Writes what waits, as far as the database takes it within some seconds. For the end of the server.
    pub async fn close(&self) {
        if self.writes.len() > 0 {
            // What is left is told below.
            let _ = timeout(LAST, self.catch_up()).await;
        }
        let lost = self.writes.len();
        if lost > 0 {
            error!(lost, "the database is away: writes are lost with the end of the server");
        }
    }

    async fn tend(&self, checked: &mut Instant) {
        for (stream, session) in self.expire_grants() {
            self.cluster.release(stream.as_str(), session);
        }
        let was_away = self.database.is_away();
        if was_away || self.writes.len() > 0 {
            self.catch_up().await;
        }
        let is_deaf = self.cluster.link() == Link::Down && checked.elapsed() >= RECHECK;
        let is_back = was_away && !self.database.is_away();
        if is_back || is_deaf {
            *checked = Instant::now();
            self.recheck(&Scope::All).await;
        }
    }

    /// Writes what waits, in order, while the database takes it.
    pub(super) async fn catch_up(&self) {
        if !self.database.probe().await {
            return;
        }
        let mut done = 0_usize;
        while let Some(write) = self.writes.first() {
            let making = write.clone();
            match self.database.ask(move |store| making.make(store)).await {
                Ok(_) => done += 1,
                Err(Failure::Away) if !self.writes.failed() => break,
                Err(failure) => error!(?write, ?failure, "a write is given up"),
            }
            self.writes.made(&write);
        }
        if done > 0 {
            info!(
                done,
                waiting = self.writes.len(),
                "the database is told what happened meanwhile"
            );
        }
    }

    async fn heard(&self, event: Event) {
        match event {
            Event::StreamRevoked { stream, reason } => {
                let Some(id) = StreamId::parse(&stream) else { return };
                if self.recheck(&Scope::Stream(id.clone())).await.is_none() {
                    // The other node knew.
                    let reason = StopReason::from_name(&reason).unwrap_or(StopReason::Stopped);
                    let command = self.end(&id, reason);
                    self.order(command).await;
                }
            }
            Event::StreamTaken { stream, session, node } => {
                if let Some(id) = StreamId::parse(&stream) {
                    self.taken(&id, session, &node).await;
                }
            }
            Event::StreamChanged { stream } => {
                if let Some(id) = StreamId::parse(&stream) {
                    self.recheck(&Scope::Stream(id)).await;
                }
            }
            Event::UserChanged { user } => {
                let rechecked = self.recheck(&Scope::Owner(user)).await;
                // Until the database is back, who may be locked out does not come in again.
                rechecked.unwrap_or_else(|| self.state().known.forget_owner(user));
            }
            Event::Missed => drop(self.recheck(&Scope::All).await),
            _ => {}
        }
    }

    /// Another node has the stream, in this session: older ones end here.
    pub(super) async fn taken(&self, id: &StreamId, session: u32, node: &str) {
        let shard = {
            let mut state = self.state();
            state.known.used(id, session, 0);
            state.placements.take(id, session)
        };
        if let Some(shard) = shard {
            info!(target: AUDIT, stream = %id, session, node, "taken over by another node");
            let command = Command::Stop { stream: id.clone(), reason: StopReason::Taken };
            self.order([ShardCommand { shard, command }]).await;
        }
    }

    /// Asks the database whether those who publish here, or are known to, still may; who may not is cut and
    /// forgotten. `None` when it is away: then this is done once it is back.
    async fn recheck(&self, scope: &Scope) -> Option<()> {
        let held = self.held(scope);
        for batch in held.chunks(MAX_RIGHTS) {
            let streams: Vec<String> = batch.iter().map(|(id, _)| id.to_string()).collect();
            let rights = match self.database.ask(move |store| store.publish_rights(&streams)).await
            {
                Ok(rights) => rights,
                Err(Failure::Away) => return None,
                Err(Failure::Other(error)) => {
                    error!("rights cannot be looked at: {error}");
                    return None;
                }
            };
            let rights: HashMap<_, _> =
                rights.into_iter().map(|right| (right.stream.clone(), right)).collect();
            for (id, keys) in batch {
                let right = rights.get(id.as_str());
                let mut commands = self.judge(id, keys, right);
                if let (Scope::Stream(_), Some(right)) = (scope, right) {
                    commands.extend(self.limit_again(id, right.max_viewers));
                }
                self.order(commands).await;
            }
        }
        Some(())
    }

    /// The streams of the scope with the keys by which they are here: the newest grant's, and the known
    /// one.
    fn held(&self, scope: &Scope) -> Vec<(StreamId, Vec<String>)> {
        let wanted = |id: &StreamId, owner: i64| match scope {
            Scope::All => true,
            Scope::Owner(user) => *user == owner,
            Scope::Stream(stream) => stream == id,
        };
        let state = self.state();
        let live = state.placements.all();
        let known = state.known.rights().map(|it| (&it.stream, it.owner, it.key.as_str()));
        let mut held: HashMap<&StreamId, Vec<String>> = HashMap::new();
        for (id, _, key) in live.chain(known).filter(|(id, owner, _)| wanted(id, *owner)) {
            let keys = held.entry(id).or_default();
            if !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        }
        held.into_iter().map(|(id, keys)| (id.clone(), keys)).collect()
    }

    /// Ends what the database says is no longer right. What changed here since it was asked stays.
    fn judge(
        &self,
        id: &StreamId,
        keys: &[String],
        right: Option<&PublishRight>,
    ) -> Vec<ShardCommand> {
        let ended = keys.iter().filter_map(|key| Some((key, ended(key, right)?)));
        ended.filter_map(|(key, reason)| self.end_key(id, key, reason)).collect()
    }

    pub(super) fn limit_again(&self, id: &StreamId, max_viewers: u32) -> Option<ShardCommand> {
        let mut state = self.state();
        state.known.limit(id, max_viewers);
        let shard = state.placements.limit(id, max_viewers)?;
        Some(ShardCommand { shard, command: Command::Limit { stream: id.clone(), max_viewers } })
    }

    fn expire_grants(&self) -> Vec<(StreamId, u32)> {
        self.state().placements.expire(Instant::now())
    }

    /// Tells the database now, or when it is back. The answer is a start's, if it is known.
    pub(super) async fn write(&self, write: Write) -> Option<store::SessionStart> {
        if !self.writes.has(write.stream()) {
            let making = write.clone();
            match self.database.ask(move |store| making.make(store)).await {
                Ok(start) => return start,
                Err(Failure::Away) => {}
                Err(Failure::Other(error)) => {
                    error!(?write, "not recorded: {error}");
                    return None;
                }
            }
        }
        if !self.writes.add(write.clone()) {
            warn!(?write, "not recorded: too much waits for the database");
        }
        None
    }
}

/// Why a key may publish no longer. A stream without a known key is right as long as it may be published
/// at all.
fn ended(key: &str, right: Option<&PublishRight>) -> Option<StopReason> {
    let Some(right) = right else { return Some(StopReason::Removed) };
    if right.is_disabled {
        Some(StopReason::Disabled)
    } else if right.is_stopped {
        Some(StopReason::Stopped)
    } else {
        (!key.is_empty() && key != right.key).then_some(StopReason::KeyReplaced)
    }
}
