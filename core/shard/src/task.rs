use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Tasks that ended in a panic since the start, on all shards.
pub fn panics() -> u64 {
    PANICS.load(Relaxed)
}

/// Starts a task on this shard. A panic in it ends this task only: it is logged and counted, and what
/// the task owned is dropped, so its connection closes.
pub fn spawn(name: &'static str, task: impl Future<Output = ()> + 'static) {
    let guarded = CatchUnwind { task: Box::pin(task) };
    drop(monoio::spawn(async move {
        if let Err(panic) = guarded.await {
            PANICS.fetch_add(1, Relaxed);
            tracing::error!(task = name, reason = reason(panic.as_ref()), "a task panicked");
        }
    }));
}

fn reason(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}

/// Waits; the resolution is a millisecond.
pub async fn sleep(duration: Duration) {
    monoio::time::sleep(duration).await;
}

/// Waits for `task` at most this long; `None` when the time is over. Only futures of this crate and
/// local signals go in here: they lose nothing when they are dropped.
pub async fn timeout<T>(duration: Duration, task: impl Future<Output = T>) -> Option<T> {
    monoio::time::timeout(duration, task).await.ok()
}

/// Lets the other ready tasks run first.
///
/// A task must never wake itself on this runtime (it would be put in front of all others), so
/// another one is started and awaited.
pub async fn yield_now() {
    monoio::spawn(async {}).await;
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

    /// Whether it was told.
    pub fn is_set(&self) -> bool {
        self.inner.set.get()
    }

    /// Waits until it is told.
    pub async fn wait(&self) {
        std::future::poll_fn(|context| {
            if self.is_set() {
                return Poll::Ready(());
            }
            self.inner.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

struct CatchUnwind<F> {
    task: Pin<Box<F>>,
}

impl<F: Future<Output = ()>> Future for CatchUnwind<F> {
    type Output = Result<(), Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.task.as_mut();
        match std::panic::catch_unwind(AssertUnwindSafe(|| task.poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
