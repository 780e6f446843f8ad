//! What a lane does next.

use std::fmt::Write as _;

use super::{Lane, Shared, Stage};
use crate::Url;
use crate::player::Action;
use crate::player::cursor::Next;
use crate::player::event::{Emit, Event};
use crate::player::job::{Job, Purpose};
use crate::playlist::Map;

/// No media is fetched while so much of it is still to be played, in microseconds; as in hls.js.
const MAX_AHEAD_US: i64 = 30_000_000;
/// The least time after which it is seen whether there is room for more, in microseconds.
const ROOM_PAUSE_US: u64 = 100_000;

impl Lane {
    /// Makes the next request, or tells what there is to do instead.
    pub(super) fn plan(
        &mut self,
        now: u64,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) -> Option<Action<'static>> {
        match self.stage {
            Stage::Over => return Some(Action::Done),
            Stage::Unknown | Stage::Empty => {
                let purpose = Purpose::Playlist { blocks: false };
                self.job = Some(Job::new(purpose, self.url.clone(), None));
                return None;
            }
            Stage::Playing => {}
        }
        let parts = self.plays_parts(shared);
        let next = self.cursor.as_mut().and_then(|cursor| cursor.next(&self.media, parts));
        let ahead = self.buffered_us - shared.playout.played_us(now);
        let excess = u64::try_from(ahead - MAX_AHEAD_US).unwrap_or(0);
        let room_at = if excess == 0 { now } else { now + excess.max(ROOM_PAUSE_US) };
        match next {
            Some(next) if room_at <= now => return self.fetch(next, shared, emit),
            Some(_) if self.media.ended => return Some(Action::Wait(room_at)),
            None if self.media.ended => return Some(self.end(shared, emit)),
            _ => {}
        }
        let blocks = self.blocks(shared);
        let due = match next {
            // What is listed suffices for now: there is nothing to be held back for.
            Some(_) if blocks => room_at,
            Some(_) => room_at.min(self.reload_at),
            None => self.reload_at,
        };
        if due > now {
            return Some(Action::Wait(due));
        }
        let url = if blocks { self.blocking_url(now) } else { self.url.clone() };
        self.job = Some(Job::new(Purpose::Playlist { blocks }, url, None));
        None
    }

    /// Whether parts are fetched one by one.
    pub(super) fn plays_parts(&self, shared: &Shared) -> bool {
        shared.options.low_latency && self.media.part_target_us.is_some()
    }

    /// Whether the server is asked to hold the next version back until something is new.
    pub(super) fn blocks(&self, shared: &Shared) -> bool {
        shared.options.low_latency && self.media.can_block && self.media.next().is_some()
    }

    fn fetch(
        &mut self,
        next: Next,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) -> Option<Action<'static>> {
        let (segment, uri, range) = match next {
            Next::Segment(segment) => (segment, segment.uri, segment.range),
            Next::Part(segment, part) => (segment, part.uri, part.range),
        };
        let map = segment.map.and_then(|map| self.media.maps().get(map as usize).copied());
        let missing = map.filter(|map| !self.has_init(map));
        let (purpose, uri, range) = match missing {
            Some(map) => (Purpose::Init(self.media.text(map.uri).to_owned()), map.uri, map.range),
            None => (Purpose::Media(next), uri, range),
        };
        match self.url.join(self.media.text(uri)) {
            Ok(url) => {
                if let Purpose::Media(Next::Segment(_)) = purpose
                    && self.cursor.is_some_and(|cursor| cursor.part > 0)
                {
                    self.intake.expect_again();
                }
                self.job = Some(Job::new(purpose, url, range));
                None
            }
            Err(error) => {
                self.give_up(&error.to_string(), shared, emit);
                Some(Action::Done)
            }
        }
    }

    fn has_init(&self, map: &Map) -> bool {
        let uri = self.media.text(map.uri);
        self.init.as_ref().is_some_and(|(known, range)| known == uri && *range == map.range)
    }

    /// The playlist with the delivery directives of RFC 8216bis 6.2.5.
    fn blocking_url(&self, now: u64) -> Url {
        let Some((msn, part)) = self.media.next() else { return self.url.clone() };
        let mut directives = format!("_HLS_msn={msn}");
        if self.media.part_target_us.is_some() {
            // Writing to memory does not fail.
            let _ = write!(directives, "&_HLS_part={part}");
        }
        // An update to a version that is too old may skip what is not known.
        let age = now.saturating_sub(self.loaded_at);
        let fresh = self.media.can_skip_until_us.is_some_and(|until| age < until / 2);
        if fresh && !self.full {
            directives.push_str("&_HLS_skip=YES");
        }
        self.url.with_query(&directives)
    }

    fn end(&mut self, shared: &mut Shared, emit: &mut Emit<'_>) -> Action<'static> {
        self.stage = Stage::Over;
        if self.index == 0 {
            shared.playout.end();
        }
        emit(Event::Ended { lane: self.index });
        Action::Done
    }
}
