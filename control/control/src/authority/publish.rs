//! The decision on a publish.

use std::time::Instant;

use cluster::Claim;
use store::{Authorized, Denied, OpenedSession};
use stream::control::{Denial, Grant, StopReason, StreamId, StreamKey};
use tracing::{error, info, warn};

use super::database::Failure;
use super::known::Right;
use super::writes::Write;
use super::{AUDIT, Authority, ShardCommand, State};
use crate::clock::now;

/// How often a decision is begun anew because rights ended meanwhile.
const DECISIONS: usize = 5;
/// How often a session number is raised over another node's.
const CLAIMS: usize = 3;

impl Authority {
    pub(super) async fn publish(&self, key: &StreamKey) -> Result<Grant, Denial> {
        let limit = self.settings.current.get().config.max_streams_per_user;
        for _ in 0..DECISIONS {
            let ends = self.state().ends;
            let right = self.right(key).await?;
            check_limit(&self.state(), &right, limit)?;
            let opened = self.open(&right, OpenedSession::default()).await?;
            let opened = self.claim(&right, opened).await?;
            if let Some(decided) = self.grant(&right, opened, (ends, limit)).await {
                return decided;
            }
        }
        warn!("a publisher is refused: rights end faster than it can be decided");
        Err(Denial::Unavailable)
    }

    /// What the key may do: by the database, or while it is away by what it said before.
    async fn right(&self, key: &StreamKey) -> Result<Right, Denial> {
        let hash = self.database.store().key_hash(&key.0);
        let presented = key.0.clone();
        let authorized = match self.database.ask(move |store| store.authorize(&presented)).await {
            Ok(Ok(authorized)) => authorized,
            Ok(Err(denied)) => {
                self.state().known.forget_key(&hash);
                return Err(match denied {
                    Denied::Unknown => Denial::UnknownKey,
                    Denied::Disabled => Denial::Disabled,
                });
            }
            Err(Failure::Away) => {
                let known = self.state().known.recall(&hash, Instant::now());
                return known.ok_or(Denial::Unavailable);
            }
            Err(Failure::Other(error)) => return Err(unavailable(&error)),
        };
        let Authorized { stream, owner_id, title, is_admin, max_viewers } = authorized;
        let Some(stream) = StreamId::parse(&stream) else {
            warn!("a stream with an id that no URL can hold is not published: {stream:?}");
            return Err(Denial::Disabled);
        };
        let (owner, title) = (owner_id, title.into());
        Ok(Right { stream, key: hash, owner, title, is_admin, max_viewers, is_recalled: false })
    }

    /// Numbers for a session, above `used` and all that this node knows of: the database's, or while it is
    /// away our own for streams that it told of before.
    async fn open(&self, right: &Right, used: OpenedSession) -> Result<OpenedSession, Denial> {
        let known = self.state().known.numbers(&right.stream);
        let above = higher(known.unwrap_or_default(), used);
        if !right.is_recalled {
            let id = right.stream.clone();
            let open =
                self.database.ask(move |store| store.open_session_above(id.as_str(), above, now()));
            match open.await {
                Ok(opened) => return Ok(opened),
                Err(Failure::Away) => {}
                Err(Failure::Other(store::Error::NoSuchStream(_))) => {
                    return Err(Denial::UnknownKey);
                }
                Err(Failure::Other(error)) => return Err(unavailable(&error)),
            }
        }
        if known.is_none() {
            return Err(Denial::Unavailable);
        }
        let opened = above.next_without_database(now());
        let stream = right.stream.clone();
        if !self.writes.add(Write::Numbers { stream: stream.clone(), used: opened }) {
            warn!(%stream, "a publisher is refused: too much waits for the database");
            return Err(Denial::Unavailable);
        }
        self.state().known.used(&stream, opened.session, opened.first_msn);
        info!(target: AUDIT, %stream, session = opened.session, "the database is away: a known key");
        Ok(opened)
    }

    /// Registers the session among the nodes.
    async fn claim(
        &self,
        right: &Right,
        mut opened: OpenedSession,
    ) -> Result<OpenedSession, Denial> {
        let policy = self.settings.current.get().config.publish_takeover;
        let take_over = policy == config::Takeover::Always;
        for _ in 0..CLAIMS {
            let claim = self.cluster.claim(right.stream.as_str(), opened.session, take_over).await;
            match claim {
                Claim::Ours | Claim::Unknown => return Ok(opened),
                Claim::Held(home) if home.session >= opened.session => {
                    let used = OpenedSession { session: home.session, ..opened };
                    opened = self.open(right, used).await?;
                }
                Claim::Held(home) => return Err(Denial::Elsewhere { node: home.node.into() }),
            }
        }
        warn!(stream = %right.stream, "a publisher is refused: other nodes are always ahead");
        Err(Denial::Unavailable)
    }

    /// Notes the decision. `None` when a right ended since `ends` was read: it is to be taken again.
    async fn grant(
        &self,
        right: &Right,
        opened: OpenedSession,
        (ends, limit): (u64, u32),
    ) -> Option<Result<Grant, Denial>> {
        let id = &right.stream;
        let granted = self.note(right, opened, (ends, limit));
        let (home, stale) = match granted {
            Some(Ok(granted)) => granted,
            undone => {
                // Registered under the new number, if it is here; else no longer.
                if !self.state().placements.claim(id, opened.session) {
                    self.cluster.release(id.as_str(), opened.session);
                }
                return undone.map(|denied| Err(denied.err().unwrap_or(Denial::Unavailable)));
            }
        };
        self.order(stale).await;
        Some(Ok(Grant {
            stream: id.clone(),
            title: right.title.clone(),
            home,
            session: opened.session,
            first_msn: opened.first_msn,
            max_viewers: right.max_viewers,
        }))
    }

    /// The home, and who is to be stopped there because the stream has another key by now.
    fn note(
        &self,
        right: &Right,
        opened: OpenedSession,
        (ends, limit): (u64, u32),
    ) -> Option<Result<(usize, Option<ShardCommand>), Denial>> {
        let id = &right.stream;
        let mut state = self.state();
        if state.ends != ends {
            return None;
        }
        if let Err(denial) = check_limit(&state, right, limit) {
            return Some(Err(denial));
        }
        let mut stale = None;
        if state.placements.has_other_key(id, &right.key) {
            stale = state.stop(id, StopReason::KeyReplaced);
        }
        let now = Instant::now();
        let home = state.placements.grant(right, opened.session, now);
        if !right.is_recalled {
            state.known.accept(right, now);
        }
        state.known.used(id, opened.session, opened.first_msn);
        Some(Ok((home, stale)))
    }
}

fn check_limit(state: &State, right: &Right, limit: u32) -> Result<(), Denial> {
    let live = state.placements.live_of(right.owner, &right.stream, Instant::now());
    if limit > 0 && !right.is_admin && live >= limit as usize {
        return Err(Denial::TooManyStreams { limit });
    }
    Ok(())
}

fn higher(a: OpenedSession, b: OpenedSession) -> OpenedSession {
    OpenedSession { session: a.session.max(b.session), first_msn: a.first_msn.max(b.first_msn) }
}

fn unavailable(error: &store::Error) -> Denial {
    error!("a publisher cannot be checked: {error}");
    Denial::Unavailable
}
