//! Who calls: the user of a token, as the database knows that user now.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use cluster::{Event, Events};
use control::now;
use store::{Standing, User};

use crate::problem::{Answer, Problem};
use crate::tokens::{Claims, Tokens};
use crate::work::Work;
use control::InForce;

/// How long the database's word on a user is believed: what another node changed shows within this time,
/// also when nothing carries events.
pub(crate) const BELIEVED: Duration = Duration::from_millis(800);
/// The most users with their log-ins that are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// The user who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: User,
    /// The log-in that the token belongs to; none with a token of the site.
    pub(crate) login: Option<String>,
}

/// The user who calls, if one does.
pub(crate) struct Somebody(pub(crate) Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::unauthorized("Send a token: Authorization: Bearer TOKEN."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Somebody {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}

/// Finds out who calls.
#[derive(Clone)]
pub(crate) struct Callers(Arc<Inner>);

struct Inner {
    work: Work,
    remembered: Mutex<HashMap<Key, Remembered>>,
    /// Rises with every change of a user or a log-in: what was read before is forgotten.
    generation: AtomicU64,
}

type Key = (i64, Option<String>);

#[derive(Clone)]
struct Remembered {
    read_at: Instant,
    generation: u64,
    standing: Option<Standing>,
    login_holds: bool,
}

impl Callers {
    pub(crate) fn new(work: Work) -> Self {
        Self(Arc::new(Inner { work, remembered: Mutex::default(), generation: AtomicU64::new(0) }))
    }

    /// Forgets what was read of users, as one changed.
    pub(crate) fn forget(&self) {
        self.0.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets whenever another node tells of a change.
    pub(crate) async fn listen(self, mut events: Events) {
        while let Some(event) = events.next().await {
            if matches!(
                event,
                Event::UserChanged { .. } | Event::LoginRevoked { .. } | Event::Missed
            ) {
                self.forget();
            }
        }
    }

    /// The user of the request's token; none when it carries none.
    pub(crate) async fn find(
        &self,
        tokens: &Tokens,
        settings: &InForce,
        headers: &HeaderMap,
    ) -> Answer<Option<Caller>> {
        let Some(given) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let bearer = given.to_str().ok().and_then(|given| {
            let (scheme, token) = given.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let why = || Problem::unauthorized("The Authorization header must be: Bearer TOKEN.");
        let claims = tokens.read(settings, bearer.ok_or_else(why)?);
        let claims = claims.map_err(Problem::unauthorized)?;
        let known = self.look_up((claims.user_id, claims.sid.clone())).await?;
        judge(claims, known).map(Some)
    }

    async fn look_up(&self, key: Key) -> Answer<Remembered> {
        let generation = self.0.generation.load(Ordering::Relaxed);
        let fresh = |known: &&Remembered| {
            known.generation == generation && known.read_at.elapsed() < BELIEVED
        };
        if let Some(known) = self.lock().get(&key).filter(fresh) {
            return Ok(known.clone());
        }
        let read_at = Instant::now();
        let (user, login) = key.clone();
        let read = self.0.work.store(move |store| {
            let holds = login.map_or(Ok(true), |login| store.login_holds(&login, now()))?;
            Ok((store.standing(user)?, holds))
        });
        let (standing, login_holds) = read.await?;
        let known = Remembered { read_at, generation, standing, login_holds };
        let mut remembered = self.lock();
        if remembered.len() >= MAX_REMEMBERED {
            remembered.retain(|_, known| known.read_at.elapsed() < BELIEVED);
        }
        if remembered.len() < MAX_REMEMBERED {
            remembered.insert(key, known.clone());
        }
        Ok(known)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Remembered>> {
        self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the user of a sound token may still use it.
fn judge(claims: Claims, known: Remembered) -> Answer<Caller> {
    let refused = || Problem::unauthorized("The token no longer holds: log in again.");
    let Standing { user, logged_out_at } = known.standing.ok_or_else(refused)?;
    let logged_out = logged_out_at.is_some_and(|then| claims.iat <= then.unix() as f64);
    // A log-in of ours says itself whether it holds: it may be as old as a log-out of the same second.
    let ended = match &claims.sid {
        Some(_) => !known.login_holds,
        None => logged_out,
    };
    // A site's token names its own users: a number that is somebody else's here must not do.
    let somebody_else = claims.sid.is_none() && !claims.email.eq_ignore_ascii_case(&user.email);
    if ended || somebody_else || !user.is_active {
        return Err(refused());
    }
    Ok(Caller { user, login: claims.sid })
}
