//! One shard's part of a run of requests: they begin at a constant rate, whatever the server does.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use shard::Conn;

use super::call::{Answer, Call, Place, Reading};
use super::crowd::{User, log_in};
use super::mix::Deed;
use crate::board::Board;
use crate::ended::Ended;
use crate::engine::sleep_until;
use crate::histogram::Times;
use crate::schedule::Schedule;
use crate::seat::CONNECT;
use crate::tally::Tally;
use crate::wire;

/// How long an answer may take; below the time in which a shard must hand its counts over.
const ANSWER: Duration = Duration::from_secs(8);
/// Requests of a shard that wait for answers at a time; one more fails instead of being sent.
const MAX_WAITING: usize = 1000;
/// How often the board is told how the run goes.
const REPORT_US: u64 = 1_000_000;

/// What a shard is given.
pub(crate) struct Plan {
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) board: Arc<Board>,
    pub(crate) place: Place,
    pub(crate) address: SocketAddr,
    pub(crate) users: Vec<User>,
    /// Streams that are looked at; not empty.
    pub(crate) watched: Vec<String>,
    /// Requests a second, of all shards together.
    pub(crate) per_second: f64,
    /// Log-ins a second beside them.
    pub(crate) logins: f64,
    pub(crate) shard: usize,
    pub(crate) shards: usize,
}

/// A shard's part of the run.
pub(crate) struct Requester {
    plan: Plan,
    tally: RefCell<Tally>,
    /// Latencies since the board was told last.
    recent: RefCell<Times>,
    recent_bytes: Cell<u64>,
    idle: RefCell<Vec<Conn>>,
    waiting: Cell<usize>,
    /// The users' newest access tokens.
    tokens: RefCell<Vec<String>>,
    /// Streams that requests added, with their owners.
    added: RefCell<Vec<(usize, String)>>,
}

/// One request.
struct Task {
    kind: Kind,
    call: Call,
    user: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Deed(Deed),
    LogIn,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Deed(deed) => deed.name(),
            Self::LogIn => "POST /api/auth/login",
        }
    }
}

impl Requester {
    /// Asks from now to the end of the window and gives the counts.
    pub(crate) async fn run(plan: Plan) -> Tally {
        let tokens = plan.users.iter().map(|user| user.token.clone()).collect();
        let this = Rc::new(Self {
            plan,
            tally: RefCell::default(),
            recent: RefCell::default(),
            recent_bytes: Cell::new(0),
            idle: RefCell::default(),
            waiting: Cell::new(0),
            tokens: RefCell::new(tokens),
            added: RefCell::default(),
        });
        let (requests, logins) = (this.plan.per_second, this.plan.logins);
        shard::spawn("requests", Rc::clone(&this).pace(requests, Self::request));
        shard::spawn("log-ins", Rc::clone(&this).pace(logins, Self::login));
        this.watch().await;
        let answered = async {
            while this.waiting.get() > 0 {
                shard::sleep(Duration::from_millis(10)).await;
            }
        };
        shard::timeout(ANSWER, answered).await;
        this.tally.take()
    }

    /// Begins a request whenever one is due, until the window closes.
    async fn pace(self: Rc<Self>, per_second: f64, next: fn(&Self, u64) -> Task) {
        if per_second <= 0.0 {
            return;
        }
        for number in (self.plan.shard as u64..).step_by(self.plan.shards) {
            let due = (number as f64 / per_second * 1e6) as u64;
            sleep_until(&self.plan.schedule, due).await;
            if due >= self.plan.schedule.closes() {
                return;
            }
            let task = next(&self, number);
            if self.waiting.get() >= MAX_WAITING {
                let why = format!("not sent, as {MAX_WAITING} wait for their answers");
                self.count(&task, due, Err(&Ended::Broken(why)));
                continue;
            }
            self.waiting.set(self.waiting.get() + 1);
            shard::spawn("request", Rc::clone(&self).perform(task, due));
        }
    }

    /// The request with this number.
    fn request(&self, number: u64) -> Task {
        let users = self.plan.users.len().max(1);
        // Not the same deed by the same user again and again.
        let user = (number / 100 + number) as usize % users;
        let mut deed = Deed::of(number);
        let own = || self.plan.users.get(user).map_or("", |user| user.stream.as_str()).to_owned();
        let watched = &self.plan.watched;
        let (user, id) = match deed {
            Deed::Read | Deed::Stats => (user, watched[number as usize % watched.len()].clone()),
            Deed::Remove => self.added.borrow_mut().pop().unwrap_or_else(|| {
                deed = Deed::Live;
                (user, String::new())
            }),
            _ => (user, own()),
        };
        Task { kind: Kind::Deed(deed), call: deed.call(number, &id), user }
    }

    /// The log-in with this number.
    fn login(&self, number: u64) -> Task {
        let user = number as usize % self.plan.users.len().max(1);
        let call = self.plan.users.get(user).map(|user| log_in(&user.email, &user.password));
        Task { kind: Kind::LogIn, call: call.unwrap_or_default(), user }
    }

    async fn perform(self: Rc<Self>, task: Task, due: u64) {
        let token = match task.kind {
            Kind::LogIn => None,
            Kind::Deed(_) => self.tokens.borrow().get(task.user).cloned(),
        };
        let bytes = task.call.bytes(&self.plan.place, token.as_deref());
        let answer = shard::timeout(ANSWER, self.exchange(&bytes)).await;
        let answer = answer.unwrap_or_else(|| Err(Ended::late("answer")));
        self.waiting.set(self.waiting.get().saturating_sub(1));
        self.count(&task, due, answer.as_ref());
        if let Ok(answer) = &answer {
            self.keep(&task, answer);
        }
    }

    /// Keeps what later requests need of an answer.
    fn keep(&self, task: &Task, answer: &Answer) {
        let field = |name: &str| answer.json()[name].as_str().map(str::to_owned);
        match task.kind {
            Kind::LogIn => {
                let mut tokens = self.tokens.borrow_mut();
                if let (Some(known), Some(new)) = (tokens.get_mut(task.user), field("token")) {
                    *known = new;
                }
            }
            Kind::Deed(Deed::Add) if answer.is_success() => {
                self.added.borrow_mut().extend(field("id").map(|id| (task.user, id)));
            }
            Kind::Deed(_) => {}
        }
    }

    async fn exchange(&self, bytes: &[u8]) -> Result<Answer, Ended> {
        let conn = match self.kept() {
            Some(conn) => conn,
            None => self.connect().await?,
        };
        wire::send(&conn, bytes).await?;
        let mut reading = Reading::default();
        loop {
            wire::readable(&conn).await?;
            let answer = wire::read(&conn, |bytes| {
                self.recent_bytes.set(self.recent_bytes.get() + bytes.len() as u64);
                reading.take(bytes)
            })?;
            if let Some(answer) = answer {
                if answer.keeps {
                    self.idle.borrow_mut().push(conn);
                }
                return Ok(answer);
            }
        }
    }

    /// The connection that was used last and is still open; the server closes those that idle.
    fn kept(&self) -> Option<Conn> {
        loop {
            let conn = self.idle.borrow_mut().pop()?;
            if matches!(conn.try_read(&mut [0]), Ok(None)) {
                return Some(conn);
            }
        }
    }

    async fn connect(&self) -> Result<Conn, Ended> {
        let begins = self.plan.schedule.now();
        self.tally.borrow_mut().connections.asked += 1;
        let conn = shard::timeout(CONNECT, Conn::connect(self.plan.address, None)).await;
        let conn = conn.ok_or_else(|| Ended::late("connection"))??;
        let mut tally = self.tally.borrow_mut();
        tally.connections.connected += 1;
        tally.connect.record(self.plan.schedule.now() - begins);
        Ok(conn)
    }

    /// Counts a request that was due in the window, from that time on: a request that had to wait for the
    /// runner or the server waited for its user.
    fn count(&self, task: &Task, due: u64, answer: Result<&Answer, &Ended>) {
        let schedule = &self.plan.schedule;
        if due < schedule.opens() {
            return;
        }
        let mut tally = self.tally.borrow_mut();
        match answer {
            Ok(answer) if answer.is_success() => {
                let took = schedule.now().saturating_sub(due);
                if task.kind == Kind::LogIn {
                    tally.api.logins += 1;
                    tally.api.login.record(took);
                } else {
                    tally.api.requests += 1;
                    tally.latency.record(took);
                    self.recent.borrow_mut().record(took);
                }
            }
            Ok(answer) => {
                tally.connections.refused += 1;
                let why = format!("HTTP {} to {}", answer.status, task.kind.name());
                tally.connections.because(&why);
            }
            Err(ended) => {
                tally.connections.failed += 1;
                tally.connections.because(&format!("{}: {ended}", task.kind.name()));
            }
        }
    }

    /// Tells the board until the window closes.
    async fn watch(&self) {
        let Plan { schedule, board, shard, .. } = &self.plan;
        let mut told = 0;
        loop {
            let now = schedule.now();
            let bytes = self.recent_bytes.take();
            {
                let mut tally = self.tally.borrow_mut();
                // Whole intervals, so up to a second of the warm-up's bytes may be among them.
                tally.bytes += if now > schedule.opens() { bytes } else { 0 };
                tally.window_us = now.saturating_sub(schedule.opens());
                let mut recent = self.recent.borrow_mut();
                board.tell(*shard, &tally, (bytes, now - told), &recent);
                recent.clear();
            }
            told = now;
            if now >= schedule.closes() {
                return;
            }
            sleep_until(schedule, schedule.closes().min(now + REPORT_US)).await;
        }
    }
}
