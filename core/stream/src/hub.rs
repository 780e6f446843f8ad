use std::collections::HashMap;
use std::rc::Rc;

use crate::Stream;
use crate::control::StreamId;

/// The streams that exist on one shard, home or relayed.
#[derive(Debug, Default)]
pub struct Hub {
    streams: HashMap<StreamId, Rc<Stream>>,
}

impl Hub {
    /// The stream with this id.
    pub fn get(&self, id: &StreamId) -> Option<Rc<Stream>> {
        self.streams.get(id).cloned()
    }

    /// Adds a stream; an older one of the same id is returned.
    pub fn put(&mut self, stream: Rc<Stream>) -> Option<Rc<Stream>> {
        self.streams.insert(stream.id().clone(), stream)
    }

    /// Removes this very stream, not a newer one of the same id.
    pub fn remove(&mut self, stream: &Rc<Stream>) {
        if self.streams.get(stream.id()).is_some_and(|known| Rc::ptr_eq(known, stream)) {
            self.streams.remove(stream.id());
        }
    }

    /// How many streams exist here.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }
}
