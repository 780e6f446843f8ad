use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::execute::Admin;
use super::request::Request;
use super::response::Response;
use super::{MAX_RESPONSE, SOCKET_NAME};
use crate::{DataDirLock, LockError};

/// How long a server may take for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long [`run`] waits for a server that has the data directory but no socket yet.
const START_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY_EVERY: Duration = Duration::from_millis(100);

/// Why a running server did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Nobody listens on the socket.
    #[error("no server runs on this DATA_DIR")]
    NoServer,
    /// The socket failed, or belongs to somebody else.
    #[error("the server's control socket failed: {0}")]
    Io(#[from] io::Error),
    /// The answer is not one of this version.
    #[error(
        "the server gave an answer that this program does not understand: is it another version?"
    )]
    Answer,
}

/// Why a command was not executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A server runs but did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A server has the data directory without listening, or the directory cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No server runs, and the database cannot be opened.
    #[error("{0}")]
    Open(Box<dyn std::error::Error + Send + Sync>),
}

/// Sends a command to the server that listens on the socket and waits for its answer. Blocks.
pub fn call(socket: &Path, request: &Request) -> Result<Response, CallError> {
    let mut stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => CallError::NoServer,
        _ => CallError::Io(error),
    })?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    let mut line = serde_json::to_vec(request).map_err(io::Error::from)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    BufReader::new(stream).take(MAX_RESPONSE as u64).read_until(b'\n', &mut answer)?;
    if answer.is_empty() {
        let reason = "closed without an answer (too many administrators at once?)";
        return Err(io::Error::new(ErrorKind::UnexpectedEof, reason).into());
    }
    serde_json::from_slice(&answer).map_err(|_| CallError::Answer)
}

/// Executes a command: by the server that runs on `data_dir`, else on the database that `open` opens,
/// with the directory locked meanwhile so that no server starts. Blocks.
pub fn run(
    data_dir: &Path,
    request: Request,
    open: impl FnOnce() -> Result<Admin, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Response, RunError> {
    let give_up = Instant::now() + START_TIMEOUT;
    loop {
        match call(&data_dir.join(SOCKET_NAME), &request) {
            Err(CallError::NoServer) => {}
            other => return Ok(other?),
        }
        match DataDirLock::acquire(data_dir) {
            Ok(_lock) => return Ok(open().map_err(RunError::Open)?.execute(request)),
            // A server is starting, or another command is at work.
            Err(LockError::InUse { .. }) if Instant::now() < give_up => thread::sleep(RETRY_EVERY),
            Err(error) => return Err(error.into()),
        }
    }
}
