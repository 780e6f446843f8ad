//! One media playlist of a player, and the requests for it on its own connection.

mod answer;
mod plan;

use super::cursor::Cursor;
use super::event::{Counters, Emit, Event, Resource};
use super::intake::Intake;
use super::job::{Job, Purpose};
use super::playout::Playout;
use super::{Action, Options, Request, Want};
use crate::Url;
use crate::http::Head;
use crate::playlist::{self, ByteRange, Media, Multivariant};

/// The most bytes of an error's text that are kept.
const MAX_REASON: usize = 300;

/// What the lanes of a player have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) counters: Counters,
    pub(super) playout: Playout,
}

/// A lane.
#[derive(Debug)]
pub(super) struct Lane {
    index: usize,
    stage: Stage,
    /// The playlist, without directives, after redirections.
    url: Url,
    media: Media,
    /// Memory for the next version.
    spare: Media,
    /// When the playlist came, and when to ask for it again.
    loaded_at: u64,
    reload_at: u64,
    /// The next version must be a full one.
    full: bool,
    cursor: Option<Cursor>,
    job: Option<Job>,
    /// The body of a playlist or of an error.
    text: Vec<u8>,
    intake: Intake,
    /// The initialization section that is in hand, as the playlist names it.
    init: Option<(String, Option<ByteRange>)>,
    /// Up to where media is in hand, from the start position.
    buffered_us: i64,
    media_us: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The address may be that of a multivariant playlist.
    Unknown,
    /// There is no media playlist yet.
    Empty,
    Playing,
    Over,
}

impl Lane {
    /// A lane that begins with whatever playlist is at `url`.
    pub(super) fn new(index: usize, url: Url) -> Self {
        Self {
            index,
            stage: Stage::Unknown,
            url,
            media: Media::default(),
            spare: Media::default(),
            loaded_at: 0,
            reload_at: 0,
            full: false,
            cursor: None,
            job: None,
            text: Vec::new(),
            intake: Intake::default(),
            init: None,
            buffered_us: 0,
            media_us: 0,
        }
    }

    /// A lane that begins with the media playlist at `url`.
    pub(super) fn of_media(index: usize, url: Url) -> Self {
        Self { stage: Stage::Empty, ..Self::new(index, url) }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn media_us(&self) -> u64 {
        self.media_us
    }

    /// Goes on with a media playlist.
    pub(super) fn play(&mut self, url: Url) {
        (self.stage, self.url) = (Stage::Empty, url);
    }

    pub(super) fn poll(
        &mut self,
        now: u64,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) -> Action<'_> {
        if self.job.is_none()
            && let Some(action) = self.plan(now, shared, emit)
        {
            return action;
        }
        let Some(job) = &mut self.job else { return Action::Wait(Action::NEVER) };
        match job.due() {
            Some(due) if due <= now => {}
            due => return Action::Wait(due.unwrap_or(Action::NEVER)),
        }
        job.send(now);
        self.text.clear();
        self.intake.begin();
        shared.counters.requests += 1;
        let resource = job.purpose.resource();
        job.skips = resource != Resource::Playlist && !shared.options.parse_media;
        Action::Request(Request {
            origin: job.url.origin(),
            target: job.url.target(),
            range: job.range,
            resource,
            blocks: job.purpose == Purpose::Playlist { blocks: true },
            want: if job.skips { Want::Skip } else { Want::Body },
        })
    }

    pub(super) fn handle_response(&mut self, head: &Head) {
        if let Some(job) = self.job.as_mut().filter(|job| job.sent) {
            job.answer(head);
        }
    }

    pub(super) fn handle_body(&mut self, bytes: &[u8], emit: &mut Emit<'_>) {
        let Some(job) = self.job.as_ref().filter(|job| job.sent) else { return };
        let resource = job.purpose.resource();
        let most = match (job.succeeded(), resource) {
            (false, _) => MAX_REASON,
            (true, Resource::Playlist) => playlist::MAX_BYTES + 1,
            // Some of it may be seen all the same, beside the head.
            (true, _) if job.skips => return,
            (true, _) => return self.intake.feed(self.index, resource, bytes, emit),
        };
        let room = most.saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Gives a multivariant playlist, after which [`Lane::play`] or [`Lane::give_up`] is due.
    pub(super) fn handle_end(
        &mut self,
        now: u64,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) -> Option<Multivariant> {
        let mut job = self.job.take_if(|job| job.sent)?;
        if job.location.is_some() && job.redirect() {
            if job.purpose.resource() == Resource::Playlist && self.stage != Stage::Playing {
                self.url = job.url.clone();
            }
            self.job = Some(job);
            return None;
        }
        if !job.succeeded() {
            self.refused(now, job, shared, emit);
            return None;
        }
        if job.range.is_some() && job.status != Some(206) {
            self.broken(now, job, "the server sends no ranges", shared, emit);
            return None;
        }
        match job.purpose {
            Purpose::Playlist { .. } => return self.playlist(now, job, shared, emit),
            Purpose::Init(name) => {
                self.intake.end(self.index, emit);
                self.init = Some((name, job.range));
            }
            Purpose::Media(next) => {
                self.intake.end(self.index, emit);
                self.took(now, next, now.saturating_sub(job.sent_at), shared, emit);
            }
        }
        None
    }

    pub(super) fn handle_closed(
        &mut self,
        now: u64,
        reason: &str,
        shared: &mut Shared,
        emit: &mut Emit<'_>,
    ) {
        let Some(mut job) = self.job.take_if(|job| job.sent) else { return };
        self.intake.broke_off();
        if job.resend(now) {
            self.job = Some(job);
        } else {
            self.broken(now, job, reason, shared, emit);
        }
    }

    /// The playlist is of no use, as `reason` says.
    pub(super) fn give_up(&mut self, reason: &str, shared: &mut Shared, emit: &mut Emit<'_>) {
        shared.counters.errors += 1;
        emit(Event::Broken { lane: self.index, resource: Resource::Playlist, reason });
        self.fail(emit);
    }

    fn fail(&mut self, emit: &mut Emit<'_>) {
        self.stage = Stage::Over;
        emit(Event::Failed { lane: self.index });
    }
}
