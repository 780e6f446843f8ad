use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

use crate::{Conn, limits, sys, task};

/// Binds a port that nobody else may have, to find out that it is free.
///
/// The shards' listeners share the port among themselves, so a second server would share it too and
/// steal half of the connections; this bind, without sharing, fails instead. The claim is held until
/// it is dropped; the shards listen after that.
pub fn claim_port(address: SocketAddr) -> io::Result<OwnedFd> {
    sys::listen(address, false)
}

/// A shard's listener on a port that all shards share.
#[derive(Debug)]
pub struct Acceptor {
    /// Only ever polled for readiness; accepting is a plain call.
    listener: monoio::net::TcpStream,
    port: u16,
}

impl Acceptor {
    /// Listens on `address` beside the other shards.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let fd = sys::listen(address, true)?;
        let listener = monoio::net::TcpStream::from_std(TcpStream::from(fd))?;
        Ok(Self { listener, port: address.port() })
    }

    /// Hands every connection to `serve`, until the task that runs this is dropped.
    pub async fn run(self, mut serve: impl FnMut(Conn)) {
        loop {
            if self.listener.readable(false).await.is_err() {
                task::sleep(limits::ACCEPT_BACKOFF).await;
                continue;
            }
            for _ in 0..limits::ACCEPT_BURST {
                match self.accept() {
                    Ok(Some(conn)) => serve(conn),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(port = self.port, %error, "cannot accept a connection");
                        task::sleep(limits::ACCEPT_BACKOFF).await;
                        break;
                    }
                }
            }
            task::yield_now().await;
        }
    }

    fn accept(&self) -> io::Result<Option<Conn>> {
        loop {
            match sys::accept(self.listener.as_raw_fd()) {
                Ok((fd, peer)) => return Conn::new(fd, peer, self.port).map(Some),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Ok(None),
                    // The peer was gone before we took it.
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }
}
