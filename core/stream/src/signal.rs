use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Wakes the readers of a value that changed, on one thread.
///
/// A reader remembers the count it has seen and waits for another one, so no change between looking
/// and waiting is missed, and many changes before it runs are one wake.
#[derive(Debug, Default)]
pub struct Signal {
    inner: RefCell<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    count: u64,
    waiting: Vec<Waker>,
    /// The buffer that `waiting` alternates with, so that raising allocates nothing.
    spare: Vec<Waker>,
}

impl Signal {
    /// How often it was raised.
    pub fn count(&self) -> u64 {
        self.inner.borrow().count
    }

    /// Tells every waiting reader that there is something new.
    pub fn raise(&self) {
        let mut woken = {
            let mut inner = self.inner.borrow_mut();
            inner.count += 1;
            if inner.waiting.is_empty() {
                return;
            }
            let spare = std::mem::take(&mut inner.spare);
            std::mem::replace(&mut inner.waiting, spare)
        };
        for waker in woken.drain(..) {
            waker.wake();
        }
        self.inner.borrow_mut().spare = woken;
    }

    /// Waits until the count differs from `seen`, and returns it.
    pub fn changed(&self, seen: u64) -> Changed<'_> {
        Changed { signal: self, seen, registered: false }
    }
}

/// The future of [`Signal::changed`]; dropping it is safe at any time (its task may be woken once
/// more than needed).
#[derive(Debug)]
pub struct Changed<'a> {
    signal: &'a Signal,
    seen: u64,
    registered: bool,
}

impl Future for Changed<'_> {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        let mut inner = self.signal.inner.borrow_mut();
        if inner.count != self.seen {
            return Poll::Ready(inner.count);
        }
        // Polled again for another reason (a time-out beside it): the waker is already in the list,
        // as a task of a shard keeps one waker for its life.
        if !self.registered {
            inner.waiting.push(context.waker().clone());
        }
        drop(inner);
        self.registered = true;
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[test]
    fn a_change_between_looking_and_waiting_is_not_missed() {
        let signal = Signal::default();
        let seen = signal.count();
        signal.raise();
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(pin!(signal.changed(seen)).poll(&mut context), Poll::Ready(1));
        assert_eq!(pin!(signal.changed(1)).poll(&mut context), Poll::Pending);
    }
}
