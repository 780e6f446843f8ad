//! The batch of the fan-out: each frame in the form of each protocol, once for all viewers.

use std::hint::black_box;

use crate::wire::{Batch, Wire};
use crate::{Case, footage};

const SECONDS: i64 = 10;

pub(crate) fn case() -> Case {
    let (frames, tracks) = (footage::frames(SECONDS), footage::tracks());
    let messages = frames.len();
    let work = move || {
        let mut scratch = Vec::new();
        for (frame, next) in frames.iter().zip(1..) {
            for wire in [Wire::Rtmp, Wire::Flv, Wire::WsFlv] {
                let mut batch = Batch::new(wire, scratch);
                batch.frame(frame, &tracks, next);
                black_box(batch.slices());
                scratch = batch.into_scratch();
            }
        }
    };
    Case { messages, work: Box::new(work) }
}
