//! What the parts of the server make of a configuration. Everything that a reload may change goes
//! through here, at the start as well as later.

use anyhow::{Result, anyhow};
use config::Config;
use control::InForce;
use media::Timestamp;

use crate::addresses;
use crate::plane::{Allowance, Settings};

/// What control is told.
pub(crate) fn control(config: Config) -> InForce {
    let links = addresses::links(&config);
    InForce { config, links }
}

/// What the shards, so many, are told.
pub(crate) fn shards(config: &Config, shards: usize) -> Result<Settings> {
    let cors = match &*config.cors() {
        config::Origins::Any => http1::CorsPolicy::Any,
        config::Origins::List(list) => {
            http1::CorsPolicy::list(list.iter().map(|origin| origin.as_str().to_owned()))
                .map_err(|error| anyhow!("CORS_ORIGINS: {error}"))?
        }
    };
    let ticks = |duration: std::time::Duration| Timestamp::from_millis(duration.as_millis() as i64);
    let ancestors = config.embed_origins.frame_ancestors();
    Ok(Settings {
        takeover: match config.publish_takeover {
            config::Takeover::Stale => ingest::Takeover::Stale,
            config::Takeover::Always => ingest::Takeover::Always,
            config::Takeover::Never => ingest::Takeover::Never,
        },
        allowance: Allowance {
            limit: config.max_conn_per_ip,
            // A proxy's connections are many clients'.
            exempt: [&config.throttle_exempt[..], &config.trusted_proxies].concat(),
        },
        delivery: delivery::Settings {
            gather: config.gather,
            shards,
            segment: ticks(config.hls_segment),
            part: ticks(config.hls_part),
            window: config.hls_window as usize,
            cors,
            embed_origins: ancestors.split(' ').map(str::to_owned).collect(),
            key_playback: config.key_playback,
            trusted_proxies: config.trusted_proxies.clone(),
        },
    })
}
