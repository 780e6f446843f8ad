use media::TrackId;

use super::rendition::RenditionState;
use super::{Presentation, Target};
use crate::event::Range;

/// What a name stands for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The multivariant playlist: [`Presentation::multivariant`].
    Multivariant,
    /// A media playlist: [`Presentation::ready`], then [`Presentation::media`].
    Media(TrackId),
    /// Bytes in the rendition's file that never change under this name.
    #[expect(missing_docs, reason = "the rendition and its bytes")]
    File { track: TrackId, range: Range },
    /// Not there yet, but the next or nearly next to come: the request waits until looking up again
    /// answers otherwise.
    Future,
    /// Was there or was announced, and will not be again: 404 or 410.
    Gone,
    /// Never was: 404.
    Unknown,
}

/// Whether a media playlist request can be answered (RFC 8216bis 6.2.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Now.
    Ready,
    /// Not before more has been applied.
    Wait,
    /// Never: 400 with this reason.
    BadRequest(&'static str),
}

impl Presentation {
    /// How many segments after the last one of the playlist a request may ask for.
    pub const MAX_AHEAD: u64 = 2;

    /// What a name below `/live/ID/` stands for.
    pub fn lookup(&self, name: &str) -> Lookup {
        match Target::parse(name) {
            None => Lookup::Unknown,
            Some(Target::Multivariant) if self.lineup.is_some() => Lookup::Multivariant,
            Some(Target::Multivariant) => Lookup::Future,
            Some(Target::Media(track)) => match self.rendition(track) {
                Some(_) => Lookup::Media(track),
                None => Lookup::Unknown,
            },
            Some(Target::Init { track, session, number }) => {
                self.file(track, session, |rendition| init(rendition, number))
            }
            Some(Target::Segment { track, session, msn }) => {
                self.file(track, session, |rendition| self.segment(rendition, msn))
            }
            Some(Target::Part { track, session, msn, part }) => {
                self.file(track, session, |rendition| self.part(rendition, msn, part))
            }
        }
    }

    /// Whether a request for a rendition's playlist, with its `_HLS_msn` and `_HLS_part`, can be answered.
    pub fn ready(&self, track: TrackId, msn: Option<u64>, part: Option<u32>) -> Readiness {
        let Some(rendition) = self.rendition(track) else {
            return Readiness::BadRequest("there is no such rendition");
        };
        if part.is_some() && msn.is_none() {
            return Readiness::BadRequest("_HLS_part needs _HLS_msn");
        }
        if rendition.ended {
            return Readiness::Ready;
        }
        let Some(next) = rendition.next_msn().filter(|_| !rendition.window.is_empty()) else {
            return Readiness::Wait;
        };
        let Some(msn) = msn else { return Readiness::Ready };
        let open_parts = rendition.open.as_ref().map_or(0, |open| open.parts.len() as u32);
        let last = if open_parts > 0 { next } else { next - 1 };
        if msn > last + Self::MAX_AHEAD {
            return Readiness::BadRequest("_HLS_msn is too far ahead");
        }
        let Some(part) = part else { return wait_unless(msn < next) };
        // A part after the last one of a complete segment is the first one of the next segment.
        let complete = rendition.segment(msn).filter(|_| msn < next);
        let (msn, part) = match complete {
            Some(segment) if part >= segment.parts.len() as u32 => (msn + 1, 0),
            _ => (msn, part),
        };
        if msn == next && part >= open_parts + advance_part_limit(rendition) {
            return Readiness::BadRequest("_HLS_part is too far ahead");
        }
        wait_unless(msn < next || (msn == next && part < open_parts))
    }

    fn file(
        &self,
        track: TrackId,
        session: u32,
        find: impl FnOnce(&RenditionState) -> Lookup,
    ) -> Lookup {
        let current = self.lineup.as_ref().map(|lineup| lineup.session);
        match (self.rendition(track), current) {
            (Some(rendition), Some(current)) if current == session => find(rendition),
            (_, Some(current)) if session < current => Lookup::Gone,
            _ => Lookup::Unknown,
        }
    }

    fn segment(&self, rendition: &RenditionState, msn: u64) -> Lookup {
        match rendition.segment(msn) {
            Some(segment) if rendition.next_msn() == Some(msn) => {
                self.future_if(segment.msn == msn)
            }
            Some(segment) if segment.parts.is_empty() => Lookup::Gone,
            Some(segment) => Lookup::File { track: rendition.info.track, range: segment.range },
            None => self.outside(rendition, msn),
        }
    }

    fn part(&self, rendition: &RenditionState, msn: u64, part: u32) -> Lookup {
        let Some(segment) = rendition.segment(msn) else { return self.outside(rendition, msn) };
        match segment.parts.get(part as usize) {
            Some(part) => Lookup::File { track: rendition.info.track, range: part.range },
            None if rendition.next_msn() == Some(msn) => {
                let ahead = part - segment.parts.len() as u32;
                self.future_if(ahead < advance_part_limit(rendition))
            }
            // It was hinted at, and then the segment ended before it.
            None => Lookup::Gone,
        }
    }

    /// A number that no segment has: either it left long ago or it is still to come.
    fn outside(&self, rendition: &RenditionState, msn: u64) -> Lookup {
        match rendition.next_msn() {
            Some(next) if msn < next => Lookup::Gone,
            Some(next) if !rendition.ended => self.future_if(msn - next < Self::MAX_AHEAD),
            _ => Lookup::Unknown,
        }
    }

    fn future_if(&self, near: bool) -> Lookup {
        if near && !self.ended { Lookup::Future } else { Lookup::Unknown }
    }
}

fn init(rendition: &RenditionState, number: u32) -> Lookup {
    let found = rendition.inits.iter().find(|(other, _)| *other == number);
    match (found, rendition.inits.front()) {
        (Some((_, range)), _) => Lookup::File { track: rendition.info.track, range: *range },
        (None, Some((oldest, _))) if number < *oldest => Lookup::Gone,
        _ => Lookup::Unknown,
    }
}

fn wait_unless(ready: bool) -> Readiness {
    if ready { Readiness::Ready } else { Readiness::Wait }
}

/// RFC 8216bis 6.2.5.2: three parts, fewer when parts are longer than a second.
fn advance_part_limit(rendition: &RenditionState) -> u32 {
    match rendition.info.part_target_ms {
        0..1_000 => 3,
        target => 3_000u32.div_ceil(target),
    }
}
