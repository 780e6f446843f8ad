use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use crate::{Conn, sys};

impl Conn {
    /// Connects to `address`, from the local address `from` where one is given; wrap it in a
    /// time-out. `TCP_NODELAY` is set.
    ///
    /// Errors are those of the system, such as `ConnectionRefused`, or `AddrNotAvailable` when there
    /// is no port left from this address.
    pub async fn connect(address: SocketAddr, from: Option<IpAddr>) -> io::Result<Self> {
        let fd = sys::connect(address, from)?;
        let raw = fd.as_raw_fd();
        let conn = Self::new(fd, address, address.port())?;
        // A failure of the poll is told by the socket too, and more exactly.
        let ready = conn.writable().await;
        match sys::get_option(&raw, libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => ready.map(|()| conn),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}
