use std::sync::{Arc, PoisonError, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber, callsite};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

use super::LogError;

/// Crates that say more than anyone wants below a warning.
const QUIET_TARGETS: &[&str] = &["hyper", "hyper_util", "mio", "refinery_core", "tokio"];

/// How much is logged. It may change while the program runs, and clones share it. A thread that logs
/// waits for another only in the moment of a change, and what is not wanted is not even looked at.
#[derive(Clone, Debug)]
pub struct Level(Arc<RwLock<Targets>>);

impl Level {
    pub(super) fn new(text: &str) -> Result<Self, LogError> {
        Ok(Self(Arc::new(RwLock::new(parse(text)?))))
    }

    /// Logs by this level from now on: a word or a list as in [`LogSettings::level`](super::LogSettings).
    pub fn set(&self, text: &str) -> Result<(), LogError> {
        let targets = parse(text)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = targets;
        // Every place that logs remembers whether anybody wants to hear it.
        callsite::rebuild_interest_cache();
        Ok(())
    }

    fn ask<T>(&self, question: impl FnOnce(&Targets) -> T) -> T {
        question(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Filter<S> for Level {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        self.ask(|targets| Filter::enabled(targets, metadata, context))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.ask(|targets| Filter::<S>::callsite_enabled(targets, metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.ask(Filter::<S>::max_level_hint)
    }
}

fn parse(text: &str) -> Result<Targets, LogError> {
    let refused = || LogError::Level(text.chars().take(100).collect());
    let mut level: Targets = text.trim().to_ascii_lowercase().parse().map_err(|_| refused())?;
    // Nothing would be taken for `error`, and a word that is no level for a target.
    let default = level.default_level().filter(|_| !text.trim().is_empty());
    let default = default.ok_or_else(refused)?;
    for target in QUIET_TARGETS {
        let named = level.iter().any(|(known, _)| known == *target);
        if !named && default > LevelFilter::WARN {
            level = level.with_target(*target, LevelFilter::WARN);
        }
    }
    Ok(level)
}
