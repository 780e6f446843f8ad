use std::sync::atomic::{AtomicU64, Ordering};

/// What happened since the start; all counts but `streams_held`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Events handed to Redis.
    pub events_sent: u64,
    /// Events of other nodes.
    pub events_received: u64,
    /// Events that could not be handed to Redis in time; the other nodes are told [`crate::Event::Missed`].
    pub events_lost: u64,
    /// Messages on the channel that this version does not understand.
    pub events_unknown: u64,
    /// Commands sent to Redis, probes included.
    pub commands: u64,
    /// Commands that Redis refused or did not answer in time.
    pub commands_failed: u64,
    /// Connections made to Redis; all but the first are returns.
    pub connections: u64,
    /// Live streams of this node that are registered or to be registered, now.
    pub streams_held: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events_sent: Count,
    pub(crate) events_received: Count,
    pub(crate) events_lost: Count,
    pub(crate) events_unknown: Count,
    pub(crate) commands: Count,
    pub(crate) commands_failed: Count,
    pub(crate) connections: Count,
}

impl Counts {
    pub(crate) fn read(&self, streams_held: usize) -> Metrics {
        Metrics {
            events_sent: self.events_sent.get(),
            events_received: self.events_received.get(),
            events_lost: self.events_lost.get(),
            events_unknown: self.events_unknown.get(),
            commands: self.commands.get(),
            commands_failed: self.commands_failed.get(),
            connections: self.connections.get(),
            streams_held: streams_held as u64,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
