use std::collections::VecDeque;

use media::Timestamp;

/// Where a segment begins in all renditions, as far as their frames allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boundary {
    /// The segment that begins here.
    pub(super) msn: u64,
    /// Presentation time.
    pub(super) at: Timestamp,
    /// The same on the wall clock, in Unix milliseconds.
    pub(super) program_date_time: i64,
}

/// The boundaries that the leading track has set and some lane has still to pass, without a hole.
#[derive(Debug, Default)]
pub(super) struct Boundaries(VecDeque<Boundary>);

impl Boundaries {
    /// The boundary at which this segment begins, if it is set.
    pub(super) fn get(&self, msn: u64) -> Option<Boundary> {
        let index = msn.checked_sub(self.0.front()?.msn)?;
        self.0.get(usize::try_from(index).ok()?).copied()
    }

    pub(super) fn push(&mut self, boundary: Boundary) {
        self.0.push_back(boundary);
    }

    /// Forgets what lies before this segment.
    pub(super) fn forget_before(&mut self, msn: u64) {
        while self.0.front().is_some_and(|boundary| boundary.msn < msn) {
            self.0.pop_front();
        }
    }
}
