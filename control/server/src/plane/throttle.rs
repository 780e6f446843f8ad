use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use config::Cidr;

/// Open connections by address, over all shards, without a lock: addresses share a fixed number of
/// counters, so that two strangers may share one, which matters only near the limit.
#[derive(Debug)]
pub(crate) struct Throttle {
    counters: Box<[AtomicU32]>,
    limit: u32,
    exempt: Vec<Cidr>,
}

/// One counter for so many addresses on average that a flood of addresses costs no memory.
const COUNTERS: usize = 1 << 16;

/// A connection's place in the count.
pub(crate) struct Place {
    throttle: Arc<Throttle>,
    /// `None` for an exempt address.
    counter: Option<usize>,
}

impl Throttle {
    /// At most `limit` connections from one address (0: no limit), none of the exempt counted.
    pub(crate) fn new(limit: u32, exempt: Vec<Cidr>) -> Self {
        let counters = (0..COUNTERS).map(|_| AtomicU32::new(0)).collect();
        Self { counters, limit, exempt }
    }

    /// Counts a connection in, unless its address has too many.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let free = self.limit == 0 || self.exempt.iter().any(|range| range.contains(address));
        if free {
            return Some(Place { throttle: Arc::clone(self), counter: None });
        }
        let mut hasher = DefaultHasher::new();
        address.hash(&mut hasher);
        let counter = hasher.finish() as usize % COUNTERS;
        let place = Place { throttle: Arc::clone(self), counter: Some(counter) };
        // Counted in first, so that a refused one is counted out again by its drop.
        let before = self.counters[counter].fetch_add(1, Relaxed);
        (before < self.limit).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(counter) = self.counter {
            self.throttle.counters[counter].fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_open_connections_of_one_address() {
        let throttle = Arc::new(Throttle::new(2, Vec::new()));
        let address = "192.0.2.1".parse().unwrap();
        let first = throttle.enter(address);
        let second = throttle.enter(address);
        assert!(first.is_some() && second.is_some() && throttle.enter(address).is_none());
        assert!(throttle.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(throttle.enter(address).is_some());
    }
}
