//! Reading and writing that all drivers share.

use std::cell::RefCell;
use std::io::IoSlice;
use std::time::Duration;

use rtmp::Millis;
use shard::Conn;

use crate::ended::Ended;

/// How long the server may take to take what we send.
const SEND: Duration = Duration::from_secs(10);
/// How long a connection may be silent: a server that sends nothing for so long is given up.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);
/// Bytes taken from a socket at a time.
const READ: usize = 256 << 10;

thread_local! {
    /// The shard's receive buffer: every connection reads into it, none keeps it.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Now, as RTMP sessions count it.
pub(crate) fn now() -> Millis {
    Millis(shard::millis())
}

/// Gives what is there to `take`; nothing when nothing is.
pub(crate) fn read<T: Default>(
    conn: &Conn,
    take: impl FnOnce(&[u8]) -> Result<T, Ended>,
) -> Result<T, Ended> {
    BUFFER.with_borrow_mut(|buffer| match conn.try_read(buffer)? {
        Some(0) => Err(Ended::closed()),
        Some(count) => take(&buffer[..count]),
        None => Ok(T::default()),
    })
}

/// Waits until there is something to read; gives up after [`SILENCE`].
pub(crate) async fn readable(conn: &Conn) -> Result<(), Ended> {
    let ready = shard::timeout(SILENCE, conn.readable()).await;
    Ok(ready.ok_or_else(|| Ended::late("media"))??)
}

/// Sends all of it.
pub(crate) async fn send(conn: &Conn, bytes: &[u8]) -> Result<(), Ended> {
    // Nearly always there is room at once, and then no timer is needed.
    let sent = conn.try_send(&[IoSlice::new(bytes)])?.unwrap_or(0);
    if sent == bytes.len() {
        return Ok(());
    }
    let rest = shard::timeout(SEND, conn.write_all(&bytes[sent..])).await;
    Ok(rest.ok_or_else(|| Ended::Broken("the server read nothing for 10 s".into()))??)
}
