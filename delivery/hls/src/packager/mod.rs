//! Frames to parts: where segments begin, what the timelines are, which frames make a part.

mod audio;
mod boundary;
mod cast;
mod continuity;
mod lane;
mod live;
mod plan;
mod silence;
mod video;
mod wall;
mod warmup;
mod writer;

use bytes::Bytes;
use media::{Entry, Frame, Kind, TrackId};

use self::cast::Cast;
use self::live::Live;
use self::warmup::Warmup;
use crate::config::Config;
use crate::event::Event;
use crate::mp4::ConfigError;

/// Turns one stream into CMAF parts and segments. Lives on the stream's home shard for a whole session,
/// over the returns of its publisher.
#[derive(Debug)]
pub struct Packager {
    config: Config,
    cast: Cast,
    refused: Vec<(TrackId, ConfigError)>,
    frame_rate_hint: Option<f64>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Warmup(Warmup),
    Live(Box<Live>),
    Ended,
}

/// Where events go, and when it is.
#[derive(Debug)]
struct Output<'a> {
    events: &'a mut Vec<Event<Vec<Bytes>>>,
    wall_ms: i64,
}

impl Packager {
    /// A packager for a new session. Values of `config` outside their limits are moved to them.
    pub fn new(config: Config) -> Self {
        Self {
            config: config.bounded(),
            cast: Cast::default(),
            refused: Vec::new(),
            frame_rate_hint: None,
            phase: Phase::Warmup(Warmup::default()),
        }
    }

    /// Takes the stream's next entry, which arrived at `wall_ms` (Unix milliseconds); appends what
    /// follows from it to `out`.
    pub fn push(&mut self, entry: &Entry, wall_ms: i64, out: &mut Vec<Event<Vec<Bytes>>>) {
        let mut out = Output { events: out, wall_ms };
        match entry {
            // Sound is heard in the order and at the times of its decoding.
            Entry::Frame(frame) if frame.track.kind == Kind::Audio && frame.pts != frame.dts => {
                self.frame(&Frame { pts: frame.dts, ..frame.clone() }, &mut out);
            }
            Entry::Frame(frame) => self.frame(frame, &mut out),
            Entry::Tracks(set) => {
                let (cast, refused) = Cast::of(set);
                self.refused = refused;
                match &mut self.phase {
                    Phase::Warmup(warmup) => warmup.change(&self.cast, &cast),
                    Phase::Live(live) => live.change(cast.clone(), &mut out),
                    Phase::Ended => {}
                }
                self.cast = cast;
            }
            Entry::Metadata(metadata) => {
                self.frame_rate_hint =
                    metadata.frame_rate.filter(|rate| (1.0..=480.0).contains(rate));
            }
        }
    }

    /// The publisher is gone, perhaps to return: what is complete is told, so that players see it, and
    /// whatever comes next begins with a discontinuity.
    pub fn interrupt(&mut self, wall_ms: i64, out: &mut Vec<Event<Vec<Bytes>>>) {
        match &mut self.phase {
            Phase::Warmup(warmup) => warmup.clear(),
            Phase::Live(live) => {
                live.interrupt(&mut Output { events: out, wall_ms });
            }
            Phase::Ended => {}
        }
    }

    /// The session is over: everything is ended, and later entries are ignored.
    pub fn end(&mut self, wall_ms: i64, out: &mut Vec<Event<Vec<Bytes>>>) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        self.interrupt(wall_ms, out);
        self.phase = Phase::Ended;
        out.push(Event::End { wall_ms });
    }

    /// The current tracks that cannot be packaged, and why.
    pub fn refused(&self) -> &[(TrackId, ConfigError)] {
        &self.refused
    }

    fn frame(&mut self, frame: &Frame, out: &mut Output<'_>) {
        match &mut self.phase {
            Phase::Warmup(warmup) => {
                let Some(first) = warmup.push(&self.config, &self.cast, frame, out.wall_ms) else {
                    return;
                };
                let mut live = Box::new(Live::new(
                    self.config.clone(),
                    self.cast.clone(),
                    &first,
                    self.frame_rate_hint,
                ));
                for (frame, wall_ms) in &first.frames {
                    let mut out = Output { events: out.events, wall_ms: *wall_ms };
                    live.frame(frame, &mut out);
                }
                self.phase = Phase::Live(live);
            }
            Phase::Live(live) => live.frame(frame, out),
            Phase::Ended => {}
        }
    }
}
