//! Users that a run makes for itself, each with a stream and a log-in, and removes.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::account::{Account, tokens_of};
use super::call::{Call, Place};
use super::live::listed;
use crate::interrupt::Interrupt;
use crate::schedule::unix_micros;

/// Users of this run. They, and all streams of theirs, are there until [`Crowd::remove`].
#[derive(Debug)]
pub(crate) struct Crowd {
    admin: Account,
    /// The email begins with it, so that whoever has to remove them by hand finds them.
    run: String,
    users: Vec<User>,
    /// A user was asked for, and the answer was lost.
    doubtful: bool,
}

/// One of them.
#[derive(Clone)]
pub(crate) struct User {
    id: i64,
    pub(crate) email: String,
    pub(crate) password: String,
    /// The access token.
    pub(crate) token: String,
    /// The id of the stream.
    pub(crate) stream: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.email)
    }
}

impl Crowd {
    /// Nobody yet. The account must be an administrator's.
    pub(crate) fn new(admin: Account) -> Self {
        let run = format!("load-{}-{}", unix_micros(), std::process::id());
        Self { admin, run, users: Vec::new(), doubtful: false }
    }

    /// Adds so many. Who was added by the time of an error or an interrupt is removed like the others.
    pub(crate) fn make(&mut self, count: usize, interrupt: &Interrupt) -> Result<()> {
        for number in 0..count {
            if interrupt.times() > 0 {
                bail!("interrupted while its users were being made");
            }
            let email = format!("{}-{number}@example.invalid", self.run);
            let call =
                Call::new("POST", "/api/users").with(json!({ "email": email, "role": "streamer" }));
            self.doubtful = true;
            let made = self.admin.ask(&call).context("no user could be made")?;
            self.doubtful = false;
            let password = text(&made, "password")?;
            let id = made["id"].as_i64().context("the new user has no id")?;
            let (token, stream) = Default::default();
            self.users.push(User { id, email, password, token, stream });
            self.settle(number)?;
        }
        Ok(())
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    /// Where the API is.
    pub(crate) fn place(&self) -> (Place, SocketAddr) {
        (self.admin.client.place.clone(), self.admin.client.address)
    }

    /// The streams that are looked at: what is live, or else the users' own.
    pub(crate) fn watched(&mut self) -> Result<Vec<String>> {
        let live: Vec<String> = listed(&mut self.admin)?.into_iter().map(|one| one.id).collect();
        let own = || self.users.iter().map(|user| user.stream.clone()).collect();
        Ok(if live.is_empty() { own() } else { live })
    }

    /// Removes them. An error says who may be left.
    pub(crate) fn remove(mut self) -> Result<()> {
        let mut left = Vec::new();
        for user in &self.users {
            let call = Call::new("DELETE", format!("/api/users/{}", user.id));
            match self.admin.answer(&call) {
                Ok(answer) if answer.is_success() || answer.status == 404 => {}
                _ => left.push(user.email.as_str()),
            }
        }
        self.admin.close();
        if left.is_empty() && !self.doubtful {
            return Ok(());
        }
        bail!("users could not be removed, all named {}-*: {}", self.run, left.join(" "))
    }

    /// Logs the user in and adds the stream.
    fn settle(&mut self, number: usize) -> Result<()> {
        let Some(user) = self.users.get_mut(number) else { return Ok(()) };
        let client = &mut self.admin.client;
        let answer = client.ask_once(&log_in(&user.email, &user.password), None)?;
        let tokens = tokens_of(&answer);
        user.token = tokens.with_context(|| answer.refusal())?.access;
        let answer = client.ask_once(&add_stream(number), Some(&user.token))?;
        if !answer.is_success() {
            bail!("POST /api/streams: {}", answer.refusal());
        }
        user.stream = text(&answer.json(), "id")?;
        Ok(())
    }
}

/// A log-in.
pub(crate) fn log_in(email: &str, password: &str) -> Call {
    Call::new("POST", "/api/auth/login").with(json!({ "email": email, "password": password }))
}

/// A stream to add.
pub(crate) fn add_stream(number: usize) -> Call {
    let body = json!({ "title": format!("shardcast load {number}"), "recordingEnabled": false });
    Call::new("POST", "/api/streams").with(body)
}

fn text(object: &Value, name: &str) -> Result<String> {
    let found = object[name].as_str().map(str::to_owned);
    found.with_context(|| format!("the server's answer holds no {name}"))
}
