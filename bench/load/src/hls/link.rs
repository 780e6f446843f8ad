//! A lane's connection: kept from request to request, made anew when the server closed it.

use hlsplay::Want;
use hlsplay::http::{Piece, ResponseError, ResponseReader};
use shard::Conn;

use super::pace::Pace;
use super::stay::{Asked, Stay};
use crate::ended::Ended;
use crate::seat::CONNECT;
use crate::wire;

/// Bytes that are taken of an answer whose body is thrown away, for its head: what is behind it stays
/// in the kernel.
const HEAD: usize = 1024;

/// A connection, as far as there is one, and the request for it.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) request: Asked,
    conn: Option<Conn>,
    /// Where it leads.
    origin: Option<hlsplay::Origin>,
    reader: ResponseReader,
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    More,
    /// It is complete; whether the connection goes on.
    End(bool),
}

impl Link {
    /// Sends the request and gives the player the answer. An error ends the player's stay.
    pub(super) async fn ask(
        &mut self,
        stay: &Stay<'_>,
        lane: usize,
        want: Want,
    ) -> Result<(), Ended> {
        if self.conn.is_some() && self.origin != self.request.origin {
            self.conn = None;
        }
        match self.exchange(stay, lane, want).await {
            Ok(keeps) => {
                if !keeps {
                    self.conn = None;
                }
                stay.complete(lane);
                Ok(())
            }
            Err(ended) => {
                self.conn = None;
                stay.closed(lane, ended)
            }
        }
    }

    /// Whether the connection goes on after the answer.
    async fn exchange(&mut self, stay: &Stay<'_>, lane: usize, want: Want) -> Result<bool, Ended> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.connect(stay).await?,
        };
        let conn = self.conn.insert(conn);
        wire::send(conn, &self.request.bytes).await?;
        let (mut keeps, mut pace) = (None, Pace::new(stay.seat));
        loop {
            pace.wait().await;
            wire::readable(conn).await?;
            // A body in chunks has to be looked through, wanted or not.
            let skips = want == Want::Skip && (keeps.is_none() || self.reader.skippable() > 0);
            let read = if skips {
                skip(stay, lane, conn, &mut self.reader, &mut keeps, pace.most())
            } else {
                wire::read(conn, |bytes| {
                    stay.seat.received(bytes.len());
                    take(stay, lane, &mut self.reader, bytes, &mut keeps)
                })
            };
            match read {
                Ok(Progress::More) => {}
                Ok(Progress::End(keeps)) => return Ok(keeps),
                // The connection's end may be the answer's.
                Err(ended) => return self.reader.closed().map(|()| false).map_err(|_| ended),
            }
        }
    }

    async fn connect(&mut self, stay: &Stay<'_>) -> Result<Conn, Ended> {
        self.reader = ResponseReader::default();
        self.origin.clone_from(&self.request.origin);
        let address = match &self.origin {
            Some(origin) => stay.address(origin)?,
            None => stay.seat.target().address,
        };
        if address == stay.seat.target().address {
            return stay.seat.connect().await;
        }
        let conn = shard::timeout(CONNECT, Conn::connect(address, None)).await;
        Ok(conn.ok_or_else(|| Ended::late("connection"))??)
    }
}

/// Gives the player what was read. `keeps` becomes known with the head: whether the connection goes on
/// after the answer.
fn take(
    stay: &Stay<'_>,
    lane: usize,
    reader: &mut ResponseReader,
    mut bytes: &[u8],
    keeps: &mut Option<bool>,
) -> Result<Progress, Ended> {
    loop {
        match reader.next(&mut bytes)? {
            Piece::Head(head) => {
                *keeps = Some(head.keep_alive);
                stay.answered(lane, &head);
            }
            Piece::Body(body) => stay.body(lane, body),
            // What is behind an answer that nobody asked for makes the connection useless.
            Piece::End => return Ok(Progress::End(*keeps == Some(true) && bytes.is_empty())),
            Piece::More => return Ok(Progress::More),
        }
    }
}

/// Reads the head, and lets the kernel throw the body away.
fn skip(
    stay: &Stay<'_>,
    lane: usize,
    conn: &Conn,
    reader: &mut ResponseReader,
    keeps: &mut Option<bool>,
    most: usize,
) -> Result<Progress, Ended> {
    let left = usize::try_from(reader.skippable()).unwrap_or(usize::MAX).min(most);
    if left == 0 {
        let mut head = [0; HEAD];
        let Some(count) = conn.try_read(&mut head)? else { return Ok(Progress::More) };
        if count == 0 {
            return Err(Ended::closed());
        }
        stay.seat.received(count);
        return take(stay, lane, reader, &head[..count], keeps);
    }
    match conn.discard(left)? {
        None => Ok(Progress::More),
        Some(0) => Err(Ended::closed()),
        Some(count) => {
            stay.seat.count_bytes(count);
            reader.skip(count as u64);
            take(stay, lane, reader, &[], keeps)
        }
    }
}

impl From<ResponseError> for Ended {
    fn from(error: ResponseError) -> Self {
        Self::Broken(error.to_string())
    }
}
