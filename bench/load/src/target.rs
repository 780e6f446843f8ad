//! Where players play and publishers publish: URLs taken apart and resolved before the run begins.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// What is spoken with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RTMP.
    Rtmp,
    /// FLV over HTTP.
    Flv,
    /// FLV over WebSocket.
    WsFlv,
    /// HLS, with or without low latency.
    Hls,
}

impl Protocol {
    /// As the summary names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Flv => "flv",
            Self::WsFlv => "ws-flv",
            Self::Hls => "hls",
        }
    }

    fn of(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let path = rest.split('?').next().unwrap_or_default();
        let ends = |ending: &str| {
            path.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case(ending))
        };
        match scheme {
            "rtmp" => Ok(Self::Rtmp),
            "http" if ends("flv") => Ok(Self::Flv),
            "http" if ends("m3u8") => Ok(Self::Hls),
            "http" => bail!("the path of {} ends neither in .flv nor in .m3u8", redact(url)),
            "ws" => Ok(Self::WsFlv),
            "rtmps" | "https" | "wss" => {
                bail!("{scheme} is not supported: measure the server without TLS")
            }
            _ => bail!("{} is not an rtmp://, http:// or ws:// URL", redact(url)),
        }
    }
}

/// A URL as the command line gives it, with what varies still in braces.
#[derive(Clone, Debug)]
pub struct Template {
    /// What is spoken.
    pub protocol: Protocol,
    /// Where its server is.
    pub address: SocketAddr,
    text: String,
    authority: String,
}

/// One stream's URL.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is spoken.
    pub protocol: Protocol,
    /// Where to connect to.
    pub address: SocketAddr,
    /// Host and port as the URL has them, for `Host` header fields.
    pub authority: String,
    /// The path with its query, beginning with a slash.
    pub path: String,
    /// The whole URL.
    pub url: String,
}

impl Template {
    /// Takes a URL apart and resolves its host; asks the system's resolver, so not for shards.
    pub fn parse(text: &str) -> Result<Self> {
        let protocol = Protocol::of(text)?;
        let (scheme, rest) = text.split_once("://").context("a URL has a scheme")?;
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') || authority.contains('{') {
            bail!("{}: user names and braces have no place in the host", redact(text));
        }
        let default_port = if scheme == "rtmp" { rtmp::Url::DEFAULT_PORT } else { 80 };
        let (host, port) = split_port(authority, default_port)
            .with_context(|| format!("{} has no valid host and port", redact(text)))?;
        let address = resolve(host, port)?;
        let template =
            Self { protocol, address, text: text.to_owned(), authority: authority.to_owned() };
        // A URL that cannot be played must be told before the run.
        if protocol == Protocol::Rtmp && rtmp::Url::parse(&template.at(0, "key").url).is_none() {
            bail!("{} is not rtmp://HOST[:PORT]/APP/NAME", redact(text));
        }
        Ok(template)
    }

    /// Whether each stream has a URL of its own.
    pub fn varies(&self) -> bool {
        self.text.contains("{n}") || self.text.contains("{key}")
    }

    /// Whether ids are to be filled in.
    pub fn wants_ids(&self) -> bool {
        self.text.contains("{id}")
    }

    /// Whether keys are to be filled in.
    pub fn wants_keys(&self) -> bool {
        self.text.contains("{key}")
    }

    /// The URL of the stream with this number and name: its key for publishers, its id for players.
    pub fn at(&self, number: usize, name: &str) -> Target {
        let url = self.text.replace("{n}", &number.to_string());
        let url = url.replace("{key}", name).replace("{id}", name);
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |at| &rest[at..]).to_owned();
        Target {
            protocol: self.protocol,
            address: self.address,
            authority: self.authority.clone(),
            path,
            url,
        }
    }

    /// For summaries and errors: without keys. Of a publisher's URL the stream's name is one.
    pub fn shown(&self, publishing: bool) -> String {
        let shown = redact(&self.text);
        match shown.rsplit_once('/') {
            Some((before, name)) if publishing && !name.contains('{') => format!("{before}/***"),
            _ => shown,
        }
    }
}

/// What our server's stream keys begin with.
const KEY_PREFIX: &str = "sk_live_";

/// The text without queries, which may hold tokens, and without our server's keys.
pub(crate) fn redact(text: &str) -> String {
    let (before, query) = text.split_once('?').unwrap_or((text, ""));
    let mut shown = String::new();
    let mut rest = before;
    while let Some(at) = rest.find(KEY_PREFIX) {
        let (plain, key) = rest.split_at(at + KEY_PREFIX.len());
        shown.push_str(plain);
        shown.push_str("***");
        rest = key.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    }
    shown.push_str(rest);
    if !query.is_empty() {
        shown.push_str("?***");
    }
    shown
}

/// The address of a host; asks the system's resolver.
pub(crate) fn resolve(host: &str, port: u16) -> Result<SocketAddr> {
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .with_context(|| format!("the host {host} cannot be resolved"))?
        .collect();
    choose(&addresses).with_context(|| format!("{host} has no address"))
}

/// How long an address of several may take to accept a connection.
const TRIAL: Duration = Duration::from_secs(2);

/// Of several addresses the first at which somebody listens: `localhost` is often two, and many servers
/// listen at one.
fn choose(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let (first, others) = addresses.split_first()?;
    let listens = |address: &&SocketAddr| TcpStream::connect_timeout(address, TRIAL).is_ok();
    let found = if others.is_empty() { None } else { addresses.iter().find(listens) };
    Some(*found.unwrap_or(first))
}

/// Host without brackets, and port.
fn split_port(authority: &str, default: u16) -> Option<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok()?,
        None if port.is_empty() => default,
        None => return None,
    };
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_and_path_tell_the_protocol() {
        for (url, protocol) in [
            ("rtmp://127.0.0.1/live/a", Protocol::Rtmp),
            ("http://127.0.0.1:8080/live/a.flv?x=1", Protocol::Flv),
            ("ws://127.0.0.1/live/a.flv", Protocol::WsFlv),
            ("http://127.0.0.1/live/a/index.m3u8", Protocol::Hls),
        ] {
            assert_eq!(Template::parse(url).unwrap().protocol, protocol, "{url}");
        }
        for bad in ["http://h/a.mp4", "rtmp://127.0.0.1/live", "https://h/a.flv", "a", "ws://:1/a"]
        {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_target_has_what_connecting_and_asking_need() {
        let template = Template::parse("http://[::1]:8080/live/{n}.flv?t=2").unwrap();
        assert!(template.varies() && !template.wants_keys());
        let target = template.at(7, "");
        assert_eq!(target.address, "[::1]:8080".parse().unwrap());
        assert_eq!((&*target.authority, &*target.path), ("[::1]:8080", "/live/7.flv?t=2"));
        let template = Template::parse("rtmp://127.0.0.1/live/{key}").unwrap();
        assert_eq!(template.address.port(), 1935);
        assert_eq!(template.at(0, "abc").url, "rtmp://127.0.0.1/live/abc");
        let template = Template::parse("rtmp://127.0.0.1/live/{id}").unwrap();
        assert!(template.wants_ids() && !template.wants_keys());
        assert_eq!(template.at(0, "W7").url, "rtmp://127.0.0.1/live/W7");
    }

    #[test]
    fn keys_and_tokens_are_not_shown() {
        let shown = |url: &str, publishing| Template::parse(url).unwrap().shown(publishing);
        assert_eq!(shown("rtmp://127.0.0.1/live/secret", true), "rtmp://127.0.0.1/live/***");
        assert_eq!(shown("rtmp://127.0.0.1/live/{key}", true), "rtmp://127.0.0.1/live/{key}");
        assert_eq!(
            shown("http://127.0.0.1/live/sk_live_Ab1/index.m3u8?token=x", false),
            "http://127.0.0.1/live/sk_live_***/index.m3u8?***"
        );
    }
}
