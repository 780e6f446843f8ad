//! Reads the configuration again while the server runs: on SIGHUP, when one of its files changes, and on
//! `shardcast reload`. What was read takes the place of what was in force as a whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use config::{Change, Note, Reload, Setting};
use control::admin::{ReloadOrder, Reloaded, SettingChange};
use control::logs::Level;
use control::{Current, InForce, Reloader};
use shard::Mailbox;
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;
use tokio::task::block_in_place;
use tokio::time::{MissedTickBehavior, interval};

use crate::plane::{Mail, Settings};
use crate::settings::{Files, Inputs};
use crate::terminal::Terminal;
use crate::{banner, in_force};

/// How often the files are looked at. A change is taken when two looks in a row see the same: whoever
/// writes a file in several steps is through by then.
const LOOK: Duration = Duration::from_millis(500);
/// Orders that wait; whoever gives one more waits.
pub(crate) const MAX_ORDERS: usize = 4;

/// What the reader needs of the running server.
pub(crate) struct Parts {
    pub(crate) inputs: Inputs,
    pub(crate) current: Current,
    pub(crate) reloader: Reloader,
    pub(crate) level: Level,
    pub(crate) mailboxes: Vec<Mailbox<Mail>>,
    pub(crate) terminal: Terminal,
}

/// Reads again until the future is dropped.
pub(crate) async fn run(
    parts: Parts,
    mut hangups: Signal,
    mut orders: mpsc::Receiver<ReloadOrder>,
) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reader = Reader { parts, unsettled: None };
    loop {
        tokio::select! {
            _ = hangups.recv() => {
                if !reader.parts.terminal.is_gone() {
                    drop(reader.reload("SIGHUP").await);
                }
            }
            Some(order) = orders.recv() => {
                // Whoever asked may be gone.
                drop(order.send(reader.reload("shardcast reload").await));
            }
            _ = looks.tick() => {
                if reader.files_changed() {
                    drop(reader.reload("a file changed").await);
                }
            }
        }
    }
}

struct Reader {
    parts: Parts,
    /// What the files looked like when a change was first seen.
    unsettled: Option<Files>,
}

/// What was read, ready to be put in force.
struct Prepared {
    changes: Vec<Change>,
    notes: Vec<Note>,
    in_force: InForce,
    shards: Arc<Settings>,
}

impl Reader {
    /// Whether a file differs from what was read, and has for one look.
    fn files_changed(&mut self) -> bool {
        let now = block_in_place(|| self.parts.inputs.look());
        if now == *self.parts.inputs.seen() {
            self.unsettled = None;
            return false;
        }
        let before = self.unsettled.replace(now);
        before == self.unsettled
    }

    async fn reload(&mut self, cause: &str) -> Result<Reloaded, Vec<String>> {
        tracing::info!(cause, "the settings are read again");
        let prepared = block_in_place(|| self.prepare());
        self.unsettled = None;
        match prepared {
            Ok(prepared) => Ok(self.put_in_force(prepared).await),
            Err(problems) => {
                for problem in &problems {
                    tracing::error!("{problem}");
                }
                tracing::error!("these settings are refused; those that were in force stay");
                self.parts.reloader.refuse();
                Err(problems)
            }
        }
    }

    fn prepare(&mut self) -> Result<Prepared, Vec<String>> {
        let (read, notes) = self.parts.inputs.read()?;
        let before = self.parts.current.get();
        let changes = before.config.diff(&read);
        let config = before.config.reloaded(read);
        let shards = in_force::shards(&config, self.parts.mailboxes.len())
            .map_err(|error| vec![error.to_string()])?;
        let in_force = in_force::control(config);
        Ok(Prepared { changes, notes, in_force, shards: Arc::new(shards) })
    }

    async fn put_in_force(&self, prepared: Prepared) -> Reloaded {
        let Prepared { changes, notes, in_force, shards } = prepared;
        let config = &in_force.config;
        banner::notes(&notes, config);
        changes.iter().for_each(tell);
        if let Err(error) = self.parts.level.set(config.log_level.as_str()) {
            tracing::error!(%error, "the level of the logs stays");
        }
        let waiting = changes.iter().filter(|change| change.reload == Reload::Restart).count();
        for mailbox in &self.parts.mailboxes {
            // A shard that has ended needs no settings.
            drop(mailbox.post_waiting(Mail::Configure(Arc::clone(&shards))).await);
        }
        self.parts.reloader.take(in_force, waiting);
        tracing::info!(changed = changes.len(), waiting, "the settings are in force");
        Reloaded { changes: changes.into_iter().map(view).collect() }
    }
}

fn tell(change: &Change) {
    let Change { name: setting, from, to, .. } = change;
    match takes_effect(change) {
        NEVER => {
            tracing::info!(setting, from, to, "setting changed, without effect in this version");
        }
        NOW => tracing::info!(setting, from, to, "setting changed, in force now"),
        RESTART => tracing::warn!(
            setting,
            from,
            to,
            "setting changed, waits for a restart: the old value stays in force"
        ),
        _ => {
            tracing::info!(
                setting,
                from,
                to,
                "setting changed, for sessions that begin from now on"
            );
        }
    }
}

const NOW: &str = "now";
const RESTART: &str = "restart";
const NEVER: &str = "never";

fn takes_effect(change: &Change) -> &'static str {
    let acted_on = Setting::find(change.name).is_some_and(|setting| setting.implemented);
    match change.reload {
        _ if !acted_on => NEVER,
        Reload::Live => NOW,
        Reload::NextSession => Reload::NextSession.as_str(),
        Reload::Restart => RESTART,
    }
}

fn view(change: Change) -> SettingChange {
    let takes_effect = takes_effect(&change).to_owned();
    SettingChange { name: change.name.to_owned(), from: change.from, to: change.to, takes_effect }
}
