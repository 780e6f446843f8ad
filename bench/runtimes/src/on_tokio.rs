//! tokio, on one thread.

use std::io::{self, IoSlice};
use std::net::Ipv4Addr;
use std::rc::Rc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::options::Serve;
use crate::pattern::{Pattern, Place};
use crate::show::{Show, Sink};
use crate::{Failure, drain};

impl Sink for TcpStream {
    async fn write(
        &mut self,
        batch: &[IoSlice<'static>],
        _: &Pattern,
        _: Place,
    ) -> io::Result<usize> {
        self.write_vectored(batch).await
    }
}

pub(crate) fn run(serve: &Serve) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let drain = drain::start(serve, listener.local_addr()?)?;
        let show = Show::new();
        for _ in 0..serve.connections {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            tokio::task::spawn_local(Rc::clone(&show).follow(socket));
        }
        show.run(serve, tokio::time::sleep).await;
        drop(drain);
        Ok(())
    })
}
