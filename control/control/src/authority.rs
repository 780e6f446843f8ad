//! Who may publish, where, and who is cut.

mod placements;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use store::{Authorized, Denied, SessionStart, Store};
use stream::control::{
    Answer, Command, Denial, Description, Grant, Notice, Question, StopReason, StreamId, StreamKey,
};
use tokio::sync::{Semaphore, mpsc};
use tracing::{error, info, warn};

use crate::Current;
use crate::clock::now;
use placements::Placements;

/// Questions that are worked on at a time; more get their safe answer at once.
pub const MAX_QUESTIONS: usize = 64;
/// Other nodes' streams that are looked up at a time: a crowd that asks for what is nowhere keeps no
/// publisher from being checked.
pub const MAX_LOOK_UPS: usize = 64;
/// Commands that wait to be forwarded; whoever gives one more waits.
pub const MAX_COMMANDS: usize = 1024;

/// How long the look-up of another node may take: shorter than a shard waits.
const ELSEWHERE: Duration = Duration::from_millis(750);

/// Tells of a stream that is not live on this node how the media port of the node is reached that has
/// it (`https://b.example.org`), if another one has it.
pub type Elsewhere =
    Arc<dyn Fn(&StreamId) -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

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
    store: Store,
    settings: AuthoritySettings,
    /// Held from reading a right to noting its grant, and from ending a right to noting that: no grant
    /// slips between the two.
    decisions: Mutex<()>,
    placements: Mutex<Placements>,
    questions: Semaphore,
    elsewhere: Option<Elsewhere>,
    look_ups: Semaphore,
    commands: mpsc::Sender<ShardCommand>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority of a node that stands alone, and the commands that the wiring forwards to the shards.
    /// No stream may be live yet ([`Store::reset_live_on_start`]).
    pub fn new(
        store: Store,
        settings: AuthoritySettings,
    ) -> (Arc<Self>, mpsc::Receiver<ShardCommand>) {
        Self::among(store, settings, None)
    }

    /// The same for a node among others, which `elsewhere` knows. The shards ask only when they were
    /// told that there are others.
    pub fn among(
        store: Store,
        settings: AuthoritySettings,
        elsewhere: Option<Elsewhere>,
    ) -> (Arc<Self>, mpsc::Receiver<ShardCommand>) {
        let (commands, forwarded) = mpsc::channel(MAX_COMMANDS);
        let authority = Self {
            store,
            placements: Mutex::new(Placements::new(settings.shards)),
            settings,
            decisions: Mutex::new(()),
            questions: Semaphore::new(MAX_QUESTIONS),
            elsewhere,
            look_ups: Semaphore::new(MAX_LOOK_UPS),
            commands,
        };
        (Arc::new(authority), forwarded)
    }

    /// Answers a shard. When the database fails or too many ask at once, that is the safe answer.
    pub async fn answer(self: &Arc<Self>, question: Question) -> Answer {
        if let Question::Elsewhere { id } = question {
            return Answer::Elsewhere(self.elsewhere(&id).await);
        }
        let safe = match &question {
            Question::Publish { .. } => Answer::Publish(Err(Denial::Unavailable)),
            Question::Playback { .. } => Answer::Playback(None),
            Question::Describe { .. } => Answer::Describe(None),
            Question::Elsewhere { .. } => Answer::Elsewhere(None),
        };
        let Ok(_permit) = self.questions.try_acquire() else {
            warn!("a question of a shard was refused: {MAX_QUESTIONS} are being worked on");
            return safe;
        };
        let this = self.clone();
        let answer = tokio::task::spawn_blocking(move || match question {
            Question::Publish { key, peer } => {
                let result = this.publish(&key);
                audit_publish(&key, peer, &result);
                Answer::Publish(result)
            }
            Question::Playback { key } => Answer::Playback(this.stream_of(&key)),
            Question::Describe { id } => Answer::Describe(this.describe(&id)),
            // Answered above.
            Question::Elsewhere { .. } => Answer::Elsewhere(None),
        });
        answer.await.unwrap_or(safe)
    }

    /// Takes a notice of `shard`. Notices of one shard must be given in their order, each after the one
    /// before has returned.
    pub async fn notice(self: &Arc<Self>, shard: usize, notice: Notice) {
        let this = self.clone();
        let stop = tokio::task::spawn_blocking(move || match notice {
            Notice::Started { stream, session } => this.started(shard, &stream, session),
            Notice::Ended { stream, session, last_msn } => {
                this.ended(&stream, session, last_msn);
                None
            }
        });
        // A panic is told by the hook; there is nothing more to do about it here.
        if let Ok(Some(command)) = stop.await {
            let _ = self.commands.send(command).await;
        }
    }

    /// The home of a stream that is live, lingers, or was just granted.
    pub fn home(&self, stream: &StreamId) -> Option<usize> {
        self.placements().home(stream)
    }

    /// Lets so many viewers watch a stream at a time from now on (0: no limit), where it is live; the
    /// database is the caller's. Blocks as [`Authority::revoke`] does: not for async tasks.
    pub fn limit(&self, stream: &StreamId, max_viewers: u32) {
        if let Some(shard) = self.placements().limit(stream, max_viewers) {
            let command = Command::Limit { stream: stream.clone(), max_viewers };
            // Nobody forwards any more: the server is ending, and every stream with it.
            let _ = self.commands.blocking_send(ShardCommand { shard, command });
        }
    }

    /// Changes rights in the database and cuts the streams that the change concerns, in one decision.
    /// Blocks, also while [`MAX_COMMANDS`] wait: not for async tasks.
    pub fn revoke<T>(
        &self,
        reason: StopReason,
        change: impl FnOnce(&Store) -> store::Result<T>,
        concerned: impl FnOnce(&T) -> Vec<String>,
    ) -> store::Result<T> {
        let decision = self.decide();
        let changed = change(&self.store)?;
        let mut commands = Vec::new();
        for stream in concerned(&changed).iter().filter_map(|id| StreamId::parse(id)) {
            if let Some(shard) = self.placements().revoke(&stream, reason) {
                info!(target: AUDIT, %stream, %reason, "stop");
                commands.push(ShardCommand { shard, command: Command::Stop { stream, reason } });
            }
        }
        drop(decision);
        for command in commands {
            // Nobody forwards any more: the server is ending, and every stream with it.
            let _ = self.commands.blocking_send(command);
        }
        Ok(changed)
    }

    fn publish(&self, key: &StreamKey) -> Result<Grant, Denial> {
        let _decision = self.decide();
        let authorized = self.store.authorize(&key.0).map_err(|error| unavailable(&error))?;
        let Authorized { stream, owner_id, title, is_admin, max_viewers } =
            authorized.map_err(|denied| match denied {
                Denied::Unknown => Denial::UnknownKey,
                Denied::Disabled => Denial::Disabled,
            })?;
        let Some(id) = StreamId::parse(&stream) else {
            warn!("a stream with an id that no URL can hold is not published: {stream:?}");
            return Err(Denial::Disabled);
        };
        let limit = self.settings.current.get().config.max_streams_per_user;
        let live = self.placements().live_of(owner_id, &id, Instant::now());
        if limit > 0 && !is_admin && live >= limit as usize {
            return Err(Denial::TooManyStreams { limit });
        }
        let opened =
            self.store.open_session(&stream, now()).map_err(|error| unavailable(&error))?;
        let home = self.placements().grant(&id, owner_id, opened.session, Instant::now());
        Ok(Grant {
            stream: id,
            title: title.into(),
            home,
            session: opened.session,
            first_msn: opened.first_msn,
            max_viewers,
        })
    }

    async fn elsewhere(&self, id: &StreamId) -> Option<Arc<str>> {
        let _permit = self.look_ups.try_acquire().ok()?;
        let asked = self.elsewhere.as_ref()?(id);
        let base = tokio::time::timeout(ELSEWHERE, asked).await.ok().flatten()?;
        Some(base.trim_end_matches('/').into())
    }

    /// Tokens for private streams do not exist yet, so nobody is told of one.
    fn stream_of(&self, key: &StreamKey) -> Option<StreamId> {
        match self.store.authorize(&key.0) {
            Ok(Ok(authorized)) => StreamId::parse(&authorized.stream),
            Ok(Err(_)) => None,
            Err(error) => {
                error!("a key cannot be looked up: {error}");
                None
            }
        }
    }

    fn describe(&self, id: &StreamId) -> Option<Description> {
        match self.store.stream(id.as_str()) {
            Ok(stream) if !stream.is_private => Some(Description { title: stream.title.into() }),
            Ok(_) | Err(store::Error::NoSuchStream(_)) => None,
            Err(error) => {
                error!("a stream cannot be looked up: {error}");
                None
            }
        }
    }

    fn started(&self, shard: usize, stream: &StreamId, session: u32) -> Option<ShardCommand> {
        let stop = |reason| {
            let command = Command::Stop { stream: stream.clone(), reason };
            Some(ShardCommand { shard, command })
        };
        let start = self.store.session_started(stream.as_str(), session, now());
        let owner = self.store.stream(stream.as_str()).map(|stream| stream.owner_id);
        match start {
            Ok(SessionStart::NoStream) => return stop(StopReason::Removed),
            Ok(start) => info!(target: AUDIT, %stream, session, shard, ?start, "live"),
            // Media flow on; the table catches up with the next session.
            Err(error) => error!(%stream, session, "a start was not recorded: {error}"),
        }
        let owner = owner.unwrap_or_default();
        let revoked = self.placements().started(stream, owner, session, shard, Instant::now());
        let limit = self.placements().limit_of(stream).map(|max_viewers| ShardCommand {
            shard,
            command: Command::Limit { stream: stream.clone(), max_viewers },
        });
        revoked.and_then(stop).or(limit)
    }

    fn ended(&self, stream: &StreamId, session: u32, last_msn: u64) {
        // A grant that follows must start above `last_msn`, so it waits.
        let _decision = self.decide();
        self.placements().ended(stream, session);
        match self.store.session_ended(stream.as_str(), session, last_msn, now()) {
            Ok(()) => info!(target: AUDIT, %stream, session, last_msn, "ended"),
            Err(error) => error!(%stream, session, "an end was not recorded: {error}"),
        }
    }

    fn decide(&self) -> MutexGuard<'_, ()> {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never held over a call of the database.
    fn placements(&self) -> MutexGuard<'_, Placements> {
        self.placements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(error: &store::Error) -> Denial {
    error!("a publisher cannot be checked: {error}");
    Denial::Unavailable
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
