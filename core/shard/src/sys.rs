//! System calls that the standard library lacks, made safe.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// The result of a call that returns -1 and sets `errno`.
pub(crate) fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_size(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Reads what is there; `WouldBlock` when nothing is.
pub(crate) fn recv(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length are those of a live, writable slice.
    check_size(unsafe {
        libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), libc::MSG_DONTWAIT)
    })
}

/// Sends as much as the socket takes now; `more` holds the last packet back for what follows.
pub(crate) fn sendmsg(fd: RawFd, slices: &[IoSlice<'_>], more: bool) -> io::Result<usize> {
    let header = message(slices);
    let flags = send_flags() | if more { libc::MSG_MORE } else { 0 };
    // SAFETY: the header points at `slices`, which outlive the call; IoSlice is ABI-compatible with
    // iovec, and the kernel only reads them.
    check_size(unsafe { libc::sendmsg(fd, &raw const header, flags) })
}

/// A message header over these buffers, of which the kernel takes at most `MAX_IOVECS`.
pub(crate) fn message(slices: &[IoSlice<'_>]) -> libc::msghdr {
    // SAFETY: a zeroed msghdr is valid: no name, no buffers, no control data.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = slices.as_ptr().cast_mut().cast();
    header.msg_iovlen = slices.len().min(crate::limits::MAX_IOVECS);
    header
}

/// The flags of every send: never block, never raise SIGPIPE.
pub(crate) fn send_flags() -> i32 {
    libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL
}

/// Moves bytes from a memory file to a non-blocking socket inside the kernel.
pub(crate) fn sendfile(to: RawFd, from: RawFd, offset: u64, count: usize) -> io::Result<usize> {
    let mut offset = offset as libc::off_t;
    // SAFETY: `offset` lives through the call; both descriptors are open by the callers' borrows.
    check_size(unsafe { libc::sendfile(to, from, &raw mut offset, count) })
}

/// Takes a waiting connection, non-blocking and close-on-exec from the start.
pub(crate) fn accept(fd: RawFd) -> io::Result<(OwnedFd, SocketAddr)> {
    // SAFETY: a zeroed sockaddr_storage is valid, and its length is given with it.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let mut length = size_of_val(&storage) as libc::socklen_t;
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: both pointers are to live locals of the sizes told.
    let accepted = unsafe { libc::accept4(fd, (&raw mut storage).cast(), &raw mut length, flags) };
    let accepted = check(accepted)?;
    // SAFETY: accept4 returned a new descriptor that nobody else owns.
    let accepted = unsafe { OwnedFd::from_raw_fd(accepted) };
    Ok((accepted, address(&storage)))
}

fn address(storage: &libc::sockaddr_storage) -> SocketAddr {
    if i32::from(storage.ss_family) == libc::AF_INET6 {
        // SAFETY: the family says that the storage holds a sockaddr_in6.
        let v6 = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
        let ip = std::net::Ipv6Addr::from(v6.sin6_addr.s6_addr);
        return SocketAddr::new(ip.to_canonical(), u16::from_be(v6.sin6_port));
    }
    // SAFETY: we listen on IPv4 and IPv6 only, so this is a sockaddr_in; any bit pattern is a valid
    // one.
    let v4 = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
    let ip = std::net::Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
    SocketAddr::new(ip.into(), u16::from_be(v4.sin_port))
}

/// A listening TCP socket. Of sockets that share a port (one on each shard) the kernel picks one for
/// each connection.
pub(crate) fn listen(address: SocketAddr, shared: bool) -> io::Result<OwnedFd> {
    let family = if address.is_ipv6() { libc::AF_INET6 } else { libc::AF_INET };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: no pointers.
    let fd = check(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: a new descriptor that nobody else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    set_option(&fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    if shared {
        set_option(&fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
    }
    if address.is_ipv6() {
        let only = i32::from(!address.ip().is_unspecified());
        set_option(&fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, only)?;
    }
    bind(&fd, address)?;
    // SAFETY: no pointers; the descriptor is open.
    check(unsafe { libc::listen(fd.as_raw_fd(), crate::limits::BACKLOG) })?;
    Ok(fd)
}

fn bind(fd: &OwnedFd, address: SocketAddr) -> io::Result<()> {
    let result = match address {
        SocketAddr::V4(v4) => {
            let raw = raw_v4(v4);
            let length = size_of_val(&raw) as libc::socklen_t;
            // SAFETY: pointer and length are those of the local.
            unsafe { libc::bind(fd.as_raw_fd(), (&raw const raw).cast(), length) }
        }
        SocketAddr::V6(v6) => {
            let raw = raw_v6(v6);
            let length = size_of_val(&raw) as libc::socklen_t;
            // SAFETY: pointer and length are those of the local.
            unsafe { libc::bind(fd.as_raw_fd(), (&raw const raw).cast(), length) }
        }
    };
    check(result).map(|_| ())
}

fn raw_v4(address: SocketAddrV4) -> libc::sockaddr_in {
    // SAFETY: a zeroed sockaddr_in is valid.
    let mut raw: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    raw.sin_family = libc::AF_INET as libc::sa_family_t;
    raw.sin_port = address.port().to_be();
    raw.sin_addr.s_addr = u32::from(*address.ip()).to_be();
    raw
}

fn raw_v6(address: SocketAddrV6) -> libc::sockaddr_in6 {
    // SAFETY: a zeroed sockaddr_in6 is valid.
    let mut raw: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
    raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
    raw.sin6_port = address.port().to_be();
    raw.sin6_addr.s6_addr = address.ip().octets();
    raw.sin6_scope_id = address.scope_id();
    raw
}

/// A socket on its way to `address`, from the local address `from` where one is given. The way may
/// still be going on: the socket is writable once it is known how it ended.
pub(crate) fn connect(address: SocketAddr, from: Option<IpAddr>) -> io::Result<OwnedFd> {
    let family = if address.is_ipv6() { libc::AF_INET6 } else { libc::AF_INET };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: no pointers.
    let fd = check(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: a new descriptor that nobody else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    if let Some(from) = from {
        // The port is chosen when the peer is known, so that each peer has all ports to itself.
        set_option(&fd, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)?;
        bind(&fd, SocketAddr::new(from, 0))?;
    }
    let result = match address {
        SocketAddr::V4(v4) => {
            let raw = raw_v4(v4);
            let length = size_of_val(&raw) as libc::socklen_t;
            // SAFETY: pointer and length are those of the local.
            unsafe { libc::connect(fd.as_raw_fd(), (&raw const raw).cast(), length) }
        }
        SocketAddr::V6(v6) => {
            let raw = raw_v6(v6);
            let length = size_of_val(&raw) as libc::socklen_t;
            // SAFETY: pointer and length are those of the local.
            unsafe { libc::connect(fd.as_raw_fd(), (&raw const raw).cast(), length) }
        }
    };
    match check(result) {
        Ok(_) => Ok(fd),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(fd),
        Err(error) => Err(error),
    }
}

/// Throws away up to `max` bytes that were received, without copying them.
pub(crate) fn discard(fd: RawFd, max: usize) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: with MSG_TRUNC a TCP socket writes nothing to the buffer (tcp(7)), so it may be null.
    check_size(unsafe { libc::recv(fd, std::ptr::null_mut(), max, flags) })
}

/// Sets an integer socket option.
pub(crate) fn set_option(fd: &impl AsRawFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    let length = size_of_val(&value) as libc::socklen_t;
    let pointer = (&raw const value).cast();
    // SAFETY: the value is a local int of the length told.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, pointer, length) }).map(|_| ())
}

/// Reads an integer socket option.
pub(crate) fn get_option(fd: &impl AsRawFd, level: i32, name: i32) -> io::Result<i32> {
    let mut value = 0_i32;
    let mut length = size_of_val(&value) as libc::socklen_t;
    let pointer = (&raw mut value).cast();
    // SAFETY: the value is a local int of the length told.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, pointer, &raw mut length) })?;
    Ok(value)
}

/// Ends one direction or both: what is queued is still sent, then FIN; waiting polls wake.
pub(crate) fn shutdown(fd: RawFd, how: i32) {
    // SAFETY: no pointers. A failure means that the peer is gone already.
    unsafe { libc::shutdown(fd, how) };
}

/// Another descriptor for the same socket, close-on-exec.
pub(crate) fn duplicate(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    fd.try_clone_to_owned()
}

/// Pins the calling thread to the `index`th of the cores that the process may use (round robin).
pub(crate) fn pin_thread(index: usize) -> io::Result<()> {
    // SAFETY: a zeroed cpu_set_t is the empty set.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let size = size_of_val(&allowed);
    // SAFETY: the set is a local of the size told; 0 is the calling thread.
    check(unsafe { libc::sched_getaffinity(0, size, &raw mut allowed) })?;
    // SAFETY: the indices stay below CPU_SETSIZE, the number of bits of the set.
    let cores: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
        .filter(|&core| unsafe { libc::CPU_ISSET(core, &allowed) })
        .collect();
    let Some(&core) = cores.get(index % cores.len().max(1)) else { return Ok(()) };
    // SAFETY: as above.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `core` came out of a set of the same size.
    unsafe { libc::CPU_SET(core, &mut one) };
    // SAFETY: the set is a local of the size told.
    check(unsafe { libc::sched_setaffinity(0, size, &raw const one) }).map(|_| ())
}

/// Asks for the calling thread to be scheduled before ordinary ones; `false` where that is not
/// allowed.
pub(crate) fn raise_priority() -> bool {
    // SAFETY: no pointers; 0 is the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -20) == 0 }
}

/// Lets every other thread run before the calling one: for encoders beside shards.
pub fn lower_priority() {
    // SAFETY: no pointers; 0 is the calling thread. It is always allowed to step back.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
}

/// CPU time of the calling thread, in microseconds.
pub(crate) fn thread_cpu_micros() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a local timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// Blocks the signals that the control runtime handles on the calling thread and those it starts.
pub fn block_signals() {
    // SAFETY: the set is a local that sigemptyset initialises; the calls only read and write it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGPIPE] {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
}

/// Raises the soft limit of open descriptors to the hard one and returns what is in force.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a local rlimit.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    if limit.rlim_cur < limit.rlim_max {
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: as above.
        check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    }
    Ok(limit.rlim_cur)
}
