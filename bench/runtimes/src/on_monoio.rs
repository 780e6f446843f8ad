//! monoio, on io_uring and on epoll.

use std::io::{self, IoSlice};
use std::net::Ipv4Addr;
use std::rc::Rc;

use libc::iovec;
use monoio::io::AsyncWriteRent;
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};

use crate::options::Serve;
use crate::pattern::{Pattern, Place};
use crate::show::{Show, Sink};
use crate::{Failure, drain};

/// Entries of the ring, as the server has them.
const ENTRIES: u32 = 1024;

struct Connection {
    socket: TcpStream,
    slices: Vec<iovec>,
}

impl Sink for Connection {
    async fn write(
        &mut self,
        batch: &[IoSlice<'static>],
        _: &Pattern,
        _: Place,
    ) -> io::Result<usize> {
        let mut slices = std::mem::take(&mut self.slices);
        slices.clear();
        // The kernel may read these at any later time: they live as long as the program.
        slices.extend(batch.iter().map(|slice| iovec {
            iov_base: slice.as_ptr().cast_mut().cast(),
            iov_len: slice.len(),
        }));
        let (sent, slices) = self.socket.writev(slices).await;
        self.slices = slices;
        sent
    }
}

pub(crate) fn run_uring(serve: &Serve) -> Result<(), Failure> {
    let builder = RuntimeBuilder::<IoUringDriver>::new().with_entries(ENTRIES);
    let mut runtime = builder.enable_timer().build()?;
    runtime.block_on(main(serve))
}

pub(crate) fn run_epoll(serve: &Serve) -> Result<(), Failure> {
    let mut runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build()?;
    runtime.block_on(main(serve))
}

async fn main(serve: &Serve) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let drain = drain::start(serve, listener.local_addr()?)?;
    let show = Show::new();
    for _ in 0..serve.connections {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let connection = Connection { socket, slices: Vec::new() };
        drop(monoio::spawn(Rc::clone(&show).follow(connection)));
    }
    show.run(serve, monoio::time::sleep).await;
    drop(drain);
    Ok(())
}
