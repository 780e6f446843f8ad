//! Guessing is counted: failures only, so that nobody who knows a password is kept waiting by it.

use std::net::IpAddr;
use std::time::Duration;

use cluster::{Cluster, Limit, Verdict};

use crate::address::counted;
use crate::problem::{Answer, Problem};

const WINDOW: Duration = Duration::from_mins(15);
/// Wrong passwords of one user from one address.
const USER_AND_ADDRESS: Limit = Limit { name: "login", burst: 10, per: WINDOW };
/// Wrong passwords from one address, whoever's.
const ADDRESS: Limit = Limit { name: "login-address", burst: 100, per: WINDOW };
/// Wrong passwords of one user, wherever from.
const USER: Limit = Limit { name: "login-user", burst: 200, per: WINDOW };
/// New users from one address.
const REGISTRATIONS: Limit = Limit { name: "register", burst: 100, per: Duration::from_hours(1) };

/// A limit that no setting changes.
pub struct FixedLimit {
    /// What is limited.
    pub what: &'static str,
    /// How many.
    pub most: u32,
    /// In how many seconds.
    pub seconds: u64,
}

/// The limits of log-ins and registrations, to be shown.
pub const LOGIN_LIMITS: &[FixedLimit] = &[
    shown("wrong passwords of one user from one address", &USER_AND_ADDRESS),
    shown("wrong passwords from one address", &ADDRESS),
    shown("wrong passwords of one user", &USER),
    shown("registrations from one address", &REGISTRATIONS),
];

const fn shown(what: &'static str, limit: &Limit) -> FixedLimit {
    FixedLimit { what, most: limit.burst, seconds: limit.per.as_secs() }
}

/// The shared values that tell who waits.
const BLOCKED: &str = "blocked";

/// Counts failed log-ins and registrations.
#[derive(Clone)]
pub(crate) struct Attempts(Cluster);

impl Attempts {
    pub(crate) fn new(cluster: Cluster) -> Self {
        Self(cluster)
    }

    /// Refuses who failed too often.
    pub(crate) async fn check(&self, user: &str, address: IpAddr) -> Answer<()> {
        for (limit, who) in counters(user, address) {
            let blocked = self.0.recall(BLOCKED, &format!("{}:{who}", limit.name)).await;
            if let Some(seconds) = blocked.and_then(|text| text.parse().ok()) {
                return Err(refused(Duration::from_secs(seconds)));
            }
        }
        Ok(())
    }

    /// Counts a failure.
    pub(crate) async fn failed(&self, user: &str, address: IpAddr) {
        for (limit, who) in counters(user, address) {
            let (blocks, wait) = match self.0.take(limit, &who).await {
                Verdict::Allowed { remaining } => (remaining == 0, limit.per / limit.burst),
                Verdict::Refused { retry_after } => (true, retry_after),
            };
            if blocks {
                let seconds = wait.as_secs().max(1).to_string();
                let key = format!("{}:{who}", limit.name);
                self.0.remember(BLOCKED, &key, &seconds, wait).await;
            }
        }
    }

    /// Counts a registration.
    pub(crate) async fn register(&self, address: IpAddr) -> Answer<()> {
        match self.0.take(&REGISTRATIONS, &counted(address)).await {
            Verdict::Allowed { .. } => Ok(()),
            Verdict::Refused { retry_after } => {
                Err(Problem::too_many("Too many registrations from your address.", retry_after))
            }
        }
    }
}

fn refused(wait: Duration) -> Problem {
    Problem::too_many("Too many wrong passwords. Wait before you try again.", wait)
}

fn counters(user: &str, address: IpAddr) -> [(&'static Limit, String); 3] {
    let (user, address) = (store::hashed(&user.trim().to_lowercase()), counted(address));
    [(&USER_AND_ADDRESS, format!("{user}@{address}")), (&ADDRESS, address), (&USER, user)]
}
