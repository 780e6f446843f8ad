//! One player: what it asks a server for, and when.
//!
//! It has one connection for each media playlist it plays, a *lane*: the first for the video (or all
//! there is), a second for sound that is a playlist of its own. On each there is one request at a time.
//! Without low latency it loads a playlist again after a target duration, or half of one when nothing
//! was new (RFC 8216bis 6.3.4), and fetches whole segments. With low latency it asks the server to hold
//! the next playlist back until something is new, as a delta update where that is offered, and fetches
//! the parts as they are listed. That is how hls.js 1.7 goes about it; preload hints are not asked for.

mod cursor;
mod event;
mod intake;
mod job;
mod lane;
mod playout;

use self::lane::{Lane, Shared};
use self::playout::{Change, Playout};
use crate::http::Head;
use crate::playlist::{ByteRange, Multivariant};
use crate::{Origin, Url, UrlError};

pub use self::event::{Counters, Emit, Event, Resource};

/// How a player plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether to play with low latency where the server offers it.
    pub low_latency: bool,
    /// Whether to look into media. Else its bytes need not be seen: [`Want::Skip`].
    pub parse_media: bool,
}

/// What the owner of a player does next for one of its lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'p> {
    /// Send this request and give the player what comes.
    Request(Request<'p>),
    /// Nothing before this time; [`Action::NEVER`] while an answer is under way.
    Wait(u64),
    /// The lane is over: told before by [`Event::Ended`] or [`Event::Failed`].
    Done,
}

impl Action<'_> {
    /// No time to wait for.
    pub const NEVER: u64 = u64::MAX;
}

/// A GET request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'p> {
    /// Where to. It may differ from the lane's request before.
    pub origin: &'p Origin,
    /// Path and query.
    pub target: &'p str,
    /// `None` for all of the resource.
    pub range: Option<ByteRange>,
    /// What for.
    pub resource: Resource,
    /// Whether the server was asked to hold the answer back.
    pub blocks: bool,
    /// Whether to give the player the bytes of the body.
    pub want: Want,
}

/// What a player wants to see of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// All of it: [`Player::handle_body`].
    Body,
    /// Its end only: receive it into nothing.
    Skip,
}

/// A player. All times are microseconds on one clock of the owner's choice.
#[derive(Debug)]
pub struct Player {
    lanes: Vec<Lane>,
    shared: Shared,
}

impl Player {
    /// A player of what is at `url`: a multivariant playlist or a media playlist.
    ///
    /// # Errors
    /// The address cannot be played.
    pub fn new(url: &str, options: Options) -> Result<Self, UrlError> {
        let first = Lane::new(0, Url::parse(url)?);
        let shared = Shared { options, counters: Counters::default(), playout: Playout::default() };
        Ok(Self { lanes: vec![first], shared })
    }

    /// How many lanes there are: 1, or 2 once a multivariant playlist told of sound apart.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// What to do next for a lane.
    pub fn poll(&mut self, lane: usize, now: u64, emit: &mut Emit<'_>) -> Action<'_> {
        match self.lanes.get_mut(lane) {
            Some(lane) => lane.poll(now, &mut self.shared, emit),
            None => Action::Done,
        }
    }

    /// The head of the answer to a lane's request.
    pub fn handle_response(&mut self, lane: usize, head: &Head) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.handle_response(head);
        }
    }

    /// A piece of its body.
    pub fn handle_body(&mut self, lane: usize, bytes: &[u8], emit: &mut Emit<'_>) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.handle_body(bytes, emit);
        }
    }

    /// The answer is complete.
    pub fn handle_end(&mut self, lane: usize, now: u64, emit: &mut Emit<'_>) {
        let Some(found) = self.lanes.get_mut(lane) else { return };
        if let Some(list) = found.handle_end(now, &mut self.shared, emit) {
            self.choose(&list, emit);
        }
    }

    /// The lane's connection ended or was not to be had, or an answer took too long, as `reason` says.
    /// Between answers that means nothing; a request is repeated a number of times.
    pub fn handle_closed(&mut self, lane: usize, now: u64, reason: &str, emit: &mut Emit<'_>) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.handle_closed(now, reason, &mut self.shared, emit);
        }
    }

    /// From the next request on media is not looked into any more.
    pub fn look_away(&mut self) {
        self.shared.options.parse_media = false;
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.shared.counters
    }

    /// How often, and for how many microseconds, playback stood still up to now. A stall that lasts
    /// counts.
    pub fn stalls(&self, now: u64) -> (u64, u64) {
        self.shared.playout.stalls(now)
    }

    /// Whether playback has begun.
    pub fn has_started(&self) -> bool {
        self.shared.playout.has_started()
    }

    /// The duration of the first lane's media that came so far, in microseconds.
    pub fn media_us(&self) -> u64 {
        self.lanes.first().map_or(0, Lane::media_us)
    }

    /// Goes on with the media playlists that a multivariant playlist offers.
    fn choose(&mut self, list: &Multivariant, emit: &mut Emit<'_>) {
        let [first] = &mut self.lanes[..] else { return };
        let Some(variant) = list.best() else { return };
        let chosen = first.url().join(&variant.uri).and_then(|video| {
            let audio = list.audio_of(variant).map(|uri| first.url().join(uri)).transpose()?;
            Ok((video, audio))
        });
        match chosen {
            Ok((video, audio)) => {
                first.play(video);
                self.lanes.extend(audio.map(|url| Lane::of_media(1, url)));
            }
            Err(error) => first.give_up(&error.to_string(), &mut self.shared, emit),
        }
    }
}

impl Shared {
    /// So much more of the lane's media is in hand.
    fn add_media(&mut self, lane: usize, now: u64, media_us: u64, emit: &mut Emit<'_>) {
        let change = if lane == 0 { self.playout.add(now, media_us) } else { None };
        match change {
            Some(Change::Started) => emit(Event::Started),
            Some(Change::Resumed(stalled_us)) => emit(Event::Resumed { stalled_us }),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
