//! An RTMP session on a shard's connection: the reading that the port, publishers and players share.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use rtmp::server::ServerSession;
use rtmp::{Limits, Millis, RANDOM_LEN};
use shard::Conn;

/// How long a message may wait for room in the peer's socket.
const SEND: Duration = Duration::from_secs(10);
/// How long a peer may take to close its side after our last words.
const FAREWELL: Duration = Duration::from_secs(2);
/// Bytes taken from the socket at a time.
const READ: usize = 64 << 10;

thread_local! {
    /// The shard's receive buffer: every connection reads into it, none keeps it.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The peer closed it.
    #[error("the peer closed the connection")]
    Closed,
    /// The network broke it.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The peer broke the protocol or its time limits.
    #[error(transparent)]
    Peer(#[from] rtmp::Error),
    /// The peer took nothing of what we sent.
    #[error("the peer read nothing for {} s", SEND.as_secs())]
    Stuck,
}

/// Now, as sessions count it.
pub fn now() -> Millis {
    Millis(shard::millis())
}

/// A session for a connection that was just accepted.
pub fn accept(random: [u8; RANDOM_LEN]) -> ServerSession {
    ServerSession::new(Limits::default(), now(), random)
}

/// Waits for input (or for the session's time limit) and gives it to the session, whose outputs are
/// then to be taken.
pub async fn fill(conn: &Conn, session: &mut ServerSession) -> Result<(), Ended> {
    let readable = match session.next_timeout() {
        Some(due) => {
            let patience = Duration::from_millis(due.0.saturating_sub(now().0));
            shard::timeout(patience, conn.readable()).await
        }
        None => Some(conn.readable().await),
    };
    match readable {
        None => session.handle_timeout(now())?,
        Some(readable) => {
            readable?;
            BUFFER.with_borrow_mut(|buffer| match conn.try_read(buffer)? {
                Some(0) => Err(Ended::Closed),
                Some(count) => Ok(session.handle_input(now(), &buffer[..count])?),
                None => Ok(()),
            })?;
        }
    }
    Ok(())
}

/// Sends what the session wants sent.
pub async fn send(conn: &Conn, bytes: &[u8]) -> Result<(), Ended> {
    let sent = shard::timeout(SEND, conn.write_all(bytes)).await;
    Ok(sent.ok_or(Ended::Stuck)??)
}

/// Ends our side and reads on for a moment: closing at once with unread input would reset the
/// connection before the peer has read our last words.
pub async fn linger(conn: &Conn) {
    conn.finish();
    let drained = async {
        while conn.readable().await.is_ok() {
            let read = BUFFER.with_borrow_mut(|buffer| conn.try_read(buffer));
            if matches!(read, Ok(Some(0)) | Err(_)) {
                break;
            }
        }
    };
    shard::timeout(FAREWELL, drained).await;
}
