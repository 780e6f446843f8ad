use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{debug, warn};

use super::execute::Admin;
use super::request::Request;
use super::response::{Fault, Response};
use super::{MAX_CONNECTIONS, MAX_REQUEST, SOCKET_NAME};

/// How long a connection may be silent, and how long it may take to accept an answer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after an accept that failed, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The socket on which a running server takes commands: `control.sock` in the data directory, for the
/// server's own user alone (mode 0600). Removed when it is dropped.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Binds the socket, within a tokio runtime. The caller holds the directory's
    /// [`DataDirLock`](crate::DataDirLock), so a socket that is there is a dead server's.
    pub fn bind(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(SOCKET_NAME);
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("control socket {}: {error}", path.display()))
        };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(named)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(named)?;
        Ok(Self { listener, path })
    }

    /// Serves until the future is dropped.
    pub async fn serve(self, admin: Arc<Admin>) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    warn!("the control socket cannot accept: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = places.clone().try_acquire_owned() else {
                debug!("the control socket has {MAX_CONNECTIONS} connections: one more is closed");
                continue;
            };
            let admin = admin.clone();
            tokio::spawn(async move {
                if let Err(error) = connection(stream, admin).await {
                    debug!("a connection of the control socket ended: {error}");
                }
                drop(place);
            });
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn connection(mut stream: UnixStream, admin: Arc<Admin>) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut read).take(MAX_REQUEST as u64);
        let length = timeout(IDLE_TIMEOUT, limited.read_until(b'\n', &mut line)).await??;
        if length == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') && length == MAX_REQUEST {
            let detail = format!("a request has at most {MAX_REQUEST} bytes");
            answer(&mut write, &refused(detail)).await?;
            return Ok(());
        }
        let response = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => execute(admin.clone(), request).await,
            // serde's message could quote a password.
            Err(_) => refused("not a request that this server knows: is it another version?"),
        };
        answer(&mut write, &response).await?;
    }
}

async fn execute(admin: Arc<Admin>, request: Request) -> Response {
    let executed = tokio::task::spawn_blocking(move || admin.execute(request)).await;
    executed.unwrap_or_else(|_| {
        Response::Fault(Fault::new(
            "internal",
            500,
            "the server failed on this command: see its log",
        ))
    })
}

async fn answer(write: &mut (impl AsyncWriteExt + Unpin), response: &Response) -> io::Result<()> {
    let mut line = serde_json::to_vec(response)?;
    line.push(b'\n');
    timeout(IDLE_TIMEOUT, write.write_all(&line)).await?
}

fn refused(detail: impl Into<String>) -> Response {
    Response::Fault(Fault::new("bad-request", 400, detail))
}
