//! A client that waits: for what comes before a run and after it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail};

use super::call::{Answer, Call, Place, Reading};
use crate::ended::Ended;
use crate::target;

/// How long the server may take for a connection, and be silent before its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a request is sent in all when its answer is lost.
const TRIES: u32 = 3;
/// Between two of these.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection to the API that is made again when it breaks.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) place: Place,
    pub(crate) address: SocketAddr,
    conn: Option<TcpStream>,
}

impl Client {
    /// Resolves the host.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let place = Place::parse(url)?;
        let address = target::resolve(&place.origin.host, place.origin.port)?;
        Ok(Self { place, address, conn: None })
    }

    /// Asks, and asks again after a pause when no answer came and the request may be repeated.
    pub(crate) fn ask(&mut self, call: &Call, token: Option<&str>) -> Result<Answer> {
        let bytes = call.bytes(&self.place, token);
        let tries = if call.may_repeat() { TRIES } else { 1 };
        let mut attempt = 0;
        loop {
            attempt += 1;
            // A kept connection may have been closed meanwhile, which says nothing.
            let kept = self.conn.is_some();
            match self.exchange(&bytes) {
                Ok(answer) => return Ok(answer),
                Err(_) if kept && call.may_repeat() => {}
                Err(_) if attempt < tries => std::thread::sleep(PAUSE),
                Err(ended) => {
                    bail!("{} {} at {}: {ended}", call.method, call.path, self.place);
                }
            }
        }
    }

    /// Begins with a connection of its own: for a request that must not be sent twice.
    pub(crate) fn ask_once(&mut self, call: &Call, token: Option<&str>) -> Result<Answer> {
        self.conn = None;
        self.ask(call, token)
    }

    fn exchange(&mut self, bytes: &[u8]) -> Result<Answer, Ended> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.connect()?,
        };
        conn.write_all(bytes)?;
        let (mut reading, mut buffer) = (Reading::default(), [0; 16 << 10]);
        let answer = loop {
            let count = match conn.read(&mut buffer) {
                Ok(0) => return reading.closed().ok_or_else(Ended::closed),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Err(Ended::late("answer"));
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(answer) = reading.take(&buffer[..count])? {
                break answer;
            }
        };
        self.conn = answer.keeps.then_some(conn);
        Ok(answer)
    }

    fn connect(&self) -> Result<TcpStream, Ended> {
        let conn = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        conn.set_nodelay(true)?;
        conn.set_read_timeout(Some(PATIENCE))?;
        conn.set_write_timeout(Some(PATIENCE))?;
        Ok(conn)
    }
}
