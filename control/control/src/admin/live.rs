use stream::control::StreamId;

use super::execute::Admin;
use super::response::{Fault, Removed, Response};
use crate::MAX_SESSIONS;

/// What is asked of a live stream.
pub(super) enum Look {
    Stats,
    Sessions,
    /// Ends the session with this id.
    Cut(String),
}

impl Admin {
    /// Asks the shards. Blocks.
    pub(super) fn look(&self, id: &str, look: Look) -> Result<Response, Fault> {
        let Some(probe) = &self.probe else {
            let detail = "no server runs on this DATA_DIR, so nothing is live";
            return Err(Fault::new("no-server", 409, detail));
        };
        let not_live =
            || Fault::new("stream-offline", 409, "the stream is not live on this server");
        let id = StreamId::parse(id).ok_or_else(not_live)?;
        let stats = probe.stats(&id).ok_or_else(not_live)?;
        // A server executes commands on a blocking thread of its runtime.
        let runtime = tokio::runtime::Handle::current();
        match look {
            Look::Stats => Ok(Response::Stats(Box::new(stats))),
            Look::Sessions => {
                let sessions = runtime.block_on(probe.sessions(&id, MAX_SESSIONS));
                Ok(Response::Sessions(sessions.into_iter().map(Into::into).collect()))
            }
            Look::Cut(session) => {
                let unknown = |_| Fault::from(crate::CutError::Unknown);
                let parsed = session.parse().map_err(unknown)?;
                runtime.block_on(probe.cut(&id, parsed))?;
                Ok(Response::Removed(Removed { removed: session, streams: Vec::new() }))
            }
        }
    }
}
