//! The names of what is in Redis. They begin with the product's name; two sites on one Redis server
//! take different database numbers.

/// Longest name of a stream, and longest key of a value, in bytes. Whatever is longer is not shared.
pub(crate) const MAX_NAME: usize = 256;

const PREFIX: &str = "shardcast";

/// A live stream's lease.
pub(crate) fn stream(stream: &str) -> String {
    format!("{PREFIX}:stream:{stream}")
}

/// What one client has left of a limit.
pub(crate) fn limit(name: &str, who: &str) -> String {
    format!("{PREFIX}:limit:{name}:{who}")
}

/// A short-lived value.
pub(crate) fn value(kind: &str, key: &str) -> String {
    format!("{PREFIX}:value:{kind}:{key}")
}

/// The sign of life of a node, for whoever looks into Redis.
pub(crate) fn node(name: &str) -> String {
    format!("{PREFIX}:node:{name}")
}

/// The channel of events. Redis has one space of channels for all its databases, hence the number.
pub(crate) fn channel(database: i64) -> String {
    format!("{PREFIX}:events:{database}")
}
