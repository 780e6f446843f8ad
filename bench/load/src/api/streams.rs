//! The streams that a run makes for itself, and removes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::account::Account;
use super::call::Call;
use crate::interrupt::Interrupt;
use crate::schedule::unix_micros;

/// Every stream's title, so that whoever has to remove them by hand finds them.
const TITLE: &str = "shardcast load";
/// How long the server may go on refusing removals because they are too many.
const THROTTLED: Duration = Duration::from_mins(1);
/// Between two tries then.
const PAUSE: Duration = Duration::from_secs(2);
/// Removals in a row that may fail before the rest is given up.
const FAILURES: usize = 3;
/// Ids that a message shows.
const SHOWN: usize = 20;

/// Streams of this run. They are there until [`OwnStreams::remove`].
#[derive(Debug)]
pub(crate) struct OwnStreams {
    account: Account,
    claims: Vec<Claim>,
    /// Where encoders publish, as the server says.
    server: String,
}

/// A stream that was asked for. Without an id the answer was lost, and the stream may be there or not.
#[derive(Debug)]
struct Claim {
    call: Call,
    made: Option<Made>,
}

#[derive(Debug)]
struct Made {
    id: String,
    key: String,
}

impl OwnStreams {
    /// None yet.
    pub(crate) fn new(account: Account) -> Self {
        Self { account, claims: Vec::new(), server: String::new() }
    }

    /// Makes so many. What was made by the time of an error or an interrupt is removed by
    /// [`OwnStreams::remove`] like the rest.
    pub(crate) fn make(&mut self, count: usize, interrupt: &Interrupt) -> Result<()> {
        let run = format!("load-{}-{}", unix_micros(), std::process::id());
        for number in 0..count {
            if interrupt.times() > 0 {
                bail!("interrupted while its streams were being made");
            }
            let body = json!({ "title": format!("{TITLE} {number}"), "maxViewers": 0,
                "recordingEnabled": false, "chatEnabled": false });
            let mut call = Call::new("POST", "/api/streams").with(body);
            call.key = Some(format!("{run}-{number}"));
            self.claims.push(Claim { call, made: None });
            let stream = self.claim(number).context("no stream could be made")?;
            if let Some(server) = stream["rtmpServer"].as_str() {
                server.clone_into(&mut self.server);
            }
        }
        Ok(())
    }

    /// The keys, in the order of their making.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.claims.iter().filter_map(|claim| Some(claim.made.as_ref()?.key.clone())).collect()
    }

    /// Where to publish, with `{key}` for the key.
    pub(crate) fn url(&self) -> String {
        format!("{}/{{key}}", self.server)
    }

    /// What is to be said when the token ends before a run of this length does.
    pub(crate) fn doubt(&self, run: Duration) -> Option<String> {
        let left = self.account.holds_for().filter(|left| *left < run)?;
        Some(format!(
            "the token ends in {} s, before the run does: its streams could not be removed then. \
             --login EMAIL renews its token by itself",
            left.as_secs()
        ))
    }

    /// Removes all of them, and ends the log-in. An error names what may be left, and how to remove it.
    pub(crate) fn remove(mut self, interrupt: &Interrupt) -> Result<()> {
        let interrupts = interrupt.times();
        let deadline = Instant::now() + THROTTLED;
        let (mut left, mut why, mut failures) = (Vec::new(), None, 0);
        for number in 0..self.claims.len() {
            // One more interrupt means: now.
            let given_up = failures >= FAILURES || interrupt.times() > interrupts.max(1);
            let removed = if given_up {
                Err(anyhow::anyhow!("given up"))
            } else {
                self.remove_one(number, deadline)
            };
            match removed {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    why.get_or_insert(error);
                    let Claim { call, made } = &self.claims[number];
                    let title = || call.body.as_ref().map_or(TITLE, |body| text(body, "title"));
                    left.push(made.as_ref().map_or_else(|| title().into(), |made| made.id.clone()));
                }
            }
        }
        self.account.close();
        match why {
            None => Ok(()),
            Some(why) => Err(why.context(told(&left))),
        }
    }

    fn remove_one(&mut self, number: usize, deadline: Instant) -> Result<()> {
        if self.claims[number].made.is_none() {
            // The same request again tells what it made, then or now.
            self.claim(number)?;
        }
        let id = self.claims[number].made.as_ref().map_or("", |made| &made.id);
        let call = Call::new("DELETE", format!("/api/streams/{id}"));
        loop {
            let answer = self.account.answer(&call)?;
            match answer.status {
                // Gone already: somebody else removed it, or the answer to the first try was lost.
                200..=299 | 404 => return Ok(()),
                429 | 503 if Instant::now() < deadline => std::thread::sleep(PAUSE),
                _ => bail!("{}", answer.refusal()),
            }
        }
    }

    fn claim(&mut self, number: usize) -> Result<Value> {
        let stream = self.account.ask(&self.claims[number].call)?;
        let (id, key) = (text(&stream, "id").to_owned(), text(&stream, "streamKey").to_owned());
        if id.is_empty() || key.is_empty() {
            bail!("the server's answer holds no id and no streamKey: is it a Shardcast server?");
        }
        self.claims[number].made = Some(Made { id, key });
        Ok(stream)
    }
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

fn told(left: &[String]) -> String {
    let shown: Vec<&str> = left.iter().take(SHOWN).map(String::as_str).collect();
    let more = match left.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more, titled \"{TITLE} ...\""),
    };
    format!(
        "{} of its streams could not be removed (remove them by `shardcast stream remove ID` or \
         DELETE /api/streams/ID): {}{more}",
        left.len(),
        shown.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_named_up_to_a_limit() {
        let ids: Vec<String> = (0..25).map(|number| format!("id{number}")).collect();
        let text = told(&ids);
        assert!(
            text.starts_with("25 of its streams") && text.contains("id19 and 5 more"),
            "{text}"
        );
        assert!(told(&ids[..1]).ends_with("id0"));
    }
}
