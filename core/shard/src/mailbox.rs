use crate::{limits, task};

/// A shard's or control's bounded letter box, as its senders see it. One batch per wake: the owner
/// takes everything that is there.
#[derive(Debug)]
pub struct Mailbox<T> {
    sender: flume::Sender<T>,
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

/// The letter did not fit (or the owner is gone) and comes back.
#[derive(Debug)]
pub struct Full<T>(pub T);

/// The owner's end of a mailbox.
#[derive(Debug)]
pub struct Inbox<T> {
    receiver: flume::Receiver<T>,
}

/// A mailbox for at most `capacity` letters.
pub fn mailbox<T>(capacity: usize) -> (Mailbox<T>, Inbox<T>) {
    let (sender, receiver) = flume::bounded(capacity);
    (Mailbox { sender }, Inbox { receiver })
}

impl<T> Mailbox<T> {
    /// Posts a letter if there is room. Never blocks.
    pub fn post(&self, letter: T) -> Result<(), Full<T>> {
        self.sender.try_send(letter).map_err(|error| Full(error.into_inner()))
    }

    /// Posts a letter, waiting for room; for the control side, never on a shard.
    pub async fn post_waiting(&self, letter: T) -> Result<(), Full<T>> {
        self.sender.send_async(letter).await.map_err(|error| Full(error.0))
    }

    /// Letters that wait.
    pub fn len(&self) -> usize {
        self.sender.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.sender.is_empty()
    }
}

impl<T> Inbox<T> {
    /// Gives every letter to `open`, as long as there are senders. For a shard: the one task there
    /// that other threads wake.
    pub async fn run(self, mut open: impl FnMut(T)) {
        while let Ok(letter) = self.receiver.recv_async().await {
            open(letter);
            for letter in self.receiver.try_iter().take(limits::MAILBOX_BURST) {
                open(letter);
            }
            task::yield_now().await;
        }
    }

    /// The next letter; `None` when all senders are gone. For the control side.
    pub async fn next(&self) -> Option<T> {
        self.receiver.recv_async().await.ok()
    }
}
