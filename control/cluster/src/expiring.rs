use std::collections::HashMap;

/// How many entries are not worth sweeping.
const FEW: usize = 1024;
/// How often all entries are looked through at most, in microseconds.
const SWEEP_EVERY: u64 = 1_000_000;

/// Values that end at a moment, at most so many of them. Times are microseconds of one clock.
#[derive(Debug)]
pub(crate) struct Expiring<V> {
    entries: HashMap<String, (V, u64)>,
    most: usize,
    /// From so many entries on, those that ended are thrown out first.
    sweep_from: usize,
    swept: u64,
}

impl<V> Expiring<V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), most, sweep_from: FEW.min(most), swept: 0 }
    }

    pub(crate) fn get(&self, key: &str, now: u64) -> Option<&V> {
        self.entries.get(key).filter(|(_, until)| *until > now).map(|(value, _)| value)
    }

    /// Whether there was room.
    pub(crate) fn put(&mut self, key: &str, value: V, until: u64, now: u64) -> bool {
        if let Some(entry) = self.entries.get_mut(key) {
            *entry = (value, until);
            return true;
        }
        if self.entries.len() >= self.sweep_from && now >= self.swept + SWEEP_EVERY {
            self.sweep(now);
        }
        let room = self.entries.len() < self.most;
        if room {
            self.entries.insert(key.to_owned(), (value, until));
        }
        room
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.most);
    }

    /// After it, as many may come as have stayed: so sweeping costs a constant for each entry.
    fn sweep(&mut self, now: u64) {
        self.entries.retain(|_, (_, until)| *until > now);
        self.sweep_from = (self.entries.len() * 2).max(FEW).min(self.most);
        self.entries.shrink_to(self.sweep_from);
        self.swept = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_its_moment_and_may_be_replaced_before() {
        let mut map = Expiring::new(10);
        assert!(map.put("a", 1, 100, 0));
        assert_eq!((map.get("a", 99), map.get("a", 100)), (Some(&1), None));
        assert!(map.put("a", 2, 300, 150));
        assert_eq!(map.get("a", 299), Some(&2));
        map.remove("a");
        assert_eq!(map.get("a", 160), None);
    }

    #[test]
    fn a_full_map_takes_nothing_new_until_something_ends() {
        let mut map = Expiring::new(2);
        let later = 10 * SWEEP_EVERY;
        assert!(map.put("a", 1, later, 0) && map.put("b", 2, 5, 0));
        assert!(!map.put("c", 3, later, 4), "full");
        assert!(map.put("a", 4, later, 4), "it is there already");
        assert!(map.put("c", 3, later, SWEEP_EVERY), "b ended");
        assert!(!map.put("d", 5, 2 * later, 2 * SWEEP_EVERY), "nothing ended");
        map.clear();
        assert!(map.put("d", 5, 2 * later, 2 * SWEEP_EVERY));
    }

    #[test]
    fn what_ended_does_not_pile_up() {
        let mut map = Expiring::new(1_000_000);
        for now in 0..100 * FEW as u64 {
            let now = now * SWEEP_EVERY;
            assert!(map.put(&now.to_string(), (), now + SWEEP_EVERY, now));
            assert!(map.entries.len() <= FEW);
        }
    }
}
