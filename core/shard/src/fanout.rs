use std::io::{self, IoSlice};

use io_uring::{IoUring, opcode, types};

use crate::{Conn, Driver, MemFile, MemView, limits, sys};

/// Sends the same bytes to many connections: small batches on io_uring with one system call for up to
/// [`limits::FANOUT_BATCH`] of them, large ones out of a memory file whose pages all sockets share.
/// Nothing waits: each send takes what its socket has room for.
pub struct Fanout {
    ring: Option<IoUring>,
    stage: Option<Stage>,
}

/// The memory file that large batches are sent from. A page is never written twice, because sockets
/// hold what is on its way and what may have to be sent again.
struct Stage {
    file: MemFile,
    /// Where the bytes begin that are not given back yet.
    kept: u64,
}

impl std::fmt::Debug for Fanout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fanout").field("ring", &self.ring.is_some()).finish_non_exhaustive()
    }
}

impl Fanout {
    /// With a ring of its own on io_uring; plain system calls on epoll or when no ring is to be had.
    pub fn new(driver: Driver) -> Self {
        let ring = match driver {
            Driver::IoUring => ring().ok(),
            Driver::Epoll => None,
        };
        let stage = MemFile::new().ok().map(|file| Stage { file, kept: 0 });
        Self { ring, stage }
    }

    /// Sends `slices` to each connection; `done` is told its index and how much went out, `None` for
    /// a socket without room.
    pub fn send<'a>(
        &mut self,
        slices: &[IoSlice<'_>],
        conns: impl Iterator<Item = (usize, &'a Conn)> + Clone,
        mut done: impl FnMut(usize, io::Result<Option<usize>>),
    ) {
        let len = slices.iter().map(|slice| slice.len()).sum();
        if len >= limits::STAGED_BYTES
            && conns.clone().nth(limits::STAGED_CONNS - 1).is_some()
            && let Some((file, offset)) = self.stage(slices)
        {
            for (index, conn) in conns {
                done(index, conn.try_send_file(&file, offset, len));
            }
            return;
        }
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

    /// Stages a batch; `None`, now and ever after, when the system has no memory for it.
    fn stage(&mut self, slices: &[IoSlice<'_>]) -> Option<(MemView, u64)> {
        match self.stage.as_mut()?.put(slices) {
            Ok(staged) => Some(staged),
            Err(error) => {
                tracing::warn!(%error, "large batches are copied for each viewer from now on");
                self.stage = None;
                None
            }
        }
    }
}

impl Stage {
    fn put(&mut self, slices: &[IoSlice<'_>]) -> io::Result<(MemView, u64)> {
        let offset = self.file.append_slices(&mut slices.to_vec())?;
        if offset - self.kept >= limits::STAGE_KEPT {
            // What lies before this batch was sent.
            self.file.punch(self.kept, offset - self.kept)?;
            self.kept = offset;
        }
        Ok((self.file.view(), offset))
    }
}

fn ring() -> io::Result<IoUring> {
    let mut patient = IoUring::builder();
    patient.setup_coop_taskrun().setup_single_issuer();
    patient.build(limits::FANOUT_BATCH).or_else(|_| IoUring::new(limits::FANOUT_BATCH))
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
