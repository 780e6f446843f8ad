//! Connections to a port of this machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

/// The least that the kernel makes of a receive buffer's size.
const NARROW: usize = 4096;

pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
}

/// From another of this machine's loopback addresses, such as 127.0.0.2.
pub(crate) fn connect_from(source: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    connect_socket(socket, port)
}

/// With a receive buffer of a few kilobytes.
pub(crate) fn connect_narrow(port: u16) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(NARROW)?;
    connect_socket(socket, port)
}

fn connect_socket(socket: Socket, port: u16) -> io::Result<TcpStream> {
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket.into())
}
