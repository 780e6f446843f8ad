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
}

/// What one address may have.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    /// `MAX_CONN_PER_IP`: open connections; 0: no limit.
    pub(crate) limit: u32,
    /// `THROTTLE_EXEMPT`: networks that are not counted.
    pub(crate) exempt: Vec<Cidr>,
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
    /// No connection yet.
    pub(crate) fn new() -> Self {
        Self { counters: (0..COUNTERS).map(|_| AtomicU32::new(0)).collect() }
    }

    /// Counts a connection in, unless its address has too many. Without a limit it is counted too, since
    /// one may be set while it is open.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, allowance: &Allowance) -> Option<Place> {
        if allowance.exempt.iter().any(|range| range.contains(address)) {
            return Some(Place { throttle: Arc::clone(self), counter: None });
        }
        let mut hasher = DefaultHasher::new();
        address.hash(&mut hasher);
        let counter = hasher.finish() as usize % COUNTERS;
        let place = Place { throttle: Arc::clone(self), counter: Some(counter) };
        // Counted in first, so that a refused one is counted out again by its drop.
        let before = self.counters[counter].fetch_add(1, Relaxed);
        (allowance.limit == 0 || before < allowance.limit).then_some(place)
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
        let throttle = Arc::new(Throttle::new());
        let two = Allowance { limit: 2, exempt: Vec::new() };
        let address = "192.0.2.1".parse().unwrap();
        let first = throttle.enter(address, &two);
        let second = throttle.enter(address, &two);
        assert!(first.is_some() && second.is_some() && throttle.enter(address, &two).is_none());
        assert!(throttle.enter("192.0.2.2".parse().unwrap(), &two).is_some());
        drop(first);
        assert!(throttle.enter(address, &two).is_some());
    }

    #[test]
    fn a_limit_that_is_set_later_counts_what_is_open() {
        let throttle = Arc::new(Throttle::new());
        let address = "192.0.2.1".parse().unwrap();
        let unlimited = Allowance { limit: 0, exempt: Vec::new() };
        let open = [throttle.enter(address, &unlimited), throttle.enter(address, &unlimited)];
        assert!(open.iter().all(Option::is_some));
        let two = Allowance { limit: 2, exempt: Vec::new() };
        assert!(throttle.enter(address, &two).is_none());
    }
}
