//! This server among the nodes that share its Redis.

use std::time::{Duration, Instant};

use anyhow::Result;
use cluster::{Cluster, Link, Node, Redis};
use config::Config;

use crate::{addresses, admin};

/// How long [`reach`] waits for Redis.
const PATIENCE: Duration = Duration::from_secs(3);

/// Starts this node's part, on the current tokio runtime.
pub(crate) fn start(config: &Config) -> Result<Cluster> {
    let node = Node {
        name: admin::node(config),
        media_url: addresses::media(config),
        api_url: addresses::api(config),
    };
    let redis = config.redis().map(|redis| {
        let password = redis.password.map(|password| password.expose().to_owned());
        Redis::new(redis.url.expose(), password)
    });
    Ok(Cluster::start(node, redis)?)
}

/// Whether Redis answers within a moment. Blocks.
pub(crate) fn reach(config: &Config) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let cluster = start(config)?;
        let give_up = Instant::now() + PATIENCE;
        while cluster.link() != Link::Up && Instant::now() < give_up {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(cluster.link() == Link::Up)
    })
}
