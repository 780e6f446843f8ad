//! The receiving end, a process of its own: the kernel throws away what arrives, so that receiving is not
//! what is measured.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::options::{Drain, Serve};
use crate::{Failure, machine};

const EVERY: Duration = Duration::from_millis(100);
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

/// Connects, and receives until the server closes.
pub(crate) fn run(drain: &Drain) -> Result<(), Failure> {
    machine::raise_descriptor_limit()?;
    machine::pin(drain.cpu)?;
    let connect = |_| TcpStream::connect(drain.address);
    let mut sockets = (0..drain.connections).map(connect).collect::<Result<Vec<_>, _>>()?;
    let mut buffer = vec![0; MOST];
    let flags = RecvFlags::TRUNC | RecvFlags::DONTWAIT;
    while !sockets.is_empty() {
        std::thread::sleep(EVERY);
        sockets.retain(|socket| match recv(socket, &mut buffer[..], flags) {
            Ok((_, received)) => received > 0,
            Err(error) => error == Errno::AGAIN || error == Errno::INTR,
        });
    }
    Ok(())
}
