use std::time::{SystemTime, UNIX_EPOCH};

use store::UtcTime;

/// The time of the system's clock. Before 1970 it is 1970.
pub fn now() -> UtcTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcTime::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
