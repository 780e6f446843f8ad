//! What the tasks of one runtime share: the newest message, and those who wait for it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::meter::Meter;
use crate::options::Serve;
use crate::pattern::{Pattern, Place};

pub(crate) struct Show {
    pub(crate) pattern: Pattern,
    published: Cell<u64>,
    /// Bytes that all connections together took.
    sent: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

/// A connection of some runtime.
pub(crate) trait Sink {
    /// Writes some of a batch, at least a byte: what lies at `place`, as slices and by way of the
    /// pattern. Waits for room.
    async fn write(
        &mut self,
        batch: &[IoSlice<'static>],
        pattern: &Pattern,
        place: Place,
    ) -> io::Result<usize>;
}

impl Show {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            pattern: Pattern::new(),
            published: Cell::new(0),
            sent: Cell::new(0),
            waiting: RefCell::default(),
        })
    }

    /// Sends everything to one connection, until it breaks. Begins before the first message.
    pub(crate) async fn follow(self: Rc<Self>, mut sink: impl Sink) {
        let mut place = Place::before(0);
        let mut batch = Vec::new();
        loop {
            let end = self.beyond(place.message).await;
            place = Pattern::skip(place, end);
            self.pattern.slices(place, end, &mut batch);
            let Ok(sent) = sink.write(&batch, &self.pattern, place).await else { return };
            self.sent.set(self.sent.get() + sent as u64);
            place = self.pattern.advance(place, sent);
        }
    }

    /// Publishes each message when it is due, and returns when enough was measured, with the result
    /// printed. `sleep` is the runtime's.
    pub(crate) async fn run(&self, serve: &Serve, sleep: impl AsyncFn(Duration)) {
        let mut meter = Meter::new(serve, self.pattern.bytes_per_second());
        let start = Instant::now();
        loop {
            let mut published = self.published.get();
            while self.pattern.due(published) <= start.elapsed() {
                published += 1;
            }
            if published > self.published.replace(published) {
                let waiting = self.waiting.take();
                self.waiting.replace(Vec::with_capacity(waiting.len()));
                waiting.into_iter().for_each(Waker::wake);
                if meter.is_over(published, self.sent.get()) {
                    return;
                }
            }
            sleep(self.pattern.due(published).saturating_sub(start.elapsed())).await;
        }
    }

    /// Waits until more than `message` are published, and returns how many are.
    async fn beyond(&self, message: u64) -> u64 {
        poll_fn(|context| {
            let published = self.published.get();
            if published > message {
                return Poll::Ready(published);
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
