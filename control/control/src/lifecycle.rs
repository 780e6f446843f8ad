use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Where the server is between start and exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not all ports are open yet.
    Starting,
    /// Serving.
    Ready,
    /// Told to end: no new work, sessions are being closed.
    Draining,
}

/// The server's phase, set by the wiring and read by `/ready`. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle(Arc<AtomicU8>);

impl Lifecycle {
    /// Starts in [`Phase::Starting`].
    pub fn new() -> Self {
        Self::default()
    }

    /// All ports are open. Has no effect once draining began.
    pub fn ready(&self) {
        let starting = Phase::Starting as u8;
        let _ = self.0.compare_exchange(
            starting,
            Phase::Ready as u8,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    /// The server was told to end.
    pub fn draining(&self) {
        self.0.store(Phase::Draining as u8, Ordering::Relaxed);
    }

    /// The phase now.
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_drains_never_becomes_ready_again() {
        let lifecycle = Lifecycle::new();
        assert_eq!(lifecycle.phase(), Phase::Starting);
        let wiring = lifecycle.clone();
        wiring.ready();
        assert_eq!(lifecycle.phase(), Phase::Ready);
        lifecycle.draining();
        lifecycle.ready();
        assert_eq!(lifecycle.phase(), Phase::Draining);
    }
}
