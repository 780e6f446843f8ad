//! What the answers to a lane's requests mean.

use super::{Lane, Shared, Stage};
use crate::player::cursor::{Cursor, Moved, Next};
use crate::player::event::{Emit, Event, Resource};
use crate::player::job::{Job, Purpose};
use crate::playlist::{Multivariant, is_multivariant};

impl Lane {
    /// A playlist is in hand.
    pub(super) fn playlist(
        &mut self,
        now: u64,
        job: Job,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) -> Option<Multivariant> {
        let text = std::mem::take(&mut self.text);
        let read = match std::str::from_utf8(&text) {
            Ok(text) if self.stage == Stage::Unknown && is_multivariant(text) => {
                Multivariant::parse(text).map(Some).map_err(|error| error.to_string())
            }
            Ok(text) => self.spare.read(text).map(|()| None).map_err(|error| error.to_string()),
            Err(_) => Err("the playlist is not UTF-8".to_owned()),
        };
        self.text = text;
        let list = match read {
            Ok(list) => list,
            Err(reason) => {
                self.broken(now, job, &reason, shared, emit);
                return None;
            }
        };
        let blocked = job.purpose == Purpose::Playlist { blocks: true };
        shared.counters.playlists += 1;
        shared.counters.blocked_reloads += u64::from(blocked);
        emit(Event::Playlist { lane: self.index, blocked });
        if list.is_none() {
            self.renew(now, job, shared, emit);
        }
        list
    }

    /// Takes the version that was read over.
    fn renew(&mut self, now: u64, job: Job, shared: &mut Shared, emit: &mut Emit<'_>) {
        if !self.spare.merge(&self.media) {
            if self.full || self.stage != Stage::Playing {
                let reason = "a delta update that was not asked for";
                return self.broken(now, job, reason, shared, emit);
            }
            // What the update left out is not known here: ask for all of it at once.
            (self.full, self.reload_at) = (true, now);
            return;
        }
        self.full = false;
        let advanced = self.stage != Stage::Playing
            || self.spare.next() != self.media.next()
            || self.spare.ended;
        std::mem::swap(&mut self.media, &mut self.spare);
        self.stage = Stage::Playing;
        self.loaded_at = now;
        self.reload_at = match (advanced, self.blocks(shared)) {
            (true, true) => now,
            (true, false) => job.sent_at + self.media.target_us,
            (false, _) => job.sent_at + self.media.target_us / 2,
        };
        match self.cursor.as_mut().map(|cursor| cursor.follow(&self.media)) {
            None => self.start(shared),
            Some(Moved::No) => {}
            Some(Moved::Missed(segments)) => emit(Event::Missed { lane: self.index, segments }),
            Some(Moved::Anew) => {
                emit(Event::BegunAnew { lane: self.index });
                self.intake.forget();
                self.init = None;
                self.cursor = None;
                self.start(shared);
            }
        }
    }

    /// Finds where to begin.
    fn start(&mut self, shared: &mut Shared) {
        let Some((cursor, lead_us)) = Cursor::start(&self.media, self.plays_parts(shared)) else {
            return;
        };
        // After a new beginning the playhead goes on where it is.
        if self.media_us == 0 {
            self.buffered_us = -(lead_us as i64);
            if self.index == 0 {
                shared.playout.lead(lead_us);
            }
        }
        self.cursor = Some(cursor);
    }

    /// Media is in hand.
    pub(super) fn took(
        &mut self,
        now: u64,
        next: Next,
        took_us: u64,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) {
        let (lane, cursor) = (self.index, self.cursor.get_or_insert_default());
        let first = cursor.part == 0;
        let (segment, new_us) = match next {
            Next::Segment(segment) => {
                let new_us = segment.duration_us.saturating_sub(cursor.taken_us);
                cursor.took_segment();
                shared.counters.segments += 1;
                emit(Event::Segment { lane, took_us, media_us: new_us });
                (segment, new_us)
            }
            Next::Part(segment, part) => {
                cursor.took_part(part.duration_us);
                shared.counters.parts += 1;
                emit(Event::Part { lane, took_us, media_us: part.duration_us });
                (segment, part.duration_us)
            }
        };
        if segment.discontinuity && first {
            emit(Event::Discontinuity { lane });
        }
        self.buffered_us = self.buffered_us.saturating_add_unsigned(new_us);
        self.media_us += new_us;
        shared.add_media(lane, now, new_us, emit);
    }

    /// The server answered with an error.
    pub(super) fn refused(
        &mut self,
        now: u64,
        mut job: Job,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) {
        let (resource, status) = (job.purpose.resource(), job.status.unwrap_or(0));
        if status < 400 {
            return self.broken(now, job, "its redirections lead nowhere", shared, emit);
        }
        shared.counters.errors += 1;
        let reason = String::from_utf8_lossy(&self.text);
        emit(Event::HttpError { lane: self.index, resource, status, reason: &reason });
        // What does not exist, or not any more, will not come by asking again.
        let in_vain = status < 500 && status != 429;
        match resource {
            Resource::Segment | Resource::Part if in_vain => self.pass_over(emit),
            Resource::Playlist if in_vain && self.stage == Stage::Unknown => self.fail(emit),
            Resource::Playlist if in_vain => {
                // Whatever the directives asked for, the playlist as it is will do.
                (job.purpose, job.url) = (Purpose::Playlist { blocks: false }, self.url.clone());
                self.again(now, job, emit);
            }
            _ => self.again(now, job, emit),
        }
    }

    /// An answer did not come, or makes no sense.
    pub(super) fn broken(
        &mut self,
        now: u64,
        job: Job,
        reason: &str,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) {
        shared.counters.errors += 1;
        emit(Event::Broken { lane: self.index, resource: job.purpose.resource(), reason });
        self.again(now, job, emit);
    }

    /// Repeats a request after a pause, until there is no hope.
    fn again(&mut self, now: u64, mut job: Job, emit: &mut Emit<'_>) {
        if job.repeat(now) {
            self.job = Some(job);
            return;
        }
        match job.purpose {
            Purpose::Media(_) => self.pass_over(emit),
            Purpose::Playlist { .. } | Purpose::Init(_) => self.fail(emit),
        }
    }

    /// Goes on with the segment after the one that cannot be had.
    fn pass_over(&mut self, emit: &mut Emit<'_>) {
        self.intake.forget();
        if let Some(cursor) = &mut self.cursor {
            cursor.took_segment();
            emit(Event::Missed { lane: self.index, segments: 1 });
        }
    }
}
