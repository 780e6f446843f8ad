//! The receiving end, a process of its own: the kernel throws away what arrives, so that receiving is not
//! what is measured.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};

use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::options::{Drain, Serve};
use crate::{Failure, machine};

/// Bytes thrown away at a time; nothing is ever written there.
const MOST: usize = 1 << 20;

/// A drain that ends with this value.
pub(crate) struct Started(Child);

/// Starts a drain for a server that listens on `address`.
pub(crate) fn start(serve: &Serve, address: SocketAddr) -> Result<Started, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("drain").args(["--address", &address.to_string()]);
    command.args(["--connections", &serve.connections.to_string()]);
    command.args(["--cpu", &serve.client_cpu.to_string()]);
    Ok(Started(command.spawn()?))
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Connects, and receives at once what comes until the server closes, as players do: a kernel whose program
/// reads late acknowledges late, and the server's kernel then joins messages.
pub(crate) fn run(drain: &Drain) -> Result<(), Failure> {
    machine::raise_descriptor_limit()?;
    machine::pin(drain.cpu)?;
    let connect = |_| TcpStream::connect(drain.address).map(Some);
    let mut sockets = (0..drain.connections).map(connect).collect::<Result<Vec<_>, _>>()?;
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, socket) in sockets.iter().flatten().enumerate() {
        epoll::add(&poll, socket, epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN)?;
    }
    let mut open = sockets.len();
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; MOST];
    let flags = RecvFlags::TRUNC | RecvFlags::DONTWAIT;
    while open > 0 {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let socket = &mut sockets[event.data.u64() as usize];
            let ended = socket.as_ref().is_some_and(|socket| match recv(socket, &mut buffer[..], flags) {
                Ok((_, received)) => received == 0,
                Err(error) => error != Errno::AGAIN && error != Errno::INTR,
            });
            if ended {
                *socket = None;
                open -= 1;
            }
        }
    }
    Ok(())
}
