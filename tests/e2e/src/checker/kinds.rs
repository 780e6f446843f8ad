//! Many kinds of sources, published to one server and watched at the same time.

use std::fmt;
use std::time::Duration;

use super::{Rendition, Report, check};
use crate::publish::Publisher;
use crate::server::Server;
use crate::sources::{self, Source};

/// Blocking reloads, and hinted parts that came, which are due in a second of each rendition: parts of
/// 250 ms and a margin.
const RELOADS_A_SECOND: f64 = 2.5;
/// Segments that are due in a second of each rendition; they last up to 4.5 s.
const SEGMENTS_A_SECOND: f64 = 0.2;

/// A source and how it is published.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The source.
    pub source: Source,
    /// Tracks of sound; with two the second is the first once more.
    pub sounds: usize,
}

/// Two tracks of sound by Enhanced RTMP's multitrack messages.
pub const TWO_SOUNDS: Kind = Kind { source: sources::OBS, sounds: 2 };

impl Kind {
    /// A source as it is.
    pub const fn of(source: Source) -> Self {
        Self { source, sounds: source.sample_rate.is_some() as usize }
    }

    /// Tells it from the others.
    pub fn name(&self) -> String {
        let name = self.source.name;
        if self.sounds > 1 { format!("{name} with {} sounds", self.sounds) } else { name.into() }
    }

    fn renditions(&self) -> usize {
        usize::from(self.source.rate.is_some()) + self.sounds
    }
}

/// Publishes all kinds to a server and watches each for a time. The reports are in their order; a kind of
/// which too little was seen is a complaint too.
pub fn check_kinds(server: &Server, kinds: &[Kind], time: Duration) -> Vec<Report> {
    // Made before anything is live: encoding takes all of a small machine.
    for kind in kinds {
        kind.source.file();
    }
    std::thread::scope(|scope| {
        let checks: Vec<_> =
            kinds.iter().map(|kind| scope.spawn(move || check_kind(server, kind, time))).collect();
        checks.into_iter().map(|check| check.join().expect("the checker does not panic")).collect()
    })
}

fn check_kind(server: &Server, kind: &Kind, time: Duration) -> Report {
    let stream = server.add_stream(&kind.name());
    let _publisher = if kind.sounds > 1 {
        Publisher::with_two_sounds(server, &stream, &kind.source)
    } else {
        Publisher::start(server, &stream, &kind.source)
    };
    let mut report = check(server, &stream.id, time);
    let mut said = Vec::new();
    if report.renditions.len() != kind.renditions() {
        said.push(format!("{} renditions", report.renditions.len()));
    }
    for rendition in &report.renditions {
        let reloads = (time.as_secs_f64() * RELOADS_A_SECOND) as usize;
        let segments = (time.as_secs_f64() * SEGMENTS_A_SECOND) as usize;
        let seen = rendition.reloads.min(rendition.hinted);
        if seen < reloads || rendition.segments.len() < segments {
            said.push(format!("too little seen: {rendition}"));
        }
    }
    report.complaints.extend(said);
    for complaint in &mut report.complaints {
        *complaint = format!("{}: {complaint}", kind.name());
    }
    report
}

impl fmt::Display for Rendition {
    /// What was checked, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, playlists, compared) = (&self.name, self.playlists, self.compared);
        let (parts, segments) = (self.parts().count(), self.segments.len());
        let bytes: usize = self.files.values().map(Vec::len).sum();
        let (hinted, skipped) = (self.hinted, self.most_skipped);
        write!(
            f,
            "{name}: {playlists} playlists, {parts} parts ({hinted} by their hint), {segments} segments, \
             {:.1} MB, {compared} delta updates compared, up to {skipped} segments skipped",
            bytes as f64 / 1e6,
        )
    }
}
