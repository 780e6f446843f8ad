//! Streams that are live on another node: where viewers are sent. What control says is kept for a
//! moment, so that a crowd at the wrong node costs one question.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use stream::Signal;
use stream::control::StreamId;

use crate::Context;

/// How long an answer counts, in milliseconds.
const KEEP_MS: u64 = 1000;
/// Streams that are asked about or known of at a time; of more nothing is known.
const MAX_KNOWN: usize = 1024;
/// How long a viewer waits for the answer; control's own limit is shorter.
const PATIENCE: Duration = Duration::from_millis(1200);

/// What control said of late, by stream.
pub(crate) type Known = HashMap<StreamId, Rc<Place>>;

/// Where a stream is, once control has answered.
#[derive(Debug)]
pub(crate) struct Place {
    asked_ms: u64,
    base: OnceCell<Option<Arc<str>>>,
    answered: Signal,
}

impl Place {
    async fn base(&self) -> Option<Arc<str>> {
        let mut seen = self.answered.count();
        loop {
            if let Some(base) = self.base.get() {
                return base.clone();
            }
            seen = self.answered.changed(seen).await;
        }
    }
}

/// How the media port of the node is reached that has this stream, if another one has it.
pub(crate) async fn find(context: &Rc<Context>, id: &StreamId) -> Option<Arc<str>> {
    let place = look_up(context, id)?;
    shard::timeout(PATIENCE, place.base()).await?
}

/// What is known, or is being asked from now on.
fn look_up(context: &Rc<Context>, id: &StreamId) -> Option<Rc<Place>> {
    let ask = context.elsewhere.as_ref()?;
    let now = shard::millis();
    let fresh = |place: &Place| now.saturating_sub(place.asked_ms) < KEEP_MS;
    let mut known = context.known_elsewhere.borrow_mut();
    if let Some(place) = known.get(id).filter(|place| fresh(place)) {
        return Some(Rc::clone(place));
    }
    if known.len() >= MAX_KNOWN {
        known.retain(|_, place| fresh(place));
        if known.len() >= MAX_KNOWN {
            return None;
        }
    }
    let place =
        Rc::new(Place { asked_ms: now, base: OnceCell::new(), answered: Signal::default() });
    known.insert(id.clone(), Rc::clone(&place));
    let (answer, asked) = (ask(id.clone()), Rc::clone(&place));
    // A task of its own, for who asked first may be gone before the answer comes.
    shard::spawn("elsewhere", async move {
        // Set once, here.
        drop(asked.base.set(answer.await));
        asked.answered.raise();
    });
    Some(place)
}
