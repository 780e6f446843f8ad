use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::task;

/// Letters taken from a mailbox before other tasks run, as `core/shard` does.
const BURST: usize = 256;

/// A shard's or control's bounded letter box, as its senders see it.
pub struct Mailbox<T> {
    inner: Rc<RefCell<Inner<T>>>,
}

/// The letter did not fit (or the owner is gone) and comes back.
#[derive(Debug)]
pub struct Full<T>(pub T);

/// The owner's end of a mailbox.
pub struct Inbox<T> {
    inner: Rc<RefCell<Inner<T>>>,
}

struct Inner<T> {
    capacity: usize,
    letters: VecDeque<T>,
    owner: Option<Waker>,
    gone: bool,
    refuse: Option<Refuse<T>>,
}

/// Says of a letter whether it does not fit.
type Refuse<T> = Box<dyn FnMut(&T) -> bool>;

/// A mailbox for at most `capacity` letters.
pub fn mailbox<T>(capacity: usize) -> (Mailbox<T>, Inbox<T>) {
    let letters = VecDeque::new();
    let inner = Inner { capacity, letters, owner: None, gone: false, refuse: None };
    let inner = Rc::new(RefCell::new(inner));
    (Mailbox { inner: Rc::clone(&inner) }, Inbox { inner })
}

impl<T> Mailbox<T> {
    /// Posts a letter if there is room. Never blocks.
    pub fn post(&self, letter: T) -> Result<(), Full<T>> {
        let mut inner = self.inner.borrow_mut();
        let full = inner.gone || inner.letters.len() >= inner.capacity;
        if full || inner.refuse.as_mut().is_some_and(|refuse| refuse(&letter)) {
            return Err(Full(letter));
        }
        inner.letters.push_back(letter);
        if let Some(owner) = inner.owner.take() {
            owner.wake();
        }
        Ok(())
    }

    /// From now on letters of which `refuse` says so do not fit.
    pub fn refuse(&self, refuse: impl FnMut(&T) -> bool + 'static) {
        self.inner.borrow_mut().refuse = Some(Box::new(refuse));
    }

    /// Whether no letter waits.
    pub fn is_empty(&self) -> bool {
        self.inner.borrow().letters.is_empty()
    }
}

impl<T> Inbox<T> {
    /// Gives every letter to `open`, as long as there are senders.
    pub async fn run(self, mut open: impl FnMut(T)) {
        loop {
            poll_fn(|context| {
                let mut inner = self.inner.borrow_mut();
                if !inner.letters.is_empty() {
                    return Poll::Ready(());
                }
                inner.owner = Some(context.waker().clone());
                Poll::Pending
            })
            .await;
            for _ in 0..=BURST {
                let Some(letter) = self.take() else { break };
                open(letter);
            }
            task::yield_now().await;
        }
    }

    /// The oldest letter.
    pub fn take(&self) -> Option<T> {
        self.inner.borrow_mut().letters.pop_front()
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        let letters = {
            let mut inner = self.inner.borrow_mut();
            inner.gone = true;
            std::mem::take(&mut inner.letters)
        };
        drop(letters);
    }
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Inbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
