use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use slab::Slab;

use crate::task;

/// Questions of this shard that wait for an answer by mail. The answers come through the shard's
/// mailbox, so no other task is ever woken from another thread.
#[derive(Debug)]
pub struct Asking<A> {
    waiting: Rc<RefCell<Slab<Slot<A>>>>,
    limit: usize,
}

impl<A> Clone for Asking<A> {
    fn clone(&self) -> Self {
        Self { waiting: Rc::clone(&self.waiting), limit: self.limit }
    }
}

#[derive(Debug)]
struct Slot<A> {
    /// Tells a late answer from the answer to a newer question in the same slot.
    round: u64,
    answer: Option<A>,
    waker: Option<Waker>,
}

/// The number that an answer carries back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    slot: usize,
    round: u64,
}

impl<A> Asking<A> {
    /// At most `limit` questions wait at a time.
    pub fn new(limit: usize) -> Self {
        Self { waiting: Rc::default(), limit }
    }

    /// Sends a question by `send` and waits for its answer; `None` when it could not be sent, too
    /// many wait, or no answer came within `deadline`.
    pub async fn ask(&self, deadline: Duration, send: impl FnOnce(Asked) -> bool) -> Option<A> {
        let asked = {
            let mut waiting = self.waiting.borrow_mut();
            if waiting.len() >= self.limit {
                return None;
            }
            let round = crate::clock::millis();
            Asked { slot: waiting.insert(Slot { round, answer: None, waker: None }), round }
        };
        let _forget = Forget { asking: self, slot: asked.slot };
        if !send(asked) {
            return None;
        }
        let answered = std::future::poll_fn(|context| {
            let mut waiting = self.waiting.borrow_mut();
            let slot = &mut waiting[asked.slot];
            match slot.answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    slot.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        });
        task::timeout(deadline, answered).await
    }

    /// Delivers an answer; one that comes too late is dropped.
    pub fn answer(&self, asked: Asked, answer: A) {
        let mut waiting = self.waiting.borrow_mut();
        let Some(slot) = waiting.get_mut(asked.slot).filter(|slot| slot.round == asked.round)
        else {
            return;
        };
        slot.answer = Some(answer);
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    }
}

struct Forget<'a, A> {
    asking: &'a Asking<A>,
    slot: usize,
}

impl<A> Drop for Forget<'_, A> {
    fn drop(&mut self) {
        self.asking.waiting.borrow_mut().remove(self.slot);
    }
}
