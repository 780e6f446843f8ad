//! Whose API calls they are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::client::Client;

/// How the caller is known to the server.
#[derive(Clone)]
pub(crate) enum Login {
    /// By nothing: for what everybody may see.
    Nobody,
    /// By an access token.
    Token(String),
    /// By a password, with which tokens are got as they are needed.
    Password {
        /// The user's email.
        email: String,
        /// The password.
        password: String,
    },
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nobody => "Nobody",
            Self::Token(_) => "Token(***)",
            Self::Password { .. } => "Password(***)",
        })
    }
}

/// A user of the API.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) client: Client,
    login: Login,
    tokens: Option<Tokens>,
}

/// A log-in's tokens.
pub(super) struct Tokens {
    pub(super) access: String,
    refresh: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(***)")
    }
}

impl Account {
    /// Logs in where that takes a password.
    pub(crate) fn open(url: &str, login: Login) -> Result<Self> {
        let mut account = Self { client: Client::new(url)?, login, tokens: None };
        account.log_in()?;
        Ok(account)
    }

    /// The answer to the call; an error tells what was refused and what to do.
    pub(crate) fn ask(&mut self, call: &Call) -> Result<Value> {
        let answer = self.answer(call)?;
        if answer.is_success() {
            return Ok(answer.json());
        }
        bail!("{} {}: {}", call.method, call.path, answer.refusal())
    }

    /// As [`Self::ask`], whatever the status is. A log-in that is over is renewed.
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Answer> {
        let answer = self.call(call)?;
        if answer.status != 401 || self.tokens.is_none() {
            return Ok(answer);
        }
        self.renew()?;
        self.call(call)
    }

    fn call(&mut self, call: &Call) -> Result<Answer> {
        let token = match (&self.login, &self.tokens) {
            (Login::Token(token), _) => Some(token),
            (_, tokens) => tokens.as_ref().map(|tokens| &tokens.access),
        };
        self.client.ask(call, token.map(String::as_str))
    }

    /// For how long the given token still holds, if it says so and is not renewed by itself.
    pub(crate) fn holds_for(&self) -> Option<Duration> {
        let Login::Token(token) = &self.login else { return None };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        Some(Duration::from_secs(expiry(token)?).saturating_sub(now))
    }

    /// Ends the log-in, if there is one of ours.
    pub(crate) fn close(mut self) {
        if let Some(tokens) = self.tokens.take() {
            let call = Call::new("POST", "/api/auth/logout")
                .with(json!({ "refreshToken": tokens.refresh }));
            // It ends by itself, only later.
            drop(self.client.ask_once(&call, None));
        }
    }

    /// Gets new tokens; a refresh token whose answer was lost is of no use, so then by the password.
    fn renew(&mut self) -> Result<()> {
        if let Some(tokens) = self.tokens.take() {
            let call = Call::new("POST", "/api/auth/refresh")
                .with(json!({ "refreshToken": tokens.refresh }));
            let renewed = self.client.ask_once(&call, None).ok();
            self.tokens = renewed.filter(Answer::is_success).and_then(|answer| tokens_of(&answer));
        }
        if self.tokens.is_some() { Ok(()) } else { self.log_in() }
    }

    fn log_in(&mut self) -> Result<()> {
        let Login::Password { email, password } = &self.login else { return Ok(()) };
        let body = json!({ "email": email, "password": password });
        let call = Call::new("POST", "/api/auth/login").with(body);
        let answer = self.client.ask_once(&call, None)?;
        if !answer.is_success() {
            let said = answer.json()["detail"].as_str().unwrap_or("no reason told").to_owned();
            bail!("{email} cannot log in: HTTP {}: {said}", answer.status);
        }
        let tokens = tokens_of(&answer).context("the answer to the log-in holds no tokens")?;
        self.tokens = Some(tokens);
        Ok(())
    }
}

pub(super) fn tokens_of(answer: &Answer) -> Option<Tokens> {
    let body = answer.json();
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    Some(Tokens { access: text("token")?, refresh: text("refreshToken")? })
}

/// `exp` of a JWT (RFC 7519, section 4.1.4), in seconds since 1970.
fn expiry(token: &str) -> Option<u64> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?["exp"].as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_when_it_ends() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"user_id":1,"exp":1700000000}"#);
        assert_eq!(expiry(&format!("e30.{claims}.x")), Some(1_700_000_000));
        for bad in ["", "a", "a.b.c", "e30.e30.x"] {
            assert_eq!(expiry(bad), None, "{bad}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let login = Login::Password { email: "e".into(), password: "secret".into() };
        assert!(!format!("{login:?} {:?}", Login::Token("secret".into())).contains("secret"));
    }
}
