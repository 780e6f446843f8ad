//! A stay of a player: what its decisions become, and what its news counts for.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use hlsplay::http::{Head, write_request};
use hlsplay::{Action, Event, Options, Origin, Player, UrlError, Want};
use media::Timestamp;

use crate::arrival::Arrival;
use crate::ended::Ended;
use crate::schedule::unix_micros;
use crate::seat::Seat;
use crate::stamp::Stamp;

/// The most access units of a segment that are kept until all of it is in hand.
const MAX_UNITS: usize = 1 << 14;
const USER_AGENT: &str = concat!("shardcast-load/", env!("CARGO_PKG_VERSION"));

/// A request as it goes out.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Where to; `None` before the first one.
    pub(super) origin: Option<Origin>,
    pub(super) bytes: Vec<u8>,
}

/// What a lane does next.
pub(super) enum Next {
    Ask(Want),
    /// Nothing before this time of the run's clock.
    Wait(u64),
    Over,
}

/// A stay.
pub(super) struct Stay<'s> {
    pub(super) seat: &'s Rc<Seat>,
    player: RefCell<Player>,
    news: News<'s>,
}

/// Takes a player's events.
struct News<'s> {
    seat: &'s Seat,
    /// What came of the resource that each lane fetches.
    units: RefCell<[Vec<Arrival>; 2]>,
    /// Whether a playlist has come.
    accepted: Cell<bool>,
    /// The longest media that came at a time, in microseconds.
    burst_us: Cell<u64>,
    ended: [Cell<bool>; 2],
    trouble: RefCell<Option<Ended>>,
}

impl<'s> Stay<'s> {
    pub(super) fn new(seat: &'s Rc<Seat>) -> Result<Self, UrlError> {
        let low_latency = seat.engine.plan.options.low_latency != Some(false);
        let options = Options { low_latency, parse_media: true };
        let player = RefCell::new(Player::new(&seat.target().url, options)?);
        Ok(Self { seat, player, news: News::new(seat) })
    }

    /// Asks the player; a request is put into `asked`.
    pub(super) fn next(&self, lane: usize, asked: &mut Asked) -> Next {
        let mut player = self.player.borrow_mut();
        if self.seat.is_to_be_drained() {
            player.look_away();
        }
        let request = match player.poll(lane, self.now(), &mut |event| self.news.take(event)) {
            Action::Request(request) => request,
            Action::Wait(until) => return Next::Wait(until),
            Action::Done => return Next::Over,
        };
        asked.bytes.clear();
        let (origin, target) = (request.origin, request.target);
        write_request(&mut asked.bytes, origin, target, request.range, USER_AGENT);
        if asked.origin.as_ref() != Some(origin) {
            asked.origin = Some(origin.clone());
        }
        self.seat.http(|http| http.requests += 1);
        Next::Ask(request.want)
    }

    pub(super) fn answered(&self, lane: usize, head: &Head) {
        self.player.borrow_mut().handle_response(lane, head);
    }

    pub(super) fn body(&self, lane: usize, bytes: &[u8]) {
        self.player.borrow_mut().handle_body(lane, bytes, &mut |event| self.news.take(event));
    }

    pub(super) fn complete(&self, lane: usize) {
        let mut player = self.player.borrow_mut();
        player.handle_end(lane, self.now(), &mut |event| self.news.take(event));
    }

    /// The connection is of no more use. Before the first playlist that ends the stay: others ask
    /// again, but what is measured is whether the server lets players in.
    pub(super) fn closed(&self, lane: usize, why: Ended) -> Result<(), Ended> {
        if !self.news.accepted.get() {
            return Err(why);
        }
        let mut player = self.player.borrow_mut();
        let why = why.to_string();
        player.handle_closed(lane, self.now(), &why, &mut |event| self.news.take(event));
        Ok(())
    }

    pub(super) fn has_lane(&self, lane: usize) -> bool {
        self.player.borrow().lanes() > lane
    }

    /// Whether all of a lane's media is in hand.
    pub(super) fn is_over(&self, lane: usize) -> bool {
        self.news.ended[lane].get()
    }

    /// Why the stay ends.
    pub(super) fn last_words(&self) -> Ended {
        let trouble = self.news.trouble.take();
        trouble.unwrap_or_else(|| Ended::Broken("the stream ended".into()))
    }

    /// Where the server of an origin is. Names other than the target's are not looked up: the system's
    /// resolver would hold the whole shard up.
    pub(super) fn address(&self, origin: &Origin) -> Result<SocketAddr, Ended> {
        let target = self.seat.target();
        if origin.to_string() == target.authority {
            return Ok(target.address);
        }
        let name = target.authority.rsplit_once(':').map_or(&*target.authority, |(name, _)| name);
        if origin.host == name.trim_matches(['[', ']']) {
            return Ok(SocketAddr::new(target.address.ip(), origin.port));
        }
        let ip = origin.host.parse();
        let ip = ip.map_err(|_| Ended::Broken(format!("media on another host, {origin}")))?;
        Ok(SocketAddr::new(ip, origin.port))
    }

    fn now(&self) -> u64 {
        self.seat.engine.plan.schedule.now()
    }
}

impl<'s> News<'s> {
    fn new(seat: &'s Seat) -> Self {
        Self {
            seat,
            units: RefCell::default(),
            accepted: Cell::default(),
            burst_us: Cell::default(),
            ended: Default::default(),
            trouble: RefCell::default(),
        }
    }

    fn take(&self, event: Event<'_>) {
        match event {
            Event::Playlist { blocked, .. } => self.playlist(blocked),
            Event::Unit { lane, unit } => {
                let stamp = if unit.video { Stamp::find(unit.head) } else { None };
                let units = &mut self.units.borrow_mut()[lane];
                if units.len() < MAX_UNITS {
                    let (video, keyframe, dts) = (unit.video, unit.keyframe, unit.dts);
                    units.push(Arrival { video, keyframe, dts, stamp });
                }
            }
            Event::Segment { lane, media_us, .. } => {
                self.seat.http(|http| http.segments += 1);
                self.in_hand(lane, media_us);
            }
            Event::Part { lane, media_us, .. } => {
                self.seat.http(|http| http.parts += 1);
                self.part_in_hand(lane, media_us);
                self.in_hand(lane, media_us);
            }
            Event::HttpError { resource, status, .. } => {
                let throttled = if matches!(status, 429 | 503) { "throttled: " } else { "" };
                let what = format!("{throttled}HTTP {status} for a {}", resource.name());
                self.error(Ended::Refused(what));
            }
            Event::Broken { resource, reason, .. } => {
                self.error(Ended::Broken(format!("a {}: {reason}", resource.name())));
            }
            Event::Resumed { stalled_us } => self.seat.resumed(stalled_us),
            Event::Ended { lane } => self.ended[lane].set(true),
            Event::Discontinuity { .. }
            | Event::Missed { .. }
            | Event::BegunAnew { .. }
            | Event::Started
            | Event::Failed { .. } => {}
        }
    }

    fn playlist(&self, blocked: bool) {
        if !self.accepted.replace(true) {
            self.seat.accepted();
        }
        if blocked {
            self.seat.engine.tally.borrow_mut().low_latency = true;
        }
        self.seat.http(|http| {
            http.playlists += 1;
            http.blocked_reloads += u64::from(blocked);
        });
    }

    /// From the part's completion to now: a live source has its last picture when that ends, as long after
    /// its sending as a picture of the part lasts.
    fn part_in_hand(&self, lane: usize, media_us: u64) {
        let units = &self.units.borrow()[lane];
        if let Some(stamp) = units.iter().rev().find_map(|unit| unit.stamp)
            && self.seat.is_measured()
        {
            let complete = stamp.sent_us + media_us / units.len() as u64;
            let took = unix_micros().saturating_sub(complete);
            self.seat.http(|http| http.part_in_hand.record(took));
        }
    }

    /// All of a segment or part is in hand.
    fn in_hand(&self, lane: usize, media_us: u64) {
        if lane == super::FIRST {
            if media_us > self.burst_us.get() {
                self.burst_us.set(media_us);
                self.seat.set_burst(timestamp(media_us));
            }
            self.seat.has_media(timestamp(media_us));
        }
        for unit in self.units.borrow_mut()[lane].drain(..) {
            self.seat.arrived(&unit);
        }
    }

    fn error(&self, trouble: Ended) {
        self.seat.http(|http| http.errors += 1);
        *self.trouble.borrow_mut() = Some(trouble);
    }
}

fn timestamp(us: u64) -> Timestamp {
    Timestamp::from_scale(us as i64, 1_000_000)
}
