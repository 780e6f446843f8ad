//! A request from its making to its answer.

use super::cursor::Next;
use super::event::Resource;
use crate::Url;
use crate::http::Head;
use crate::playlist::ByteRange;

/// Repetitions of a request after its first try.
const MAX_REPEATS: u32 = 3;
/// The pause before the first of them in microseconds; it doubles from one to the next.
const PAUSE_US: u64 = 1_000_000;
/// The most redirections that are followed.
const MAX_HOPS: u32 = 5;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Playlist {
        blocks: bool,
    },
    /// The section that the playlist gives this URI.
    Init(String),
    Media(Next),
}

impl Purpose {
    pub(super) fn resource(&self) -> Resource {
        match self {
            Self::Playlist { .. } => Resource::Playlist,
            Self::Init(_) => Resource::Init,
            Self::Media(Next::Segment(_)) => Resource::Segment,
            Self::Media(Next::Part(..)) => Resource::Part,
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) purpose: Purpose,
    pub(super) url: Url,
    pub(super) range: Option<ByteRange>,
    /// When it was sent.
    pub(super) sent_at: u64,
    /// Whether it is with the server.
    pub(super) sent: bool,
    /// Whether its body is of no interest.
    pub(super) skips: bool,
    pub(super) status: Option<u16>,
    pub(super) location: Option<String>,
    not_before: u64,
    repeats: u32,
    hops: u32,
}

impl Job {
    pub(super) fn new(purpose: Purpose, url: Url, range: Option<ByteRange>) -> Self {
        Self {
            purpose,
            url,
            range,
            sent_at: 0,
            sent: false,
            skips: false,
            status: None,
            location: None,
            not_before: 0,
            repeats: 0,
            hops: 0,
        }
    }

    /// When it may be sent; `None` while it is with the server.
    pub(super) fn due(&self) -> Option<u64> {
        (!self.sent).then_some(self.not_before)
    }

    pub(super) fn send(&mut self, now: u64) {
        (self.sent, self.sent_at) = (true, now);
        (self.status, self.location) = (None, None);
    }

    pub(super) fn answer(&mut self, head: &Head) {
        self.status = Some(head.status);
        self.location.clone_from(&head.location);
    }

    pub(super) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Is to be sent again after a pause; false after too many times.
    pub(super) fn repeat(&mut self, now: u64) -> bool {
        self.sent = false;
        self.not_before = now + (PAUSE_US << self.repeats.min(MAX_REPEATS));
        self.repeats += 1;
        self.repeats <= MAX_REPEATS
    }

    /// A connection that was kept may end while a request is on its way: send it again at once. False
    /// when that cannot have been it.
    pub(super) fn resend(&mut self, now: u64) -> bool {
        let unlucky = self.sent && self.status.is_none() && self.repeats == 0;
        if unlucky {
            (self.sent, self.not_before) = (false, now);
            self.repeats = 1;
        }
        unlucky
    }

    /// Is to be sent to where the answer says; false when it says nothing or too often.
    pub(super) fn redirect(&mut self) -> bool {
        let Some(url) = self.location.take().and_then(|to| self.url.join(&to).ok()) else {
            return false;
        };
        (self.sent, self.url) = (false, url);
        self.hops += 1;
        self.hops <= MAX_HOPS
    }
}
