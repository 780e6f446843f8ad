use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;
use tracing::{debug, warn};

/// The most bytes of a request's line and headers together.
const MAX_HEAD: usize = 32 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// The pause after an accept that failed, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// How much clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections; more wait in the listener's backlog.
    pub connections: usize,
    /// How long a client may take for a request's head, and be idle between two requests.
    pub head_timeout: Duration,
    /// How long connections may take to end at shutdown.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_timeout: Duration::from_secs(15),
            drain_timeout: Duration::from_secs(5),
        }
    }
}

/// Who is at the other end of the connection that a request came by.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub std::net::SocketAddr);

/// Serves until `shutdown` is done; then requests that are being answered end, in a bounded time.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let (drain, draining) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            // What has ended is taken out, so that the set holds open connections only.
            Some(_) = connections.join_next() => continue,
            accepted = next => accepted,
        };
        match accepted {
            Some((Ok((stream, peer)), place)) => {
                let connection =
                    connection(stream, Peer(peer), router.clone(), limits, draining.clone());
                connections.spawn(async move {
                    if let Err(error) = connection.await {
                        debug!("a connection of the control port ended: {error}");
                    }
                    drop(place);
                });
            }
            Some((Err(error), _)) => {
                warn!("the control port cannot accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            None => break,
        }
    }
    drop(listener);
    drain.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain_timeout, ended).await.is_err() {
        warn!("{} connections of the control port were cut at shutdown", connections.len());
    }
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    limits: Limits,
    mut draining: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request: hyper::Request<Incoming>| {
                let mut request: Request = request.map(Body::new);
                request.extensions_mut().insert(peer);
                router.clone().oneshot(request)
            }),
        );
    tokio::pin!(connection);
    tokio::select! {
        result = &mut connection => return result.map_err(io::Error::other),
        _ = draining.wait_for(|draining| *draining) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await.map_err(io::Error::other)
}
