use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use config::Config;
use tokio::sync::watch;

use crate::Links;

/// The configuration in force, and what is made of it once.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Every setting. Those that wait for a restart have the value of the start.
    pub config: Config,
    /// Builds the URLs that are told to people.
    pub links: Links,
}

/// What is in force at the moment, to be asked for whenever it is used: a reload puts another value in
/// its place. Clones see the same.
#[derive(Clone, Debug)]
pub struct Current {
    value: watch::Receiver<Arc<InForce>>,
    reloads: Arc<Reloads>,
}

/// How [`Current`] is changed; the server's one reloader has it.
#[derive(Debug)]
pub struct Reloader {
    value: watch::Sender<Arc<InForce>>,
    reloads: Arc<Reloads>,
}

/// How readings of the configuration after the start went.
#[derive(Debug, Default)]
pub struct Reloads {
    taken: AtomicU64,
    refused: AtomicU64,
    failed: AtomicBool,
    waiting: AtomicU64,
}

impl Current {
    /// The start's value, and the way to change it.
    pub fn new(value: InForce) -> (Self, Reloader) {
        let (sender, receiver) = watch::channel(Arc::new(value));
        let reloads = Arc::<Reloads>::default();
        (
            Self { value: receiver, reloads: Arc::clone(&reloads) },
            Reloader { value: sender, reloads },
        )
    }

    /// What never changes: for commands without a server.
    pub fn fixed(value: InForce) -> Self {
        Self::new(value).0
    }

    /// What is in force. Whoever uses several parts of it for one answer asks once.
    pub fn get(&self) -> Arc<InForce> {
        Arc::clone(&self.value.borrow())
    }

    /// How readings of the configuration after the start went.
    pub fn reloads(&self) -> &Reloads {
        &self.reloads
    }
}

impl Reloader {
    /// Puts a new value in force; `waiting` of the settings that were read need a restart.
    pub fn take(&self, value: InForce, waiting: usize) {
        self.value.send_replace(Arc::new(value));
        self.reloads.taken.fetch_add(1, Relaxed);
        self.reloads.waiting.store(waiting as u64, Relaxed);
        self.reloads.failed.store(false, Relaxed);
    }

    /// What was read is wrong: the old value stays in force.
    pub fn refuse(&self) {
        self.reloads.refused.fetch_add(1, Relaxed);
        self.reloads.failed.store(true, Relaxed);
    }
}

impl Reloads {
    /// Readings that were put in force, and those that were refused.
    pub fn totals(&self) -> [u64; 2] {
        [self.taken.load(Relaxed), self.refused.load(Relaxed)]
    }

    /// Whether the last reading was refused.
    pub fn failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Settings whose new value waits for a restart.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Relaxed)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use config::{Layer, Sources};

    use super::*;

    pub(crate) fn in_force(settings: &[(&str, &str)]) -> InForce {
        let environment = Layer::from_pairs(settings.iter().copied());
        let sources = Sources { environment, ..Sources::default() };
        let (config, _) = Config::build(&sources).expect("settings of a test are right");
        InForce { config, links: crate::links::tests::links() }
    }

    #[test]
    fn clones_see_what_is_put_in_force_and_a_refusal_changes_nothing() {
        let (current, reloader) = Current::new(in_force(&[]));
        let clone = current.clone();
        let before = clone.get();
        reloader.refuse();
        assert!(current.reloads().failed() && Arc::ptr_eq(&before, &clone.get()));
        reloader.take(in_force(&[("MAX_STREAMS_PER_USER", "1")]), 2);
        assert_eq!(clone.get().config.max_streams_per_user, 1);
        assert_eq!(
            before.config.max_streams_per_user, 3,
            "an answer that is being made is of a piece"
        );
        assert_eq!((current.reloads().totals(), current.reloads().waiting()), ([1, 1], 2));
        assert!(!current.reloads().failed());
    }

    #[test]
    fn what_is_fixed_outlives_its_reloader() {
        assert_eq!(Current::fixed(in_force(&[])).get().config.hls_window, 10);
    }
}
