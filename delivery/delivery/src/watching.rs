use std::rc::Rc;
use std::sync::Arc;

use stream::{Protocol, Stream, StreamStats};

/// A viewer in the stream's count, for as long as this lives.
pub(crate) struct Watching {
    stats: Arc<StreamStats>,
    protocol: Protocol,
}

impl Watching {
    pub(crate) fn start(stream: &Rc<Stream>, protocol: Protocol) -> Self {
        let stats = Arc::clone(stream.stats());
        stats.joined(protocol);
        Self { stats, protocol }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stats.left(self.protocol);
    }
}
