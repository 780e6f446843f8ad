use crate::{HttpError, Method, Path, Query};

/// A request target (RFC 9112 section 3.2) taken apart.
pub(crate) struct Target<'b> {
    pub(crate) path: Path<'b>,
    pub(crate) query: Query<'b>,
    /// The host of an absolute form, which counts instead of the `Host` field.
    pub(crate) host: Option<&'b str>,
}

impl<'b> Target<'b> {
    /// Reads the origin form, the absolute form (`http://host/path`), and `*` for OPTIONS.
    pub(crate) fn parse(method: Method, raw: &'b str) -> Result<Self, HttpError> {
        if raw.bytes().any(|b| !b.is_ascii_graphic() || b == b'#') {
            return Err(HttpError::Target("it is ASCII without a fragment; encode the rest"));
        }
        if raw == "*" && method == Method::Options {
            return Ok(Self { path: Path::ASTERISK, query: Query::default(), host: None });
        }
        let (host, rest) = match absolute(raw) {
            Some((host, _)) if !is_host(host) => return Err(HttpError::Host),
            Some((host, rest)) => (Some(host), rest),
            None => (None, raw),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = if host.is_some() && path.is_empty() { "/" } else { path };
        Ok(Self { path: Path::parse(path)?, query: Query(query), host })
    }
}

/// The authority of an absolute form, and what follows it.
fn absolute(raw: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = raw.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    known.then(|| rest.split_at(end))
}

/// Whether it is a name or address with an optional port, and so safe to put into URLs.
pub(crate) fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let valid = match inner {
        Some(address) => address.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')),
        None => name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    valid && !inner.unwrap_or(name).is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read() {
        let target = Target::parse(Method::Get, "/a/b?x=1?2").ok().unwrap();
        assert_eq!((target.path.as_str(), target.query.as_str()), ("/a/b", "x=1?2"));
        assert_eq!(target.host, None);
        let target = Target::parse(Method::Get, "HTTP://h.example:80?q").ok().unwrap();
        assert_eq!((target.path.as_str(), target.query.as_str()), ("/", "q"));
        assert_eq!(target.host, Some("h.example:80"));
        let target = Target::parse(Method::Options, "*").ok().unwrap();
        assert_eq!(target.path.as_str(), "*");
    }

    #[test]
    fn other_targets_are_refused() {
        for raw in ["*", "a", "host:443", "ftp://h/", "http:///a", "http://u@h/", "/a#b", "/é", ""]
        {
            assert!(Target::parse(Method::Get, raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_with_a_port() {
        for host in ["localhost", "a.example:8080", "10.0.0.1", "[::1]:80", "[::1]", "a:"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", ":80", "a b", "a/b", "a@b", "a:b", "a,b", "[]", "[::1", "::1", "a\"b"] {
            assert!(!is_host(host), "{host}");
        }
    }
}
