use std::time::Duration;

use config::Cidr;
use control::Links;
use store::Role;

use crate::Cors;

/// What of the configuration the API follows while the server runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Builds the URLs in answers.
    pub links: Links,
    /// Whose scripts may read answers.
    pub cors: Cors,
    /// `TRUSTED_PROXIES`: whose word on the client's address is believed.
    pub trusted_proxies: Vec<Cidr>,
    /// `REGISTRATION`: the role of who registers; none when nobody may.
    pub registration: Option<Role>,
    /// `JWT_EXPIRES_IN`: how long a log-in holds without a refresh.
    pub login_lifetime: Duration,
    /// `JWT_ISSUER`: the `iss` that tokens must have; none: any.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: the `aud` that tokens must have; none: any.
    pub audience: Option<String>,
    /// `RATE_LIMIT_MAX_REQUESTS`; 0: no limit.
    pub rate_limit: u32,
    /// `RATE_LIMIT_WINDOW_MS`.
    pub rate_window: Duration,
    /// `DEFAULT_QUALITY`.
    pub default_quality: String,
    /// `ENABLE_RECORDING`.
    pub recording: bool,
    /// `ENABLE_CHAT_MODERATION`.
    pub moderation: bool,
}
