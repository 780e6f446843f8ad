//! The configuration as the API takes it.

use config::{Config, Registration};

use crate::addresses;

/// What the API follows while the server runs.
pub(crate) fn of(config: &Config) -> api::Settings {
    api::Settings {
        links: addresses::links(config),
        cors: cors(config),
        trusted_proxies: config.trusted_proxies.clone(),
        registration: match config.registration {
            Registration::Streamer => Some(store::Role::Streamer),
            Registration::Viewer => Some(store::Role::Viewer),
            Registration::Closed => None,
        },
        login_lifetime: config.jwt_expires_in,
        issuer: config.jwt_issuer.clone(),
        audience: config.jwt_audience.clone(),
        rate_limit: config.rate_limit_max_requests,
        rate_window: config.rate_limit_window,
        default_quality: config.default_quality.as_str().to_owned(),
        recording: config.enable_recording,
        moderation: config.enable_chat_moderation,
    }
}

fn cors(config: &Config) -> api::Cors {
    match &*config.cors() {
        config::Origins::Any => api::Cors::Any,
        config::Origins::List(list) => {
            api::Cors::Origins(list.iter().map(|origin| origin.as_str().to_owned()).collect())
        }
    }
}
