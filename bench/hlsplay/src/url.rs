use std::fmt;
use std::sync::Arc;

/// Why an address cannot be played. Whoever wrote it is at fault: the caller, or the server in a
/// playlist or redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another scheme than `http`.
    #[error("only http:// addresses can be played; take the server's plain HTTP port")]
    Scheme,
    /// No host, or a port that is no number from 1 to 65535.
    #[error("the address needs a host and, if any, a port from 1 to 65535")]
    Authority,
    /// White space, control characters or too many bytes: see [`Url::MAX_LEN`].
    #[error("the address has characters that no address may have, or is too long")]
    Characters,
}

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// A name or an IP address, IPv6 without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// What the `Host` field says (RFC 9110 section 7.2).
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if self.port == Url::HTTP_PORT { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// An address with scheme `http`. Its fragment is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    origin: Arc<Origin>,
    /// Path and query; begins with `/`.
    target: String,
}

impl Url {
    /// The longest address in bytes.
    pub const MAX_LEN: usize = 8 << 10;
    const HTTP_PORT: u16 = 80;

    /// Reads an absolute address.
    ///
    /// # Errors
    /// It is no usable `http` address: see [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = checked(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(UrlError::Scheme);
        }
        Self::after_scheme(rest)
    }

    /// The address that `reference` stands for in a document at this address (RFC 3986 section 5.2).
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = checked(reference)?;
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::after_scheme(rest);
        }
        if has_scheme(reference) {
            return Self::parse(reference);
        }
        let (path, query) = split_query(reference);
        let (base_path, base_query) = split_query(&self.target);
        let mut target = if path.is_empty() {
            base_path.to_owned()
        } else if path.starts_with('/') {
            without_dots(path)
        } else {
            let folder = base_path.rfind('/').map_or("/", |last| &base_path[..=last]);
            without_dots(&format!("{folder}{path}"))
        };
        let query = if path.is_empty() { query.or(base_query) } else { query };
        if let Some(query) = query {
            target.push('?');
            target.push_str(query);
        }
        Ok(Self { origin: Arc::clone(&self.origin), target })
    }

    /// The same with `more` (`name=value` pairs joined by `&`) behind its query.
    pub fn with_query(&self, more: &str) -> Self {
        if more.is_empty() {
            return self.clone();
        }
        let joint = if self.target.contains('?') { '&' } else { '?' };
        let target = format!("{}{joint}{more}", self.target);
        Self { origin: Arc::clone(&self.origin), target }
    }

    /// Where to connect.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Path and query, as the request line has it.
    pub fn target(&self) -> &str {
        &self.target
    }

    fn after_scheme(rest: &str) -> Result<Self, UrlError> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        // A user and password are for other schemes of authentication: not sent, so not taken.
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, after) = v6.split_once(']').ok_or(UrlError::Authority)?;
                (host, after.strip_prefix(':').or(after.is_empty().then_some("80")))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, Some("80")),
            },
        };
        let port = port.and_then(|port| port.parse().ok()).filter(|port| *port > 0);
        let port: u16 = port.ok_or(UrlError::Authority)?;
        if host.is_empty() || host.contains(['@', '[', ']', '%']) {
            return Err(UrlError::Authority);
        }
        let (path, query) = split_query(target);
        let mut target = without_dots(if path.is_empty() { "/" } else { path });
        if let Some(query) = query {
            target.push('?');
            target.push_str(query);
        }
        Ok(Self { origin: Arc::new(Origin { host: host.to_owned(), port }), target })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.origin, self.target)
    }
}

/// Without surrounding white space and fragment; nothing that could end a request line early.
fn checked(text: &str) -> Result<&str, UrlError> {
    let text = text.trim();
    let bad = |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii();
    if text.len() > Url::MAX_LEN || text.contains(bad) {
        return Err(UrlError::Characters);
    }
    Ok(text.split_once('#').map_or(text, |(before, _)| before))
}

/// Whether it begins with a scheme (RFC 3986 section 3.1).
fn has_scheme(reference: &str) -> bool {
    let end = reference.find([':', '/', '?']).unwrap_or(reference.len());
    reference[end..].starts_with(':')
        && reference.starts_with(|c: char| c.is_ascii_alphabetic())
        && reference[..end].chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn split_query(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

/// Removes `.` and `..` from an absolute path (RFC 3986 section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut folder = false;
    for segment in path.split('/').skip(1) {
        folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    let mut out = String::with_capacity(path.len());
    for segment in &kept {
        out.push('/');
        out.push_str(segment);
    }
    if folder || out.is_empty() {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(base: &str, reference: &str) -> String {
        Url::parse(base).unwrap().join(reference).unwrap().to_string()
    }

    #[test]
    fn references_resolve_as_the_rfc_says() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../../g", "http://a/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("http://h:81/x", "http://h:81/x"),
            ("a:b", ""),
        ] {
            if expected.is_empty() {
                assert_eq!(Url::parse(base).unwrap().join(reference), Err(UrlError::Scheme));
            } else {
                assert_eq!(joined(base, reference), expected, "{reference}");
            }
        }
    }

    #[test]
    fn a_slash_in_the_playlists_query_is_no_folder() {
        assert_eq!(joined("http://a/live/index.m3u8?t=x/y", "v0.m3u8"), "http://a/live/v0.m3u8");
        assert_eq!(joined("http://a?t=x/y", "v0.m3u8"), "http://a/v0.m3u8");
    }

    #[test]
    fn hosts_ports_and_fragments_are_told_apart() {
        let url = Url::parse("HTTP://[::1]:8080/x#y").unwrap();
        assert_eq!((url.origin().host.as_str(), url.origin().port), ("::1", 8080));
        assert_eq!(url.origin().to_string(), "[::1]:8080");
        assert_eq!(url.target(), "/x");
        assert_eq!(Url::parse("http://h").unwrap().to_string(), "http://h/");
        for bad in
            ["http://", "http://:80/", "http://h:0/", "http://h:x/", "http://u@h/", "http://[::1/"]
        {
            assert_eq!(Url::parse(bad), Err(UrlError::Authority), "{bad}");
        }
        assert_eq!(Url::parse("https://h/"), Err(UrlError::Scheme));
        assert_eq!(Url::parse("http://h/a b"), Err(UrlError::Characters));
    }

    #[test]
    fn directives_go_behind_the_query_that_is_there() {
        let url = Url::parse("http://h/a?t=1").unwrap();
        assert_eq!(url.with_query("_HLS_msn=1").target(), "/a?t=1&_HLS_msn=1");
        assert_eq!(Url::parse("http://h/a").unwrap().with_query("x=1").target(), "/a?x=1");
    }

    proptest! {
        #[test]
        fn any_text_is_resolved_or_refused(base in ".{0,40}", reference in ".{0,40}") {
            drop(Url::parse(&base));
            let base = Url::parse("http://h/a/b?c").unwrap();
            if let Ok(url) = base.join(&reference) {
                prop_assert!(url.target().starts_with('/'));
                prop_assert_eq!(Url::parse(&url.to_string()).unwrap(), url);
            }
        }
    }
}
