//! What viewers see of a stream: playlists, and the files that names stand for.

mod lookup;
mod media_playlist;
mod multivariant;
mod name;
mod rendition;
mod time;

use std::sync::Arc;

use media::TrackId;

use self::rendition::RenditionState;
use crate::event::{Event, Lineup, Range};

pub use self::lookup::{Lookup, Readiness};
pub use self::name::Target;
pub use self::time::date_time;

/// A stream's playlists and file index, built from the packager's events on every shard that serves it.
///
/// Two presentations that applied the same events render the same bytes.
#[derive(Clone, Debug, Default)]
pub struct Presentation {
    lineup: Option<Arc<Lineup>>,
    /// Every rendition that ever was in the lineup.
    renditions: Vec<RenditionState>,
    ready: bool,
    ended: bool,
    version: u64,
    /// The latest wall-clock time that an event told.
    wall_ms: i64,
}

/// Bytes that no request can ask for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The rendition whose file it is.
    pub track: TrackId,
    /// The bytes.
    pub range: Range,
}

impl Presentation {
    /// A presentation of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the packager's next event.
    pub fn apply(&mut self, event: &Event<Range>) {
        self.version += 1;
        match event {
            Event::Lineup(lineup) => self.set_lineup(lineup),
            Event::Init { track, number, bytes } => {
                if let Some(rendition) = self.rendition_mut(*track) {
                    rendition.add_init(*number, *bytes);
                }
            }
            Event::SegmentStart(start) => {
                let wall_ms = self.wall_ms;
                if let Some(rendition) = self.rendition_mut(start.track) {
                    rendition.start(start, wall_ms);
                }
            }
            Event::Part(part) => {
                if let Some(rendition) = self.rendition_mut(part.track) {
                    rendition.add_part(part);
                }
            }
            Event::SegmentEnd(end) => {
                self.wall_ms = end.wall_ms;
                let (window, target) =
                    self.lineup.as_ref().map_or((1, 1), |l| (l.window, l.target_duration));
                if let Some(rendition) = self.rendition_mut(end.track) {
                    rendition.end(end, window, target);
                }
                let complete = self.current().all(|rendition| !rendition.window.is_empty());
                self.ready |= complete;
            }
            Event::End { wall_ms } => {
                self.wall_ms = *wall_ms;
                self.ended = true;
                self.renditions.iter_mut().for_each(|rendition| rendition.ended = true);
            }
        }
    }

    /// Whether the playlists can be served: every rendition of the first lineup has a complete segment.
    /// Stays true from then on.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether every segment so far began where decoding can start.
    pub fn is_independent(&self) -> bool {
        self.renditions.iter().all(|rendition| rendition.independent)
    }

    /// Whether the session is over.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Changes with every visible change: a rendering is good as long as this stays the same.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What is constant for all playlists, and the current renditions; `None` before the first event.
    pub fn lineup(&self) -> Option<&Lineup> {
        self.lineup.as_deref()
    }

    /// The last media sequence number in use, for the session after this one.
    pub fn last_msn(&self) -> Option<u64> {
        self.renditions.iter().filter_map(RenditionState::last_msn).max()
    }

    /// What can no longer be asked for at `now_ms` (Unix milliseconds): segments that left the playlist
    /// at least their own duration and that of the longest playlist that held them ago (RFC 8216bis
    /// 6.2.2), and their initialization segments. Each range is told once; call it every few seconds.
    pub fn expired(&mut self, now_ms: i64) -> Vec<Expired> {
        let mut expired = Vec::new();
        for rendition in &mut self.renditions {
            let track = rendition.info.track;
            rendition.expire(now_ms, |range| expired.push(Expired { track, range }));
        }
        expired
    }

    /// The multivariant playlist; `None` before the first lineup.
    pub fn multivariant(&self) -> Option<String> {
        let current: Vec<_> = self.current().collect();
        self.lineup.is_some().then(|| multivariant::render(&current))
    }

    /// A rendition's media playlist; `None` when there is no such rendition. With `skip` a delta update,
    /// if the playlist is long enough for one (`_HLS_skip=YES` and `v2` alike).
    pub fn media(&self, track: TrackId, skip: bool) -> Option<String> {
        let lineup = self.lineup.as_ref()?;
        let rendition = self.rendition(track)?;
        let others: Vec<_> = self.current().filter(|other| other.info.track != track).collect();
        Some(media_playlist::render(lineup, rendition, &others, skip))
    }

    fn set_lineup(&mut self, lineup: &Arc<Lineup>) {
        for rendition in &mut self.renditions {
            if !lineup.renditions.iter().any(|info| info.track == rendition.info.track) {
                rendition.ended = true;
            }
        }
        for info in &lineup.renditions {
            match self.rendition_mut(info.track) {
                Some(rendition) => rendition.info = info.clone(),
                None => self.renditions.push(RenditionState::new(info.clone())),
            }
        }
        self.renditions.sort_by_key(|rendition| rendition.info.track);
        self.lineup = Some(Arc::clone(lineup));
    }

    /// The renditions of the current lineup.
    fn current(&self) -> impl Iterator<Item = &RenditionState> {
        let infos = self.lineup.iter().flat_map(|lineup| &lineup.renditions);
        infos.filter_map(|info| self.rendition(info.track))
    }

    fn rendition(&self, track: TrackId) -> Option<&RenditionState> {
        self.renditions.iter().find(|rendition| rendition.info.track == track)
    }

    fn rendition_mut(&mut self, track: TrackId) -> Option<&mut RenditionState> {
        self.renditions.iter_mut().find(|rendition| rendition.info.track == track)
    }
}
