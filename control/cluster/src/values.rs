//! Short-lived values: a cache that the nodes share.

use std::time::Duration;

use redis::AsyncTypedCommands;

use crate::keys::{self, MAX_NAME};
use crate::shared::Shared;
use crate::worker::Task;

/// Longest life of a value, and so the longest time for which one that could not be forgotten in Redis
/// is still recalled.
pub const MAX_TTL: Duration = Duration::from_mins(1);
/// Values that this process keeps while it is alone; with [`MAX_VALUE`] 16 MB at worst.
pub(crate) const MAX_VALUES: usize = 8192;
/// Longest value in bytes; longer ones are not kept.
const MAX_VALUE: usize = 2048;

pub(crate) async fn remember(shared: &Shared, kind: &str, key: &str, value: &str, ttl: Duration) {
    let ttl = ttl.min(MAX_TTL).as_millis() as u64;
    if key.len() > MAX_NAME || value.len() > MAX_VALUE || ttl == 0 {
        return;
    }
    let key = keys::value(kind, key);
    if let Some(remote) = &shared.remote {
        let set = async |link: &mut _| {
            redis::cmd("SET").arg(&key).arg(value).arg("PX").arg(ttl).exec_async(link).await
        };
        if remote.ask(&shared.counts, set).await.is_some() {
            return;
        }
    }
    let now = shared.now();
    shared.values().put(&key, value.to_owned(), now + ttl * 1000, now);
}

pub(crate) async fn recall(shared: &Shared, kind: &str, key: &str) -> Option<String> {
    if key.len() > MAX_NAME {
        return None;
    }
    let key = keys::value(kind, key);
    if let Some(remote) = &shared.remote {
        let found = remote.ask(&shared.counts, async |link| link.get(&key).await).await;
        if let Some(found) = found {
            return found;
        }
    }
    let now = shared.now();
    shared.values().get(&key, now).cloned()
}

/// What Redis cannot be told now, it is told when it is back.
pub(crate) async fn forget(shared: &Shared, kind: &str, key: &str) {
    if key.len() > MAX_NAME {
        return;
    }
    let key = keys::value(kind, key);
    shared.values().remove(&key);
    if let Some(remote) = &shared.remote {
        let forgotten = remote.ask(&shared.counts, async |link| link.del(&key).await).await;
        if forgotten.is_none() {
            remote.post(&shared.counts, Task::Forget(key));
        }
    }
}
