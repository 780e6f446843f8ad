use std::time::Duration;

use cluster::{Cluster, Limit, Verdict};

use crate::common::{in_both_modes, join};
use crate::server::Server;

const HOUR: Duration = Duration::from_hours(1);
const FIVE: Limit = Limit { name: "five", burst: 5, per: HOUR };

async fn allowed(cluster: &Cluster, limit: &Limit, who: &str) -> bool {
    matches!(cluster.take(limit, who).await, Verdict::Allowed { .. })
}

#[tokio::test]
async fn a_burst_is_allowed_and_then_one_at_a_time() {
    in_both_modes(async |cluster| {
        for remaining in (0..5).rev() {
            assert_eq!(cluster.take(&FIVE, "x").await, Verdict::Allowed { remaining });
        }
        let Verdict::Refused { retry_after } = cluster.take(&FIVE, "x").await else {
            panic!("allowed");
        };
        assert!(!retry_after.is_zero() && retry_after <= HOUR / 5, "{retry_after:?}");
        assert!(allowed(&cluster, &FIVE, "y").await, "another client");
        let other = Limit { name: "one", burst: 1, per: HOUR };
        assert!(allowed(&cluster, &other, "x").await, "another limit");
        assert!(!allowed(&cluster, &other, "x").await);
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_comes_back() {
    in_both_modes(async |cluster| {
        let quick = Limit { name: "quick", burst: 2, per: Duration::from_millis(200) };
        while allowed(&cluster, &quick, "x").await {}
        crate::common::until("one is back", async || allowed(&cluster, &quick, "x").await).await;
    })
    .await;
}

#[tokio::test]
async fn long_names_are_cut_and_strange_numbers_are_no_matter() {
    in_both_modes(async |cluster| {
        let one = Limit { name: "one", burst: 1, per: HOUR };
        let long = "ä".repeat(100_000);
        assert!(allowed(&cluster, &one, &long).await);
        assert!(!allowed(&cluster, &one, &long).await);
        let none = Limit { name: "none", burst: 0, per: Duration::ZERO };
        assert!(allowed(&cluster, &none, "").await);
        let long = Limit { name: "long", burst: u32::MAX, per: Duration::from_hours(24 * 365) };
        let verdict = cluster.take(&long, "x").await;
        assert_eq!(verdict, Verdict::Allowed { remaining: u32::MAX - 1 });
    })
    .await;
}

#[tokio::test]
async fn nodes_share_the_allowances() {
    let server = Server::start();
    let (a, b) = (join("a", server.redis()).await, join("b", server.redis()).await);
    for remaining in (0..5).rev() {
        let cluster = if remaining % 2 == 0 { &a } else { &b };
        assert_eq!(cluster.take(&FIVE, "x").await, Verdict::Allowed { remaining });
    }
    assert!(!allowed(&a, &FIVE, "x").await && !allowed(&b, &FIVE, "x").await);
}

/// The same as `decide` does: its own tests say the rest.
#[tokio::test]
async fn a_server_whose_clock_was_set_back_shuts_nobody_out() {
    let server = Server::start();
    let a = join("a", server.redis()).await;
    let mut set = redis::cmd("SET");
    set.arg("shardcast:limit:five:x").arg("9000000000000000").exec(&mut server.connect()).unwrap();
    assert_eq!(a.take(&FIVE, "x").await, Verdict::Refused { retry_after: HOUR / 5 });
}

#[tokio::test]
async fn redis_forgets_a_client_whose_allowance_is_whole() {
    let server = Server::start();
    let a = join("a", server.redis()).await;
    assert!(allowed(&a, &FIVE, "x").await);
    let mut left = redis::cmd("PTTL");
    left.arg("shardcast:limit:five:x");
    let left: u64 = left.query(&mut server.connect()).unwrap();
    assert!(left > 0 && Duration::from_millis(left) <= HOUR / 5, "{left}");
}
