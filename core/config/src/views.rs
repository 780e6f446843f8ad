//! Settings that belong together, as the part of the server that uses them wants them.

use std::borrow::Cow;
use std::path::Path;

use crate::value::{BaseUrl, Host, Origins, Quality, Rung, Secret, Storage};
use crate::{Config, Source};

/// How TLS is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls<'a> {
    /// With these files.
    Files {
        /// The certificate chain.
        cert: &'a Path,
        /// Its key.
        key: &'a Path,
    },
    /// With a certificate made at start.
    SelfSigned,
}

/// The MySQL or MariaDB server to use.
#[derive(Clone, Copy, Debug)]
pub struct Mysql<'a> {
    /// Its host.
    pub host: &'a Host,
    /// Its port.
    pub port: u16,
    /// The user.
    pub user: &'a str,
    /// The user's password.
    pub password: Option<&'a Secret>,
    /// The database's name.
    pub database: &'a str,
}

/// The Redis server to use.
#[derive(Clone, Copy, Debug)]
pub struct Redis<'a> {
    /// Its URL, which may hold a password.
    pub url: &'a Secret,
    /// The password for a URL that holds none.
    pub password: Option<&'a Secret>,
}

/// The bucket of recordings.
#[derive(Clone, Copy, Debug)]
pub struct S3<'a> {
    /// The endpoint; `None` for Amazon's.
    pub endpoint: Option<&'a BaseUrl>,
    /// The bucket.
    pub bucket: &'a str,
    /// Its region.
    pub region: &'a str,
    /// Access key and secret; `None` to take those of the machine's role.
    pub keys: Option<(&'a Secret, &'a Secret)>,
    /// What the names of objects begin with; may be empty.
    pub prefix: &'a str,
}

impl Config {
    /// The TCP ports to listen on with the names of their settings, in the order of the table. WebRTC's
    /// is not among them.
    pub fn tcp_ports(&self) -> Vec<(&'static str, u16)> {
        let mut ports = vec![
            ("STREAMING_PORT", self.streaming_port),
            ("RTMP_PORT", self.rtmp_port),
            ("HTTP_PORT", self.http_port),
        ];
        if self.tls().is_some() {
            ports.extend([
                ("HTTPS_PORT", self.https_port),
                ("API_HTTPS_PORT", self.api_https_port),
                ("RTMPS_PORT", self.rtmps_port),
            ]);
        }
        ports
    }

    /// How TLS is served; `None` when it is not.
    pub fn tls(&self) -> Option<Tls<'_>> {
        if self.ssl_enabled == Some(false) {
            return None;
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Some(Tls::Files { cert, key }),
            _ => self.tls_self_signed.then_some(Tls::SelfSigned),
        }
    }

    /// The database server; `None` for the embedded database.
    pub fn mysql(&self) -> Option<Mysql<'_>> {
        self.db_host.as_ref().map(|host| Mysql {
            host,
            port: self.db_port,
            user: &self.db_user,
            password: self.db_password.as_ref(),
            database: &self.db_name,
        })
    }

    /// The Redis server; `None` for the cache in this process.
    pub fn redis(&self) -> Option<Redis<'_>> {
        let password = self.redis_password.as_ref();
        self.redis_url.as_ref().map(|url| Redis { url, password })
    }

    /// The bucket; `None` when recordings stay on this machine.
    pub fn s3(&self) -> Option<S3<'_>> {
        if self.storage_provider == Some(Storage::Local) {
            return None;
        }
        self.s3_bucket.as_ref().map(|bucket| S3 {
            endpoint: self.s3_endpoint.as_ref(),
            bucket,
            region: &self.s3_region,
            keys: self.s3_access_key_id.as_ref().zip(self.s3_secret_access_key.as_ref()),
            prefix: self.s3_prefix.as_deref().unwrap_or_default(),
        })
    }

    /// The base of media URLs for viewers, where a CDN stands before the server.
    pub fn cdn(&self) -> Option<&BaseUrl> {
        self.cdn_url.as_ref().filter(|_| self.cdn_enabled != Some(false))
    }

    /// Who may call from other origins: `CORS_ORIGINS` and `FRONTEND_URL` together. Where only the
    /// latter is set, it alone may.
    pub fn cors(&self) -> Cow<'_, Origins> {
        let Some(site) = &self.frontend_url else { return Cow::Borrowed(&self.cors_origins) };
        match &self.cors_origins {
            Origins::Any if self.source("CORS_ORIGINS") == Source::Default => {
                Cow::Owned(Origins::List(vec![site.clone()]))
            }
            Origins::List(list) if !list.contains(site) => {
                let all = list.iter().chain([site]).cloned().collect();
                Cow::Owned(Origins::List(all))
            }
            _ => Cow::Borrowed(&self.cors_origins),
        }
    }

    /// The rung of a quality.
    pub fn rung(&self, quality: Quality) -> &Rung {
        match quality {
            Quality::P360 => &self.preset_360p,
            Quality::P480 => &self.preset_480p,
            Quality::P720 => &self.preset_720p,
            Quality::P1080 => &self.preset_1080p,
        }
    }
}
