use std::io::{self, IoSlice};

use crate::kernel::with;
use crate::{Conn, Driver};

/// Sends the same bytes to many connections; they are done in any order.
#[derive(Debug)]
pub struct Fanout {}

impl Fanout {
    /// The same for both drivers.
    pub fn new(_driver: Driver) -> Self {
        Self {}
    }

    /// Sends `slices` to each connection; `done` is told its index and how much went out, `None` for
    /// a socket without room.
    pub fn send<'a>(
        &mut self,
        slices: &[IoSlice<'_>],
        conns: impl Iterator<Item = (usize, &'a Conn)>,
        mut done: impl FnMut(usize, io::Result<Option<usize>>),
    ) {
        let mut left: Vec<_> = conns.collect();
        while !left.is_empty() {
            let index = with(|kernel| kernel.rng.below(left.len()));
            let (index, conn) = left.swap_remove(index);
            done(index, conn.try_send(slices));
        }
    }
}
