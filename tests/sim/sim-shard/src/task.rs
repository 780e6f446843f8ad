use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::kernel::with;

/// Starts a task on this shard. A panic in it ends it, and the run fails.
pub fn spawn(name: &'static str, task: impl Future<Output = ()> + 'static) {
    let task = Box::pin(task);
    with(|kernel| kernel.spawn(name, task));
}

/// Waits.
pub async fn sleep(duration: Duration) {
    Timer::new(duration).await;
}

/// Waits for `task` at most this long; `None` when the time is over.
pub async fn timeout<T>(duration: Duration, task: impl Future<Output = T>) -> Option<T> {
    let (mut task, mut timer) = (pin!(task), Timer::new(duration));
    poll_fn(|context| {
        if let Poll::Ready(value) = task.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        Pin::new(&mut timer).poll(context).map(|()| None)
    })
    .await
}

/// Lets other ready tasks run first.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Timer {
    due: u64,
    key: Option<(u64, u64)>,
}

impl Timer {
    fn new(duration: Duration) -> Self {
        let ms = duration.as_nanos().div_ceil(1_000_000) as u64;
        Self { due: with(|kernel| kernel.now) + ms, key: None }
    }

    fn clear(&mut self) {
        if let Some(key) = self.key.take() {
            with(|kernel| kernel.clear_timer(key));
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.clear();
        let due = self.due;
        if with(|kernel| kernel.now) >= due {
            return Poll::Ready(());
        }
        self.key = Some(with(|kernel| kernel.set_timer(due, context.waker())));
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A flag that ends a shard's work, with those who wait for it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    inner: Rc<StopInner>,
}

#[derive(Debug, Default)]
struct StopInner {
    set: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Stop {
    /// Tells everyone to stop.
    pub fn set(&self) {
        self.inner.set.set(true);
        for waker in self.inner.waiting.take() {
            waker.wake();
        }
    }

    /// Waits until it is told.
    pub async fn wait(&self) {
        poll_fn(|context| {
            if self.inner.set.get() {
                return Poll::Ready(());
            }
            self.inner.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
