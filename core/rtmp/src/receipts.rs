/// Counts what is received and says when an Acknowledgement is due (RTMP, section 5.4.3).
#[derive(Clone, Debug)]
pub(crate) struct Receipts {
    received: u64,
    acknowledged: u64,
    window: u64,
}

/// The window that we announce, and that a peer is taken to have which announces none, in bytes.
pub(crate) const WINDOW: u32 = 2_500_000;

/// A smaller window of a peer is taken as this, so that nobody makes us acknowledge every byte.
const SMALLEST_WINDOW: u64 = 16 * 1024;

impl Default for Receipts {
    fn default() -> Self {
        Self { received: 0, acknowledged: 0, window: u64::from(WINDOW) }
    }
}

impl Receipts {
    /// The peer's Window Acknowledgement Size.
    pub(crate) fn set_window(&mut self, bytes: u32) {
        self.window = u64::from(bytes).max(SMALLEST_WINDOW);
    }

    /// How many bytes may still come before one is due. After a smaller window none may: then one is due
    /// at once, and not with the next byte, which may be in the same input or not.
    pub(crate) fn until_due(&self) -> usize {
        let due = self.acknowledged + self.window;
        usize::try_from(due.saturating_sub(self.received)).unwrap_or(usize::MAX)
    }

    /// Counts bytes; the sequence number to acknowledge with when that is due.
    pub(crate) fn count(&mut self, bytes: usize) -> Option<u32> {
        self.received += bytes as u64;
        if self.received - self.acknowledged < self.window {
            return None;
        }
        self.acknowledged = self.received;
        Some(self.received as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_is_acknowledged_once() {
        let mut receipts = Receipts::default();
        assert_eq!(receipts.until_due(), 2_500_000);
        assert_eq!(receipts.count(2_499_999), None);
        assert_eq!(receipts.until_due(), 1);
        assert_eq!(receipts.count(1), Some(2_500_000));
        assert_eq!(receipts.count(2_500_000), Some(5_000_000));
    }

    #[test]
    fn a_window_of_nothing_is_widened() {
        let mut receipts = Receipts::default();
        receipts.set_window(0);
        assert_eq!(receipts.until_due(), 16 * 1024);
    }

    #[test]
    fn a_window_that_shrinks_below_what_came_is_due_at_once() {
        let mut receipts = Receipts::default();
        receipts.count(1_000_000);
        receipts.set_window(100_000);
        assert_eq!(receipts.until_due(), 0);
        assert_eq!(receipts.count(0), Some(1_000_000));
        assert_eq!(receipts.until_due(), 100_000);
    }
}
