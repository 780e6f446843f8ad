use std::io::{self, IoSlice};

use io_uring::{IoUring, opcode, types};

use crate::{Conn, Driver, limits, sys};

/// Sends the same bytes to many connections, on io_uring with one system call for up to
/// [`limits::FANOUT_BATCH`] of them. Nothing waits: each send takes what its socket has room for.
pub struct Fanout {
    ring: Option<IoUring>,
}

impl std::fmt::Debug for Fanout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fanout").field("ring", &self.ring.is_some()).finish()
    }
}

impl Fanout {
    /// With a ring of its own on io_uring; plain system calls on epoll or when no ring is to be had.
    pub fn new(driver: Driver) -> Self {
        let ring = match driver {
            Driver::IoUring => IoUring::new(limits::FANOUT_BATCH).ok(),
            Driver::Epoll => None,
        };
        Self { ring }
    }

    /// Sends `slices` to each connection; `done` is told its index and how much went out, `None` for
    /// a socket without room.
    pub fn send<'a>(
        &mut self,
        slices: &[IoSlice<'_>],
        conns: impl Iterator<Item = (usize, &'a Conn)>,
        mut done: impl FnMut(usize, io::Result<Option<usize>>),
    ) {
        let Some(ring) = &mut self.ring else {
            for (index, conn) in conns {
                done(index, conn.try_send(slices));
            }
            return;
        };
        let message = sys::message(slices);
        let mut queued = 0;
        for (index, conn) in conns {
            let send = opcode::SendMsg::new(types::Fd(conn.fd()), &raw const message)
                .flags(sys::send_flags() as u32)
                .build()
                .user_data(index as u64);
            // SAFETY: `message` and the buffers it points at outlive the request, because `drain`
            // waits for every completion before this function returns; the descriptor is that of a
            // borrowed, open connection.
            if unsafe { ring.submission().push(&send) }.is_err() {
                // Cannot happen: the queue is drained when it is full. Send it plainly.
                done(index, conn.try_send(slices));
                continue;
            }
            queued += 1;
            if queued == limits::FANOUT_BATCH {
                drain(ring, queued, &mut done);
                queued = 0;
            }
        }
        if queued > 0 {
            drain(ring, queued, &mut done);
        }
    }
}

/// Submits what is queued and takes exactly as many completions. Sends that may not wait complete
/// during the submission.
fn drain(ring: &mut IoUring, queued: u32, done: &mut impl FnMut(usize, io::Result<Option<usize>>)) {
    let mut left = queued;
    while left > 0 {
        if let Err(error) = ring.submit_and_wait(left as usize) {
            let again = [libc::EINTR, libc::EAGAIN, libc::EBUSY];
            if !error.raw_os_error().is_some_and(|code| again.contains(&code)) {
                // The kernel may still read the buffers, so unwinding would free them under it.
                tracing::error!(%error, "the send ring is broken");
                std::process::abort();
            }
        }
        for completion in ring.completion() {
            left -= 1;
            let result = completion.result();
            let sent = match usize::try_from(result) {
                Ok(sent) => Ok(Some(sent)),
                Err(_) if result == -libc::EAGAIN || result == -libc::EINTR => Ok(None),
                Err(_) => Err(io::Error::from_raw_os_error(-result)),
            };
            done(completion.user_data() as usize, sent);
        }
    }
}
