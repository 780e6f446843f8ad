//! glommio. It has no vectored write (the default of the trait takes the first buffer only), so each
//! message goes out by itself, in one piece that is there already: that is the kindest way.

use std::io::{self, IoSlice};
use std::net::Ipv4Addr;
use std::rc::Rc;

use futures_lite::AsyncWriteExt;
use glommio::net::{TcpListener, TcpStream};
use glommio::{LocalExecutorBuilder, Placement};

use crate::options::Serve;
use crate::pattern::{Pattern, Place};
use crate::show::{Show, Sink};
use crate::{Failure, drain};

impl Sink for TcpStream {
    async fn write(
        &mut self,
        _: &[IoSlice<'static>],
        pattern: &Pattern,
        place: Place,
    ) -> io::Result<usize> {
        AsyncWriteExt::write(self, pattern.rest(place)).await
    }
}

pub(crate) fn run(serve: &Serve) -> Result<(), Failure> {
    let builder = LocalExecutorBuilder::new(Placement::Fixed(serve.server_cpu));
    let executor = builder.make().map_err(|error| format!("glommio: {error}"))?;
    executor.run(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io::Error::from)?;
        let address = listener.local_addr().map_err(io::Error::from)?;
        let drain = drain::start(serve, address)?;
        let show = Show::new();
        for _ in 0..serve.connections {
            let socket = listener.accept().await.map_err(io::Error::from)?;
            socket.set_nodelay(true).map_err(io::Error::from)?;
            glommio::spawn_local(Rc::clone(&show).follow(socket)).detach();
        }
        show.run(serve, glommio::timer::sleep).await;
        drop(drain);
        Ok(())
    })
}
