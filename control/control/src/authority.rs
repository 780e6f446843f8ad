//! Who may publish, where, and who is cut: alone or among other nodes, with the database or for a while
//! without it.

mod database;
mod keep;
mod known;
mod placements;
mod publish;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cluster::{Claim, Cluster, Event};
use store::{SessionStart, Store};
use stream::control::{
    Answer, Command, Denial, Description, Grant, Notice, Question, StopReason, StreamId, StreamKey,
};
use tokio::sync::{Semaphore, mpsc};
use tracing::{error, info, warn};

use crate::Current;
use crate::clock::now;
use database::{Database, Failure};
use known::KnownKeys;
use placements::Placements;
use writes::{Write, Writes};

/// Questions that are worked on at a time; more get their safe answer at once.
pub const MAX_QUESTIONS: usize = 64;
/// Other nodes' streams that are looked up at a time: a crowd that asks for what is nowhere keeps no
/// publisher from being checked.
pub const MAX_LOOK_UPS: usize = 64;
/// Commands that wait to be forwarded; whoever gives one more waits.
pub const MAX_COMMANDS: usize = 1024;

/// Target of the lines that tell who was allowed what. They never hold a key.
const AUDIT: &str = "audit";

/// What decisions about publishing depend on.
#[derive(Clone, Debug)]
pub struct AuthoritySettings {
    /// How many shards there are.
    pub shards: usize,
    /// The configuration in force.
    pub current: Current,
}

/// A command and the shard that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardCommand {
    /// The home of the stream.
    pub shard: usize,
    /// What it is to do.
    pub command: Command,
}

/// Answers the shards' questions, keeps book of their notices, and cuts publishers whose right ended.
pub struct Authority {
    database: Database,
    cluster: Cluster,
    settings: AuthoritySettings,
    state: Mutex<State>,
    writes: Writes,
    questions: Semaphore,
    look_ups: Semaphore,
    commands: mpsc::Sender<ShardCommand>,
}

/// What was decided.
struct State {
    placements: Placements,
    known: KnownKeys,
    /// Counts the rights that ended: whoever read a right before must read it again, so that no grant
    /// slips in between.
    ends: u64,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority of a node, and the commands that the wiring forwards to the shards. [`Self::keep`]
    /// is to run beside it. No stream may be live yet ([`Store::reset_live_on_start`]).
    pub fn new(
        store: Store,
        settings: AuthoritySettings,
        cluster: Cluster,
    ) -> (Arc<Self>, mpsc::Receiver<ShardCommand>) {
        let (commands, forwarded) = mpsc::channel(MAX_COMMANDS);
        let placements = Placements::new(settings.shards);
        let authority = Self {
            database: Database::new(store),
            cluster,
            state: Mutex::new(State { placements, known: KnownKeys::default(), ends: 0 }),
            writes: Writes::default(),
            questions: Semaphore::new(MAX_QUESTIONS),
            look_ups: Semaphore::new(MAX_LOOK_UPS),
            settings,
            commands,
        };
        (Arc::new(authority), forwarded)
    }

    /// Answers a shard. When nothing is known or too many ask at once, that is the safe answer.
    pub async fn answer(&self, question: Question) -> Answer {
        if let Question::Elsewhere { id } = question {
            return Answer::Elsewhere(self.elsewhere(&id).await);
        }
        let permit = self.questions.try_acquire();
        if permit.is_err() {
            warn!("a question of a shard was refused: {MAX_QUESTIONS} are being worked on");
        }
        let is_free = permit.is_ok();
        match question {
            Question::Publish { key, peer } if is_free => {
                let result = Box::pin(self.publish(&key)).await;
                audit_publish(&key, peer, &result);
                Answer::Publish(result)
            }
            Question::Publish { .. } => Answer::Publish(Err(Denial::Unavailable)),
            Question::Playback { key } if is_free => Answer::Playback(self.stream_of(key).await),
            Question::Playback { .. } => Answer::Playback(None),
            Question::Describe { id } if is_free => Answer::Describe(self.describe(id).await),
            Question::Describe { .. } => Answer::Describe(None),
            // Answered above.
            Question::Elsewhere { .. } => Answer::Elsewhere(None),
        }
    }

    /// Takes a notice of `shard`. Notices of one shard must be given in their order, each after the one
    /// before has returned.
    pub async fn notice(&self, shard: usize, notice: Notice) {
        match notice {
            Notice::Started { stream, session } => self.started(shard, stream, session).await,
            Notice::Ended { stream, session, last_msn } => {
                self.ended(stream, session, last_msn).await;
            }
            Notice::Lingering { stream } => {
                if let Some(session) = self.claimed(&stream) {
                    self.cluster.offer(stream.as_str(), session).await;
                }
            }
            Notice::Returned { stream } => {
                if let Some(session) = self.claimed(&stream) {
                    self.register(&stream, session).await;
                }
            }
        }
    }

    /// The home of a stream that is live, lingers, or was just granted.
    pub fn home(&self, stream: &StreamId) -> Option<usize> {
        self.state().placements.home(stream)
    }

    /// How many writes wait for the database.
    pub fn waiting(&self) -> usize {
        self.writes.len()
    }

    /// What this node shares with the others.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Lets so many viewers watch a stream at a time from now on (0: no limit), where it is live, on
    /// every node; the database is the caller's. Blocks as [`Authority::revoke`] does: not for async
    /// tasks.
    pub fn limit(&self, stream: &StreamId, max_viewers: u32) {
        if let Some(command) = self.limit_again(stream, max_viewers) {
            self.order_blocking(command);
        }
        self.cluster.tell(Event::StreamChanged { stream: stream.to_string() });
    }

    /// Changes rights in the database and cuts the streams that the change concerns, on every node.
    /// Blocks, for as long as the database does and while [`MAX_COMMANDS`] wait: not for async tasks.
    ///
    /// # Errors
    ///
    /// The change's own; nobody is cut then.
    pub fn revoke<T>(
        &self,
        reason: StopReason,
        change: impl FnOnce(&Store) -> store::Result<T>,
        concerned: impl FnOnce(&T) -> Vec<String>,
    ) -> store::Result<T> {
        let changed = change(self.database.store())?;
        for stream in concerned(&changed).iter().filter_map(|id| StreamId::parse(id)) {
            if let Some(command) = self.end(&stream, reason) {
                self.order_blocking(command);
            }
            let (stream, reason) = (stream.to_string(), reason.name().to_owned());
            self.cluster.tell(Event::StreamRevoked { stream, reason });
        }
        Ok(changed)
    }

    async fn elsewhere(&self, id: &StreamId) -> Option<Arc<str>> {
        let _permit = self.look_ups.try_acquire().ok()?;
        let home = self.cluster.home(id.as_str()).await?;
        let is_here = home.node == self.cluster.node().name;
        (!is_here).then(|| home.media_url.trim_end_matches('/').into())
    }

    /// Tokens for private streams do not exist yet, so nobody is told of one.
    async fn stream_of(&self, key: StreamKey) -> Option<StreamId> {
        match self.database.ask(move |store| store.authorize(&key.0)).await {
            Ok(Ok(authorized)) => StreamId::parse(&authorized.stream),
            Ok(Err(_)) | Err(Failure::Away) => None,
            Err(Failure::Other(error)) => {
                error!("a key cannot be looked up: {error}");
                None
            }
        }
    }

    async fn describe(&self, id: StreamId) -> Option<Description> {
        match self.database.ask(move |store| store.stream(id.as_str())).await {
            Ok(stream) if !stream.is_private => Some(Description { title: stream.title.into() }),
            Ok(_) | Err(Failure::Away | Failure::Other(store::Error::NoSuchStream(_))) => None,
            Err(Failure::Other(error)) => {
                error!("a stream cannot be looked up: {error}");
                None
            }
        }
    }

    async fn started(&self, shard: usize, stream: StreamId, session: u32) {
        let owner = self.state().placements.owner(&stream);
        let owner = match owner {
            Some(owner) => owner,
            None => self.owner_of(&stream).await,
        };
        let (stopped, limit, claimed) = {
            let placements = &mut self.state().placements;
            let stopped = placements.started(&stream, owner, session, shard, Instant::now());
            (stopped, placements.limit_of(&stream), placements.claimed(&stream))
        };
        if claimed.is_none() {
            self.register(&stream, session).await;
        }
        let start = Write::Started { stream: stream.clone(), session, at: now() };
        let start = self.write(start).await;
        info!(target: AUDIT, %stream, session, shard, ?start, "live");
        let removed = (start == Some(SessionStart::NoStream)).then_some(StopReason::Removed);
        let command = match removed.or(stopped) {
            Some(reason) => Some(Command::Stop { stream, reason }),
            None => limit.map(|max_viewers| Command::Limit { stream, max_viewers }),
        };
        self.order(command.map(|command| ShardCommand { shard, command })).await;
    }

    async fn owner_of(&self, stream: &StreamId) -> i64 {
        let id = stream.clone();
        let found = self.database.ask(move |store| store.stream(id.as_str())).await;
        found.map(|stream| stream.owner_id).unwrap_or_default()
    }

    async fn ended(&self, stream: StreamId, session: u32, last_msn: u64) {
        let claimed = {
            let mut state = self.state();
            // A grant that follows starts above it.
            state.known.used(&stream, session, last_msn);
            state.placements.ended(&stream, session)
        };
        info!(target: AUDIT, %stream, session, last_msn, "ended");
        let end = Write::Ended { stream: stream.clone(), session, last_msn, at: now() };
        self.write(end).await;
        if let Some(claimed) = claimed {
            self.cluster.release(stream.as_str(), claimed);
        }
    }

    /// Registers a stream that is here. If another node has it in a newer session, it ends here.
    async fn register(&self, stream: &StreamId, session: u32) {
        let claim = self.cluster.claim(stream.as_str(), session, false).await;
        match claim {
            Claim::Held(home) if home.node != self.cluster.node().name => {
                self.taken(stream, home.session, &home.node).await;
            }
            // A newer grant of this node.
            Claim::Held(_) => {}
            Claim::Ours | Claim::Unknown => drop(self.state().placements.claim(stream, session)),
        }
    }

    fn claimed(&self, stream: &StreamId) -> Option<u32> {
        self.state().placements.claimed(stream)
    }

    /// The stream's right ended: what was granted so far is to stop, and its key is no longer known.
    fn end(&self, stream: &StreamId, reason: StopReason) -> Option<ShardCommand> {
        let mut state = self.state();
        state.ends += 1;
        state.known.forget(stream);
        state.stop(stream, reason)
    }

    /// The same for this key only: a newer one goes on.
    fn end_key(&self, stream: &StreamId, key: &str, reason: StopReason) -> Option<ShardCommand> {
        let mut state = self.state();
        state.ends += 1;
        state.known.forget_key(key);
        let is_newer = state.placements.has_other_key(stream, key);
        if is_newer { None } else { state.stop(stream, reason) }
    }

    async fn order(&self, commands: impl IntoIterator<Item = ShardCommand>) {
        for command in commands {
            // Nobody forwards any more: the server is ending, and every stream with it.
            let _ = self.commands.send(command).await;
        }
    }

    fn order_blocking(&self, command: ShardCommand) {
        // As above.
        let _ = self.commands.blocking_send(command);
    }

    /// Never held over a call of the database or of other nodes.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stop(&mut self, stream: &StreamId, reason: StopReason) -> Option<ShardCommand> {
        let shard = self.placements.revoke(stream, reason)?;
        info!(target: AUDIT, %stream, %reason, "stop");
        let command = Command::Stop { stream: stream.clone(), reason };
        Some(ShardCommand { shard, command })
    }
}

fn audit_publish(key: &StreamKey, peer: std::net::IpAddr, result: &Result<Grant, Denial>) {
    match result {
        Ok(grant) => info!(
            target: AUDIT, %peer, stream = %grant.stream, session = grant.session,
            home = grant.home, "publish granted"
        ),
        Err(denial) => {
            let key = key.redacted();
            info!(target: AUDIT, %peer, %key, ?denial, "publish denied");
        }
    }
}

#[cfg(test)]
mod tests;
