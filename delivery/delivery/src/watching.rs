use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use stream::{Protocol, Stream, StreamStats};

use crate::Context;

/// A viewer in the stream's count, for as long as this lives.
pub(crate) struct Watching {
    stats: Arc<StreamStats>,
    protocol: Protocol,
}

impl Watching {
    /// Counts a viewer in; `None` when the stream has as many as it may.
    pub(crate) fn start(
        context: &Context,
        stream: &Rc<Stream>,
        protocol: Protocol,
    ) -> Option<Self> {
        let stats = Arc::clone(stream.stats());
        if stats.admit(protocol) {
            return Some(Self { stats, protocol });
        }
        context.counters.refused.fetch_add(1, Relaxed);
        None
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stats.left(self.protocol);
    }
}
