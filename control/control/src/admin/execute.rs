use std::sync::Arc;

use store::{NewUser, Store, StreamFields};
use stream::control::{StopReason, StreamId};
use tokio::sync::{mpsc, oneshot};
use tracing::info;

use super::live::Look;
use super::request::Request;
use super::response::{Fault, Reloaded, Removed, Response, StreamView, UserView};
use crate::{Authority, Current, Probe, now};

/// Executes the commands of administrators on the database, and on the running server if there is one.
#[derive(Clone)]
pub struct Admin {
    store: Store,
    current: Current,
    authority: Option<Arc<Authority>>,
    pub(super) probe: Option<Arc<dyn Probe>>,
    reload: Option<mpsc::Sender<ReloadOrder>>,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// Where the answer to `reload` goes: what changed, or every problem, a line each.
pub type ReloadOrder = oneshot::Sender<Result<Reloaded, Vec<String>>>;

impl Admin {
    /// Without an authority no server runs, and there is nobody to cut.
    pub fn new(store: Store, current: Current, authority: Option<Arc<Authority>>) -> Self {
        Self { store, current, authority, probe: None, reload: None }
    }

    /// With the running server's view of what is live.
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Some(probe);
        self
    }

    /// With a running server's way to read its settings again.
    #[must_use]
    pub fn with_reload(mut self, orders: mpsc::Sender<ReloadOrder>) -> Self {
        self.reload = Some(orders);
        self
    }

    /// Executes a command. Blocks: on an async runtime only within `spawn_blocking`.
    pub fn execute(&self, request: Request) -> Response {
        let (command, subject) = (request.name(), request.subject().to_owned());
        let response =
            self.try_execute(request).unwrap_or_else(|error| Response::Fault(Fault::from(error)));
        let outcome = response.fault().map_or("done", |fault| fault.kind.as_str());
        info!(target: "audit", command, subject, outcome, "administration");
        response
    }

    fn try_execute(&self, request: Request) -> store::Result<Response> {
        let in_force = self.current.get();
        let links = &in_force.links;
        Ok(match request {
            Request::UserAdd { email, name, role, password } => {
                let new = NewUser { email, name, role };
                let (user, made) = self.store.add_user(&new, password.as_ref())?;
                Response::User(UserView::new(user, made))
            }
            Request::UserList => {
                let users = self.store.users()?.into_iter();
                Response::Users(users.map(|user| UserView::new(user, None)).collect())
            }
            Request::UserPasswd { email, password } => {
                let (user, made) = self.store.set_password(&email, password.as_ref(), now())?;
                Response::User(UserView::new(user, made))
            }
            Request::UserRm { email } => self.remove_user(&email)?,
            Request::StreamAdd { title, owner, max_viewers } => {
                let new = self.store.add_stream(&title, owner.as_deref())?;
                let stream = match max_viewers {
                    Some(limit) => self.store.change_stream(&new.stream.id, &viewers(limit))?,
                    None => new.stream,
                };
                Response::stream(stream, Some(new.key), links)
            }
            Request::StreamList => {
                let streams = self.store.streams()?.into_iter();
                let view = |stream| StreamView::new(stream, None, links);
                Response::Streams(streams.map(view).collect())
            }
            Request::StreamKey { id, new: false } => {
                let shown = self.store.reveal_key(&id)?;
                Response::stream(shown.stream, Some(shown.key), links)
            }
            Request::StreamKey { id, new: true } => {
                let change = |store: &Store| store.new_key(&id);
                let new = self.revoke(StopReason::KeyReplaced, change, |_| vec![id.clone()])?;
                Response::stream(new.stream, Some(new.key), links)
            }
            Request::StreamDisable { id } => {
                let change = |store: &Store| store.set_disabled(&id, true);
                let stream = self.revoke(StopReason::Disabled, change, |_| vec![id.clone()])?;
                Response::stream(stream, None, links)
            }
            Request::StreamEnable { id } => {
                Response::stream(self.store.set_disabled(&id, false)?, None, links)
            }
            Request::StreamLimit { id, max_viewers } => self.limit(&id, max_viewers)?,
            Request::StreamStats { id } => self.live(&id, Look::Stats)?,
            Request::StreamSessions { id } => self.live(&id, Look::Sessions)?,
            Request::StreamCut { id, session } => self.live(&id, Look::Cut(session))?,
            Request::StreamRm { id } => {
                let change = |store: &Store| store.remove_stream(&id);
                self.revoke(StopReason::Removed, change, |_| vec![id.clone()])?;
                Response::Removed(Removed { removed: id, streams: Vec::new() })
            }
            Request::Reload => self.reload(),
        })
    }

    fn limit(&self, id: &str, max_viewers: u32) -> store::Result<Response> {
        let stream = self.store.change_stream(id, &viewers(max_viewers))?;
        if let (Some(authority), Some(id)) = (&self.authority, StreamId::parse(id)) {
            authority.limit(&id, max_viewers);
        }
        Ok(Response::stream(stream, None, &self.current.get().links))
    }

    /// What only a running server knows or does. A stream that does not exist is told apart from one
    /// that is not live.
    fn live(&self, id: &str, look: Look) -> store::Result<Response> {
        let stream = self.store.stream(id)?;
        Ok(self.look(&stream.id, look).unwrap_or_else(Response::Fault))
    }

    fn reload(&self) -> Response {
        let answer = self.reload.as_ref().and_then(|orders| {
            let (order, answer) = oneshot::channel();
            orders.blocking_send(order).ok()?;
            answer.blocking_recv().ok()
        });
        match answer {
            Some(Ok(reloaded)) => Response::Reloaded(reloaded),
            Some(Err(problems)) => {
                Response::Fault(Fault::new("bad-configuration", 400, problems.join("; ")))
            }
            None => {
                let detail = "no server runs here: settings are read when one starts";
                Response::Fault(Fault::new("no-server", 409, detail))
            }
        }
    }

    fn remove_user(&self, email: &str) -> store::Result<Response> {
        let change = |store: &Store| store.remove_user(email);
        let removed =
            self.revoke(StopReason::Removed, change, |removed| removed.streams.clone())?;
        Ok(Response::Removed(Removed { removed: removed.user.email, streams: removed.streams }))
    }

    /// Does the change and cuts the publishers of the streams that it concerns.
    fn revoke<T>(
        &self,
        reason: StopReason,
        change: impl FnOnce(&Store) -> store::Result<T>,
        concerned: impl FnOnce(&T) -> Vec<String>,
    ) -> store::Result<T> {
        match &self.authority {
            Some(authority) => authority.revoke(reason, change, concerned),
            None => change(&self.store),
        }
    }
}

fn viewers(limit: u32) -> StreamFields {
    StreamFields { max_viewers: Some(limit.into()), ..StreamFields::default() }
}
