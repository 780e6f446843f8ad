//! Control as the shards see it: who may publish, where, under which numbers. What it knows of streams
//! outlives the server, as the database does.

use std::collections::BTreeMap;

use media::Kind;
use shard::{Asked, Inbox, Mailbox, Rng};
use stream::control::{
    Answer, Command, Denial, Description, Grant, Notice, Question, StopReason, StreamId,
};

use crate::plane::{Ask, Mail, Tell};
use crate::trace::{check, note};

/// The store counts media sequence numbers from this Unix time on, in seconds.
const MSN_EPOCH: i64 = 1_735_689_600;
/// And so many for each second since.
const MSN_RATE: i64 = 10;

/// The authority and its database.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) ids: Vec<StreamId>,
    rows: Vec<Row>,
    shards: usize,
    placements: BTreeMap<usize, Placement>,
    /// Answers on their way, with the time at which they arrive.
    answers: Vec<(u64, usize, Asked, Answer)>,
    pub(crate) drained: usize,
    /// What is live, as the statistics know it.
    pub(crate) live: BTreeMap<StreamId, Live>,
    rng: Rng,
    /// A limit of viewers was set once, so that viewers may be refused.
    pub(crate) was_limited: bool,
}

/// A session that is live.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) session: u32,
    /// When it was first heard of.
    pub(crate) since: u64,
}

/// A stream's row in the database.
#[derive(Debug, Default)]
struct Row {
    disabled: bool,
    next_session: u32,
    msn_high: u64,
    max_viewers: u32,
}

#[derive(Debug)]
struct Placement {
    home: usize,
    live: Option<u32>,
    granted: u32,
}

impl Control {
    pub(crate) fn new(streams: usize, rng: Rng) -> Self {
        let id = |number| StreamId::parse(&format!("stream-{number}")).expect("a valid id");
        Self {
            ids: (0..streams).map(id).collect(),
            rows: (0..streams).map(|_| Row::default()).collect(),
            shards: 1,
            placements: BTreeMap::new(),
            answers: Vec::new(),
            drained: 0,
            live: BTreeMap::new(),
            rng,
            was_limited: false,
        }
    }

    /// The server starts with so many shards; nothing is live.
    pub(crate) fn restart(&mut self, shards: usize) {
        self.shards = shards;
        self.drained = 0;
    }

    /// The server's process ends: nothing is live, and nobody waits for answers.
    pub(crate) fn forget(&mut self) {
        self.placements.clear();
        self.answers.clear();
        self.live.clear();
    }

    /// The key of a stream.
    pub(crate) fn key(stream: usize) -> String {
        format!("key-{stream}")
    }

    /// Takes what the shards asked and told, and lets the answers arrive that are due; whether there
    /// was anything.
    pub(crate) fn pump(
        &mut self,
        asks: &Inbox<Ask>,
        tells: &Inbox<Tell>,
        mailboxes: &[Mailbox<Mail>],
    ) -> bool {
        let mut any = false;
        while let Some(tell) = tells.take() {
            any = true;
            if let Some((shard, command)) = self.told(tell) {
                drop(mailboxes[shard].post(Mail::Command(command)));
            }
        }
        while let Some(ask) = asks.take() {
            any = true;
            self.asked(ask);
        }
        let now = shard::millis();
        let due = self.answers.extract_if(.., |(due, ..)| *due <= now);
        for (_, shard, asked, answer) in due {
            any = true;
            drop(mailboxes[shard].post(Mail::Answer(asked, answer)));
        }
        any
    }

    /// When the next answer arrives.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.answers.iter().map(|(due, ..)| *due).min()
    }

    /// Disables a stream or enables it again; the order to its home.
    pub(crate) fn toggle(&mut self, stream: usize) -> Option<(usize, Command)> {
        let disabled = !self.rows[stream].disabled;
        self.rows[stream].disabled = disabled;
        note!("stream {stream} is {}", if disabled { "disabled" } else { "enabled" });
        if disabled { self.stop(stream, StopReason::Disabled) } else { None }
    }

    /// A stream gets another key, which makes the publisher come again.
    pub(crate) fn stop(&self, stream: usize, reason: StopReason) -> Option<(usize, Command)> {
        let home = self.placements.get(&stream)?.home;
        note!("stream {stream} is to stop on shard {home}");
        Some((home, Command::Stop { stream: self.ids[stream].clone(), reason }))
    }

    /// Another limit of viewers; the order to the stream's home.
    pub(crate) fn limit(&mut self, stream: usize) -> Option<(usize, Command)> {
        let max_viewers = self.rng.pick(&[0, 0, 1, 4]);
        self.rows[stream].max_viewers = max_viewers;
        self.was_limited |= max_viewers > 0;
        let home = self.placements.get(&stream)?.home;
        note!("stream {stream} may have {max_viewers} viewers, home {home}");
        Some((home, Command::Limit { stream: self.ids[stream].clone(), max_viewers }))
    }

    fn asked(&mut self, ask: Ask) {
        let answer = match ask.question {
            Question::Publish { key, .. } => Answer::Publish(self.publish(&key.0)),
            Question::Playback { key } => {
                Answer::Playback(self.of_key(&key.0).map(|stream| self.ids[stream].clone()))
            }
            Question::Elsewhere { .. } => Answer::Elsewhere(None),
            Question::Describe { id } => {
                let known = self.ids.contains(&id);
                Answer::Describe(known.then(|| Description { title: "A stream".into() }))
            }
        };
        let delay = match self.rng.below(100) {
            // Later than the shard waits.
            0 => self.rng.between(4_000, 7_000),
            1..10 => self.rng.between(50, 1_000),
            _ => self.rng.between(0, 5),
        };
        self.answers.push((shard::millis() + delay, ask.shard, ask.asked, answer));
    }

    fn publish(&mut self, key: &str) -> Result<Grant, Denial> {
        let stream = self.of_key(key).ok_or(Denial::UnknownKey)?;
        let row = &mut self.rows[stream];
        if row.disabled {
            return Err(Denial::Disabled);
        }
        row.next_session += 1;
        let max_viewers = row.max_viewers;
        let clock = (shard::unix_millis() / 1000 - MSN_EPOCH) * MSN_RATE;
        row.msn_high = (row.msn_high + 1).max(clock as u64);
        let (session, first_msn) = (row.next_session, row.msn_high);
        let least = self.least_loaded();
        let placement = self.placements.entry(stream).or_insert(Placement {
            home: least,
            live: None,
            granted: session,
        });
        placement.granted = session;
        let home = placement.home;
        note!("session {session} of stream {stream} is granted, home {home}, from {first_msn} on");
        let (stream, title) = (self.ids[stream].clone(), "A stream".into());
        Ok(Grant { stream, title, home, session, first_msn, max_viewers })
    }

    fn told(&mut self, tell: Tell) -> Option<(usize, Command)> {
        match tell {
            Tell::Notice(shard, Notice::Started { stream, session }) => {
                let number = self.number(&stream)?;
                note!("session {session} of stream {number} is live on shard {shard}");
                let placement = self.placements.entry(number).or_insert(Placement {
                    home: shard,
                    live: None,
                    granted: session,
                });
                (placement.home, placement.live) = (shard, Some(session));
                if self.rows[number].disabled {
                    return self.stop(number, StopReason::Disabled);
                }
            }
            Tell::Notice(_, Notice::Ended { stream, session, last_msn }) => {
                let number = self.number(&stream)?;
                note!("session {session} of stream {number} is over, {last_msn} was its last");
                self.ended(number, session);
                let row = &mut self.rows[number];
                row.msn_high = row.msn_high.max(last_msn);
            }
            // Of use to other nodes only, and here is one.
            Tell::Notice(_, Notice::Lingering { .. } | Notice::Returned { .. }) => {}
            Tell::Listed(listing) => {
                let frames = listing.tracks.tracks.iter().filter(|t| t.id.kind == Kind::Video);
                check!(frames.count() <= 1, "{} has two pictures", listing.id);
                let known = self.live.get(&listing.id).filter(|it| it.session == listing.session);
                let since = known.map_or_else(shard::millis, |known| known.since);
                self.live.insert(listing.id, Live { session: listing.session, since });
            }
            Tell::Unlisted(id, session) => {
                if self.live.get(&id).is_some_and(|known| known.session <= session) {
                    self.live.remove(&id);
                }
            }
            Tell::Drained => self.drained += 1,
        }
        None
    }

    fn ended(&mut self, stream: usize, session: u32) {
        let Some(placement) = self.placements.get_mut(&stream) else { return };
        if placement.live.is_some_and(|live| live > session) {
            return;
        }
        placement.live = None;
        if placement.granted <= session {
            self.placements.remove(&stream);
        }
    }

    fn least_loaded(&self) -> usize {
        let load = |shard| self.placements.values().filter(|it| it.home == shard).count();
        (0..self.shards).min_by_key(|shard| load(*shard)).unwrap_or(0)
    }

    fn of_key(&self, key: &str) -> Option<usize> {
        (0..self.ids.len()).find(|stream| Self::key(*stream) == key)
    }

    pub(crate) fn number(&self, id: &StreamId) -> Option<usize> {
        self.ids.iter().position(|known| known == id)
    }
}
