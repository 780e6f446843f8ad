//! An RTMP publisher: the session's media events go into the feed, one wake of the stream's readers
//! for each read of the socket.

use std::rc::Rc;
use std::time::Duration;

use link::Ended;
use media::Kind;
use rtmp::Output;
use rtmp::server::{Event, PublishRefusal, ServerSession};
use shard::Conn;

use crate::{Feed, FeedError};

/// Complaints about unreadable messages are logged this often and counted otherwise.
const COMPLAIN_EVERY: u64 = 500;
/// How long the last words to a publisher may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a publish is over.
#[derive(Debug, thiserror::Error)]
pub enum Left {
    /// The publisher said so.
    #[error("the publisher ended the stream")]
    Unpublished,
    /// Its connection ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// Another publisher took over, or the stream was stopped.
    #[error("another publisher took over, or the stream was stopped")]
    Revoked,
}

/// Runs an accepted publish until it is over.
pub async fn publish(conn: Rc<Conn>, mut session: ServerSession, mut feed: Feed) -> Left {
    let left = pump(&conn, &mut session, &mut feed).await;
    if feed.is_revoked() {
        // Told in the protocol's own words if the connection still takes them.
        let reason = "Another publisher took the stream over, or it was stopped.";
        session.end_publish(&PublishRefusal::BadName(reason.into()));
        drop(shard::timeout(FAREWELL, drain(&conn, &mut session)).await);
        return Left::Revoked;
    }
    left
}

async fn pump(conn: &Conn, session: &mut ServerSession, feed: &mut Feed) -> Left {
    let mut complaints = 0_u64;
    loop {
        while let Some(output) = session.poll_output() {
            let event = match output {
                Output::Send(bytes) => match link::send(conn, &bytes).await {
                    Ok(()) => continue,
                    Err(ended) => return ended.into(),
                },
                Output::Close => return Left::Ended(Ended::Closed),
                Output::Event(event) => event,
            };
            match take(feed, event) {
                Ok(true) => {}
                Ok(false) => {
                    feed.flush();
                    return Left::Unpublished;
                }
                Err(error) => {
                    if complaints.is_multiple_of(COMPLAIN_EVERY) {
                        tracing::warn!(peer = %conn.peer(), %error, "media left out");
                    }
                    complaints += 1;
                }
            }
        }
        feed.flush();
        if feed.is_revoked() {
            return Left::Revoked;
        }
        if let Err(ended) = link::fill(conn, session).await {
            return ended.into();
        }
    }
}

/// Gives an event to the feed; `false` when the publish is over.
fn take(feed: &mut Feed, event: Event) -> Result<bool, FeedError> {
    let now = link::now().0;
    match event {
        Event::Video { timestamp, body } => feed.media(now, Kind::Video, timestamp, &body)?,
        Event::Audio { timestamp, body } => feed.media(now, Kind::Audio, timestamp, &body)?,
        Event::Data { body, .. } => feed.data(&body),
        Event::Unpublish => return Ok(false),
        // What only players send, and a second publish, which the session refuses by itself.
        _ => {}
    }
    Ok(true)
}

async fn drain(conn: &Conn, session: &mut ServerSession) -> Result<(), Ended> {
    while let Some(output) = session.poll_output() {
        if let Output::Send(bytes) = output {
            link::send(conn, &bytes).await?;
        }
    }
    Ok(())
}
