//! The media of a lane on its way through the demuxer.

use media::Timestamp;

use super::event::{Emit, Event, Resource};
use crate::demux::{AccessUnit, Demuxer};

/// Takes bodies and tells their units, each once.
#[derive(Debug, Default)]
pub(super) struct Intake {
    demuxer: Demuxer,
    /// Nothing more of this body can be read.
    unreadable: bool,
    /// Decode times of the last unit of sound, and of pictures; whether this body held any.
    last: [Option<Timestamp>; 2],
    seen: [bool; 2],
    /// What comes again up to here was told before.
    told: [Option<Timestamp>; 2],
}

impl Intake {
    /// A body begins.
    pub(super) fn begin(&mut self) {
        self.demuxer.begin();
        self.unreadable = false;
        self.seen = [false; 2];
    }

    pub(super) fn feed(
        &mut self,
        lane: usize,
        resource: Resource,
        bytes: &[u8],
        emit: &mut Emit<'_>,
    ) {
        if !self.unreadable {
            let fed = self.with(lane, emit, |demuxer, out| demuxer.feed(bytes, out));
            if let Err(error) = fed {
                self.unreadable = true;
                emit(Event::Broken { lane, resource, reason: &error.to_string() });
            }
        }
    }

    /// The body is complete.
    pub(super) fn end(&mut self, lane: usize, emit: &mut Emit<'_>) {
        if !self.unreadable {
            self.with(lane, emit, Demuxer::end);
        }
        self.told = [None; 2];
    }

    /// The body ended early and will begin again.
    pub(super) fn broke_off(&mut self) {
        for kind in 0..2 {
            // What came before this body may have been on another timeline.
            if self.seen[kind] {
                self.told[kind] = self.last[kind];
            }
        }
    }

    /// The next body begins with what came by parts.
    pub(super) fn expect_again(&mut self) {
        self.told = self.last;
    }

    /// The next body has another timeline.
    pub(super) fn forget(&mut self) {
        (self.last, self.told) = ([None; 2], [None; 2]);
    }

    fn with<T>(
        &mut self,
        lane: usize,
        emit: &mut Emit<'_>,
        work: impl FnOnce(&mut Demuxer, &mut dyn FnMut(AccessUnit<'_>)) -> T,
    ) -> T {
        let (last, seen, told) = (&mut self.last, &mut self.seen, &self.told);
        work(&mut self.demuxer, &mut |unit| {
            let kind = usize::from(unit.video);
            if told[kind].is_none_or(|told| unit.dts > told) {
                (last[kind], seen[kind]) = (Some(unit.dts), true);
                emit(Event::Unit { lane, unit });
            }
        })
    }
}
