//! An RTMP publisher: the session's media events go into the feed, one wake of the stream's readers
//! for each read of the socket.

use std::rc::Rc;
use std::time::Duration;

use link::Ended;
use media::Kind;
use rtmp::Output;
use rtmp::server::{Event, PublishRefusal, ServerSession};
use shard::Conn;
use stream::control::StopReason;

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
    /// It was told to go.
    #[error("{0}")]
    Revoked(StopReason),
}

/// Runs an accepted publish until it is over.
pub async fn publish(conn: Rc<Conn>, mut session: ServerSession, mut feed: Feed) -> Left {
    let left = pump(&conn, &mut session, &mut feed).await;
    if let Some(reason) = feed.revoked() {
        // Told in the protocol's own words if the connection still takes them.
        session.end_publish(&farewell(reason));
        drop(shard::timeout(FAREWELL, drain(&conn, &mut session)).await);
        return Left::Revoked(reason);
    }
    left
}

/// What the person at the encoder is told, and what to do about it.
fn farewell(reason: StopReason) -> PublishRefusal {
    let advice = match reason {
        StopReason::Disabled => " Ask the server's administrator.",
        StopReason::KeyReplaced => " Enter the new key in your encoder's settings.",
        StopReason::Cut | StopReason::Ending => " Connect again.",
        StopReason::Taken | StopReason::Removed | StopReason::Stopped => "",
    };
    let mut text = format!("{reason}.{advice}");
    text[..1].make_ascii_uppercase();
    match reason {
        StopReason::Taken => PublishRefusal::BadName(text),
        _ => PublishRefusal::Denied(text),
    }
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
        if let Some(reason) = feed.revoked() {
            return Left::Revoked(reason);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_told_why_it_must_go_and_what_to_do() {
        let told = farewell(StopReason::KeyReplaced);
        let text = "The stream key was replaced. Enter the new key in your encoder's settings.";
        assert_eq!(told, PublishRefusal::Denied(text.into()));
        let told = farewell(StopReason::Taken);
        assert_eq!(told, PublishRefusal::BadName("Another publisher took the stream over.".into()));
        assert!(
            matches!(farewell(StopReason::Stopped), PublishRefusal::Denied(text) if text == "The stream was stopped.")
        );
    }
}
