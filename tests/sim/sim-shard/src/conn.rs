use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::task::Poll;

use crate::MemView;
use crate::kernel::{Kernel, with};
use crate::net::{Link, wait};

/// The server's end of a connection, on this shard.
#[derive(Debug)]
pub struct Conn {
    socket: Socket,
    peer: SocketAddr,
    port: u16,
}

/// A connection on its way to another shard.
#[derive(Debug)]
pub struct Handoff {
    socket: Socket,
}

/// Closes the server's end when it is dropped.
#[derive(Debug)]
struct Socket(u64);

impl Drop for Socket {
    fn drop(&mut self) {
        with(|kernel| kernel.net.close_server(self.0, kernel.now));
    }
}

impl Conn {
    pub(crate) fn attach(link: u64) -> Self {
        Self::from_socket(Socket(link))
    }

    fn from_socket(socket: Socket) -> Self {
        let nobody = (SocketAddr::from(([0, 0, 0, 0], 0)), 0);
        let ends = with(|kernel| kernel.net.link(socket.0).map(|link| (link.peer, link.port)));
        let (peer, port) = ends.unwrap_or(nobody);
        Self { socket, peer, port }
    }

    /// The peer's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The port that the peer connected to.
    pub fn local_port(&self) -> u16 {
        self.port
    }

    /// Fails when the connection is gone; the buffers are the simulator's choice.
    pub fn cap_send_buffer(&self, bytes: usize) -> io::Result<usize> {
        self.act(|_, _| Ok(bytes))
    }

    /// As [`Conn::cap_send_buffer`].
    pub fn cap_unsent(&self, _bytes: u32) -> io::Result<()> {
        self.act(|_, _| Ok(()))
    }

    /// Reads what is there: `None` when nothing is yet, `Some(0)` at the end.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.act(|_, link| {
            let count = link.up.read(buffer);
            match count {
                0 if link.server.broken => Err(io::ErrorKind::ConnectionReset.into()),
                0 if link.up.ended || link.server.shut_read => Ok(Some(0)),
                0 => Ok(None),
                count => Ok(Some(count)),
            }
        })
    }

    /// Waits until there is something to read, or the connection ended.
    pub async fn readable(&self) -> io::Result<()> {
        poll_fn(|context| {
            let ready = self.act(|kernel, link| {
                let side = &mut link.server;
                let ended = link.up.ended || side.shut_read || side.broken;
                if !ended && link.up.unread() == 0 {
                    wait(&mut side.readers, context.waker(), kernel.driver);
                    return Ok(false);
                }
                Ok(true)
            });
            if matches!(ready, Ok(false)) { Poll::Pending } else { Poll::Ready(Ok(())) }
        })
        .await
    }

    /// Sends as much as the socket takes now: `None` when it takes nothing.
    pub fn try_send(&self, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        let parts: Vec<&[u8]> = slices.iter().map(|slice| &**slice).collect();
        self.send(&parts)
    }

    /// As [`Conn::try_send`].
    pub fn try_send_more(&self, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        self.try_send(slices)
    }

    /// Sends a part of a memory file: `None` when the socket takes nothing now.
    pub fn try_send_file(
        &self,
        file: &MemView,
        offset: u64,
        len: usize,
    ) -> io::Result<Option<usize>> {
        let bytes = file.read(offset, len, <[u8]>::to_vec);
        if bytes.is_empty() { Ok(Some(0)) } else { self.send(&[&bytes]) }
    }

    /// Waits until the socket takes more.
    pub async fn writable(&self) -> io::Result<()> {
        poll_fn(|context| {
            let ready = self.act(|kernel, link| {
                let side = &mut link.server;
                if !side.broken && !side.shut_write && !link.down.has_room() {
                    wait(&mut side.writers, context.waker(), kernel.driver);
                    return Ok(false);
                }
                Ok(true)
            });
            if matches!(ready, Ok(false)) { Poll::Pending } else { Poll::Ready(Ok(())) }
        })
        .await
    }

    /// Sends all of `bytes`, waiting as needed.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.send(&[bytes])? {
                Some(sent) => bytes = &bytes[sent..],
                None => self.writable().await?,
            }
        }
        Ok(())
    }

    /// Sends `head` and then a part of a memory file.
    pub async fn write_file(
        &self,
        head: &[u8],
        file: &MemView,
        mut offset: u64,
        mut len: u64,
    ) -> io::Result<()> {
        self.write_all(head).await?;
        while len > 0 {
            match self.try_send_file(file, offset, len as usize)? {
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

    /// Ends the connection now: what was sent still leaves, and whoever waits for this connection wakes.
    pub fn close(&self) {
        self.shut(true, true);
    }

    /// Ends our direction: the peer reads the end once it has read what was sent.
    pub fn finish(&self) {
        self.shut(false, true);
    }

    /// Ends the peer's direction: whoever reads this connection wakes at its end and may still send.
    pub fn interrupt(&self) {
        self.shut(true, false);
    }

    /// Takes the connection off this shard, so that another can adopt it.
    pub fn hand_off(self) -> io::Result<Handoff> {
        Ok(Handoff { socket: self.socket })
    }

    fn send(&self, parts: &[&[u8]]) -> io::Result<Option<usize>> {
        self.act(|kernel, link| {
            if link.server.broken || link.server.shut_write {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let taken = link.down.send(kernel.now, parts, kernel.rng);
            let none = taken == 0 && parts.iter().any(|part| !part.is_empty());
            Ok((!none).then_some(taken))
        })
    }

    fn shut(&self, read: bool, write: bool) {
        drop(self.act(|kernel, link| {
            link.shut_server(read, write, kernel.now);
            Ok(())
        }));
    }

    fn act<R>(&self, act: impl FnOnce(Around<'_>, &mut Link) -> io::Result<R>) -> io::Result<R> {
        with(|kernel| {
            let Kernel { now, driver, rng, net, .. } = kernel;
            let link = net.link(self.socket.0).ok_or(io::ErrorKind::NotConnected)?;
            act(Around { now: *now, driver: *driver, rng }, link)
        })
    }
}

/// What an operation on a connection needs of the machine around it.
struct Around<'a> {
    now: u64,
    driver: crate::Driver,
    rng: &'a mut crate::Rng,
}

impl Handoff {
    /// Takes the connection onto the calling shard.
    pub fn adopt(self) -> io::Result<Conn> {
        Ok(Conn::from_socket(self.socket))
    }
}
