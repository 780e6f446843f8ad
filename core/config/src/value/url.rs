use std::fmt;

use crate::Kind;
use crate::field::{Fault, Field, Item};
use crate::source::Given;
use crate::value::Host;

/// A URL to put paths behind: scheme, host, port and path, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The URL; a path that begins with a slash may follow.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Field for BaseUrl {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        let Kind::Url(schemes) = kind else { return Err(Fault::value(text, "is not a URL")) };
        let parts = split(text, schemes).map_err(|why| Fault::value(text, why))?;
        if parts.userinfo {
            return Err(Fault::value(text, "must not hold a user or password"));
        }
        if parts.path.contains(['?', '#']) {
            return Err(Fault::value(text, "must end before the query"));
        }
        Ok(Self(format!("{}{}", parts.origin(), parts.path.trim_end_matches('/'))))
    }
}

/// A STUN or TURN server as browsers take it, such as `stun:example.com:3478` (RFC 7064, RFC 7065).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceUrl(String);

impl IceUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Item for IceUrl {
    fn items(kind: &Kind, text: &str) -> Result<Vec<Self>, Fault> {
        let Kind::Ice(schemes) = kind else { return Err(Fault::value(text, "is no ICE server")) };
        let given = schemes
            .iter()
            .find(|scheme| text.strip_prefix(*scheme).is_some_and(|rest| rest.starts_with(':')));
        let (scheme, rest) = match (given, schemes.first()) {
            (Some(scheme), _) => (*scheme, text[scheme.len() + 1..].trim_start_matches('/')),
            (None, Some(first)) => (*first, text),
            (None, None) => return Err(Fault::value(text, "is no ICE server")),
        };
        let (authority, query) = match rest.split_once('?') {
            Some((authority, query)) => (authority, Some(query)),
            None => (rest, None),
        };
        if !matches!(query, None | Some("transport=udp" | "transport=tcp")) {
            return Err(Fault::value(
                text,
                "has a query other than transport=udp or transport=tcp",
            ));
        }
        host_and_port(authority).map_err(|why| Fault::value(text, why))?;
        Ok(vec![Self(format!("{scheme}:{rest}"))])
    }
}

impl Field for IceUrl {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        let mut items = Self::items(kind, text)?;
        items.pop().ok_or_else(|| Fault::value(text, "is no ICE server"))
    }
}

/// The parts of a URL with an authority (RFC 3986 3).
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: String,
    pub(crate) userinfo: bool,
    pub(crate) host: Host,
    /// `None` where it is the scheme's own.
    pub(crate) port: Option<u16>,
    /// Path, query and fragment.
    pub(crate) path: &'a str,
}

impl Parts<'_> {
    /// Scheme, host and port as a browser writes an origin (RFC 6454 6.2).
    pub(crate) fn origin(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }
}

/// The longest URL, in bytes.
pub(crate) const MAX_URL: usize = 2048;

/// Takes a URL apart.
pub(crate) fn split<'a>(text: &'a str, schemes: &[&str]) -> Result<Parts<'a>, &'static str> {
    if text.len() > MAX_URL {
        return Err("is too long for a URL");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',') {
        return Err("holds a space or comma, which no URL does");
    }
    let (scheme, rest) = text.split_once("://").ok_or("is not a URL with a scheme")?;
    let scheme = scheme.to_ascii_lowercase();
    if !schemes.contains(&scheme.as_str()) {
        return Err("has another scheme than allowed");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (userinfo, authority) = match authority.rsplit_once('@') {
        Some((_, authority)) => (true, authority),
        None => (false, authority),
    };
    let (host, port) = host_and_port(authority)?;
    let usual = match scheme.as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let port = port.filter(|port| Some(*port) != usual);
    Ok(Parts { scheme, userinfo, host, port, path })
}

fn host_and_port(authority: &str) -> Result<(Host, Option<u16>), &'static str> {
    let colon = match authority.rfind(']') {
        Some(bracket) => authority[bracket..].find(':').map(|index| bracket + index),
        None => authority.find(':'),
    };
    let (host, port) = match colon {
        Some(colon) => (&authority[..colon], Some(&authority[colon + 1..])),
        None => (authority, None),
    };
    let port = match port {
        Some(digits) => Some(
            digits
                .parse()
                .ok()
                .filter(|port| *port != 0 && !digits.starts_with('+'))
                .ok_or("has a bad port")?,
        ),
        None => None,
    };
    Ok((Host::new(host).ok_or("has no valid host")?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Kind = Kind::Url(&["http", "https"]);
    const STUN: Kind = Kind::Ice(&["stun", "stuns"]);

    fn base(text: &str) -> Result<String, String> {
        let url = BaseUrl::parse(&WEB, &Given::Text(text.to_owned()));
        url.map(|url| url.0).map_err(|fault| fault.sentence(false))
    }

    #[test]
    fn a_base_url_loses_its_last_slash_and_the_usual_port() {
        assert_eq!(base("https://Live.Example.com:443/"), Ok("https://live.example.com".into()));
        assert_eq!(base("http://h:8080/cast/"), Ok("http://h:8080/cast".into()));
        assert_eq!(base("http://[::1]:81"), Ok("http://[::1]:81".into()));
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        for (text, why) in [
            ("live.example.com", "is not a URL with a scheme"),
            ("ftp://example.com", "has another scheme"),
            ("https://", "has no valid host"),
            ("https://h:port", "has a bad port"),
            ("https://h:0", "has a bad port"),
            ("https://h/?a=b", "must end before the query"),
            ("https://h /", "holds a space"),
            ("https://me:hunter2@h", "must not hold a user or password"),
        ] {
            let error = base(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn ice_servers_get_their_scheme() {
        let one = |text| IceUrl::items(&STUN, text).map(|urls| urls[0].0.clone());
        assert_eq!(one("stun.example.com:19302").unwrap(), "stun:stun.example.com:19302");
        assert_eq!(one("stuns:stun.example.com").unwrap(), "stuns:stun.example.com");
        assert!(one("turn:turn.example.com").is_err());
        assert!(one("stun:h?x=y").is_err());
        assert!(one("").is_err());
    }
}
