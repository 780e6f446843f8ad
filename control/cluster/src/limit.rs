//! Rate limits by the generic cell rate algorithm (ITU-T I.371, GCRA): one number for each client, the
//! theoretical arrival time of the next cell. The same arithmetic is here and, in [`SCRIPT`], in Redis.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::expiring::Expiring;
use crate::keys;
use crate::shared::Shared;

/// Clients that this process keeps apart while it decides alone, over all limits; some 10 MB.
const MAX_CLIENTS: usize = 65_536;
/// Longest name of a client in bytes; longer ones that begin alike share an allowance.
const MAX_WHO: usize = 200;

/// A rate limit: `burst` at once, and as many again in each `per`, evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited. Limits with different numbers have different names.
    pub name: &'static str,
    /// How many at once, at least 1.
    pub burst: u32,
    /// The time in which `burst` come back, at least a microsecond for each.
    pub per: Duration,
}

/// What a limit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allowed {
        /// How many more would be allowed now.
        remaining: u32,
    },
    /// Not now.
    Refused {
        /// When it would be allowed, if nothing else is tried.
        retry_after: Duration,
    },
}

/// Takes one from the allowance of `who`.
pub(crate) async fn take(shared: &Shared, limit: &Limit, who: &str) -> Verdict {
    let who = &who[..who.floor_char_boundary(MAX_WHO)];
    if let Some(remote) = &shared.remote {
        let mut script = SCRIPT.key(keys::limit(limit.name, who));
        script.arg(limit.interval()).arg(limit.burst());
        let answer: Option<(bool, u64)> =
            remote.ask(&shared.counts, async |link| script.invoke_async(link).await).await;
        match answer {
            Some((true, remaining)) => {
                return Verdict::Allowed {
                    remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
                };
            }
            Some((false, wait)) => {
                return Verdict::Refused { retry_after: Duration::from_micros(wait) };
            }
            None => {}
        }
    }
    let now = shared.now();
    shared.limits().take(limit, who, now)
}

/// The allowances of this process.
#[derive(Debug)]
pub(crate) struct Allowances {
    /// The theoretical arrival time of each client's next cell. One that has passed is no news.
    arrivals: Expiring<u64>,
    /// The one allowance, for each limit, of all clients for which there was no room: a flood of
    /// invented names neither takes memory nor frees anybody of their limit.
    others: HashMap<&'static str, u64>,
}

impl Allowances {
    pub(crate) fn new() -> Self {
        Self { arrivals: Expiring::new(MAX_CLIENTS), others: HashMap::new() }
    }

    fn take(&mut self, limit: &Limit, who: &str, now: u64) -> Verdict {
        let key = format!("{}:{who}", limit.name);
        let (verdict, next) = limit.decide(self.arrivals.get(&key, now).copied(), now);
        let Some(next) = next else { return verdict };
        if self.arrivals.put(&key, next, next, now) {
            return verdict;
        }
        let (verdict, next) = limit.decide(self.others.get(limit.name).copied(), now);
        if let Some(next) = next {
            self.others.insert(limit.name, next);
        }
        verdict
    }
}

impl Limit {
    /// Microseconds from one cell to the next.
    fn interval(&self) -> u64 {
        let per = u64::try_from(self.per.as_micros()).unwrap_or(u64::MAX);
        (per / u64::from(self.burst())).max(1)
    }

    fn burst(&self) -> u32 {
        self.burst.max(1)
    }

    /// The verdict and, where it is allowed, the client's next theoretical arrival time.
    fn decide(&self, arrival: Option<u64>, now: u64) -> (Verdict, Option<u64>) {
        let interval = self.interval();
        let whole = interval.saturating_mul(u64::from(self.burst()));
        // Never further away than a whole burst: a clock may have been set back.
        let arrival = arrival.unwrap_or(now).clamp(now, now.saturating_add(whole));
        let next = arrival.saturating_add(interval);
        match next.checked_sub(whole).filter(|earliest| *earliest > now) {
            Some(earliest) => {
                (Verdict::Refused { retry_after: Duration::from_micros(earliest - now) }, None)
            }
            None => {
                let remaining = (now.saturating_add(whole) - next) / interval;
                (Verdict::Allowed { remaining: remaining as u32 }, Some(next))
            }
        }
    }
}

/// `Limit::decide` with the server's clock, which is one for all nodes.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local interval = tonumber(ARGV[1])
        local whole = interval * tonumber(ARGV[2])
        local arrival = tonumber(redis.call('GET', KEYS[1])) or now
        arrival = math.min(math.max(arrival, now), now + whole)
        local next = arrival + interval
        if next - whole > now then
            return {0, next - whole - now}
        end
        redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
        return {1, math.floor((now + whole - next) / interval)}
        ",
    )
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(burst: u32, per: Duration) -> Limit {
        Limit { name: "test", burst, per }
    }

    proptest! {
        /// A bucket that holds `burst` and fills evenly is the plain way to say the same.
        #[test]
        fn it_decides_as_a_leaky_bucket_does(
            burst in 1_u32..20,
            per in 1_u64..2_000_000,
            waits in prop::collection::vec(0_u64..500_000, 1..60),
        ) {
            let limit = limit(burst, Duration::from_micros(per));
            let (interval, mut arrival, mut now) = (limit.interval(), None, 1_u64 << 50);
            let full = interval * u64::from(burst);
            let mut level = full;
            for wait in waits {
                now += wait;
                level = (level + wait).min(full);
                let (verdict, next) = limit.decide(arrival, now);
                if level >= interval {
                    level -= interval;
                    let remaining = (level / interval) as u32;
                    prop_assert_eq!(verdict, Verdict::Allowed { remaining });
                    arrival = next;
                } else {
                    let retry_after = Duration::from_micros(interval - level);
                    prop_assert_eq!(verdict, Verdict::Refused { retry_after });
                    prop_assert_eq!(next, None);
                }
            }
        }

        #[test]
        fn no_limit_and_no_clock_makes_it_panic(
            burst: u32, seconds: u64, arrival: Option<u64>, now: u64,
        ) {
            limit(burst, Duration::from_secs(seconds)).decide(arrival, now);
        }
    }

    #[test]
    fn a_clock_set_back_shuts_nobody_out_for_longer_than_the_period() {
        let limit = limit(5, Duration::from_secs(5));
        let (verdict, _) = limit.decide(Some(1 << 60), 7);
        assert_eq!(verdict, Verdict::Refused { retry_after: Duration::from_secs(1) });
    }

    #[test]
    fn whoever_finds_no_room_shares_one_allowance() {
        let limit = limit(2, Duration::from_mins(1));
        let mut allowances = Allowances { arrivals: Expiring::new(1), others: HashMap::new() };
        let mut take = |who| matches!(allowances.take(&limit, who, 9), Verdict::Allowed { .. });
        assert!(take("first"));
        assert!(take("a") && take("b"));
        assert!(!take("c") && !take("a"));
        assert!(take("first"), "it has its own");
        assert!(!take("first"));
    }
}
