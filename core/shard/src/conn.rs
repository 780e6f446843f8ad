use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::pin;
use std::task::Poll;

use crate::{MemView, sys, task};

/// A TCP connection on this shard.
///
/// Reads and writes are plain non-blocking calls; [`Conn::readable`] and [`Conn::writable`] wait. One
/// task at a time may wait for each direction. Dropping it closes the connection.
#[derive(Debug)]
pub struct Conn {
    socket: monoio::net::TcpStream,
    peer: SocketAddr,
    local_port: u16,
    open: bool,
}

/// A connection on its way to another shard.
#[derive(Debug)]
pub struct Handoff {
    fd: OwnedFd,
    peer: SocketAddr,
    local_port: u16,
}

impl Conn {
    /// Takes a non-blocking socket. `TCP_NODELAY` is set: what we send is whole messages.
    pub(crate) fn new(fd: OwnedFd, peer: SocketAddr, local_port: u16) -> io::Result<Self> {
        sys::set_option(&fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1)?;
        Self::attach(fd, peer, local_port)
    }

    fn attach(fd: OwnedFd, peer: SocketAddr, local_port: u16) -> io::Result<Self> {
        let socket = monoio::net::TcpStream::from_std(TcpStream::from(fd))?;
        Ok(Self { socket, peer, local_port, open: true })
    }

    /// The peer's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The port that the peer connected to.
    pub fn local_port(&self) -> u16 {
        self.local_port
    }

    /// Caps the kernel's send buffer at `bytes` (at least 64 KiB), so that a slow viewer holds that
    /// much and no more; returns what the kernel made of it.
    pub fn cap_send_buffer(&self, bytes: usize) -> io::Result<usize> {
        // The kernel doubles the value, for its own bookkeeping.
        let half = (bytes / 2).clamp(32 << 10, 1 << 24) as i32;
        sys::set_option(&self.socket, libc::SOL_SOCKET, libc::SO_SNDBUF, half)?;
        Ok(sys::get_option(&self.socket, libc::SOL_SOCKET, libc::SO_SNDBUF)? as usize)
    }

    /// Keeps at most `bytes` unsent in the kernel: the rest waits in the file it comes from.
    pub fn cap_unsent(&self, bytes: u32) -> io::Result<()> {
        sys::set_option(&self.socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, bytes as i32)
    }

    /// Gives the peer up when it acknowledges nothing for `ms`, so that a cut line is noticed.
    pub fn set_user_timeout(&self, ms: u32) -> io::Result<()> {
        sys::set_option(&self.socket, libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, ms as i32)
    }

    /// Reads what is there: `None` when nothing is yet, `Some(0)` at the end.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        unblocked(sys::recv(self.fd(), buffer))
    }

    /// Throws away up to `max` bytes of what is there, inside the kernel; results as
    /// [`Conn::try_read`].
    pub fn discard(&self, max: usize) -> io::Result<Option<usize>> {
        unblocked(sys::discard(self.fd(), max))
    }

    /// Waits until there is something to read, or the connection ended. Other ready tasks run meanwhile,
    /// also when something is there already: who reads in a loop does not keep the shard from the rest.
    pub async fn readable(&self) -> io::Result<()> {
        let mut ready = pin!(self.socket.readable(false));
        // On epoll what is there is known at once, without a wait in which others would run.
        let at_once = poll_fn(|cx| match ready.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        match at_once.await {
            Some(done) => {
                task::yield_now().await;
                done
            }
            None => ready.await,
        }
    }

    /// Sends as much as the socket takes now: `None` when it takes nothing.
    pub fn try_send(&self, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        unblocked(sys::sendmsg(self.fd(), slices, false))
    }

    /// As [`Conn::try_send`], holding the last packet back for what follows at once.
    pub fn try_send_more(&self, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        unblocked(sys::sendmsg(self.fd(), slices, true))
    }

    /// Sends a part of a memory file without a copy in user space: `None` when the socket takes
    /// nothing now.
    pub fn try_send_file(
        &self,
        file: &MemView,
        offset: u64,
        len: usize,
    ) -> io::Result<Option<usize>> {
        unblocked(sys::sendfile(self.fd(), file.raw_fd(), offset, len))
    }

    /// Waits until the socket takes more.
    pub async fn writable(&self) -> io::Result<()> {
        self.socket.writable(false).await
    }

    /// Sends all of `bytes`, waiting as needed; wrap it in a time-out.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.try_send(&[IoSlice::new(bytes)])? {
                Some(sent) => bytes = &bytes[sent..],
                None => self.writable().await?,
            }
        }
        Ok(())
    }

    /// Sends `head` and then a part of a memory file, in as few packets as possible; wrap it in a
    /// time-out.
    pub async fn write_file(
        &self,
        mut head: &[u8],
        file: &MemView,
        mut offset: u64,
        mut len: u64,
    ) -> io::Result<()> {
        while !head.is_empty() {
            match self.try_send_more(&[IoSlice::new(head)])? {
                Some(sent) => head = &head[sent..],
                None => self.writable().await?,
            }
        }
        while len > 0 {
            match self.try_send_file(file, offset, len.min(1 << 30) as usize)? {
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(sent) => {
                    offset += sent as u64;
                    len -= sent as u64;
                }
                None => self.writable().await?,
            }
        }
        Ok(())
    }

    /// Ends the connection now: what is queued in the kernel is still sent, and whoever waits for
    /// this connection wakes.
    pub fn close(&self) {
        sys::shutdown(self.fd(), libc::SHUT_RDWR);
    }

    /// Ends our direction: the peer reads the end once it has read what was sent.
    pub fn finish(&self) {
        sys::shutdown(self.fd(), libc::SHUT_WR);
    }

    /// Ends the peer's direction: whoever reads this connection wakes at its end and may still send.
    pub fn interrupt(&self) {
        sys::shutdown(self.fd(), libc::SHUT_RD);
    }

    /// Takes the connection off this shard, so that another can adopt it.
    pub fn hand_off(mut self) -> io::Result<Handoff> {
        // A cancelled poll may still hold the runtime's descriptor for a moment, so the socket
        // travels under a second one.
        // SAFETY: the descriptor is open as long as `self.socket` lives.
        let fd = sys::duplicate(unsafe { BorrowedFd::borrow_raw(self.fd()) })?;
        self.open = false;
        Ok(Handoff { fd, peer: self.peer, local_port: self.local_port })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        // A poll that is still in the ring keeps the socket alive; shutting down ends it at once.
        if self.open {
            sys::shutdown(self.fd(), libc::SHUT_RDWR);
        }
    }
}

impl Handoff {
    /// Takes the connection onto the calling shard.
    pub fn adopt(self) -> io::Result<Conn> {
        Conn::attach(self.fd, self.peer, self.local_port)
    }
}

/// Tells "nothing now" apart from failure.
fn unblocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}
