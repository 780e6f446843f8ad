use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;

use crate::kernel::with;
use crate::{Conn, task};

/// A shard's listener on a port that all shards share.
#[derive(Debug)]
pub struct Acceptor {
    shard: usize,
    port: u16,
}

impl Acceptor {
    /// Listens on `address` beside the other shards.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let port = address.port();
        let shard = with(|kernel| {
            kernel.net.listen(kernel.shard, port);
            kernel.shard
        });
        Ok(Self { shard, port })
    }

    /// Hands every connection to `serve`, until the task that runs this is dropped.
    pub async fn run(self, mut serve: impl FnMut(Conn)) {
        loop {
            let link = poll_fn(|context| {
                let taken =
                    with(|kernel| kernel.net.accept(self.shard, self.port, context.waker()));
                taken.map_or(Poll::Pending, Poll::Ready)
            })
            .await;
            serve(Conn::attach(link));
            task::yield_now().await;
        }
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        with(|kernel| kernel.net.unlisten(self.shard, self.port));
    }
}
