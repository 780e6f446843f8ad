use std::fmt;
use std::ops::Deref;

/// Text that may hold a stream key. Its `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl Deref for Secret {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// An `rtmp://` URL: `rtmp://HOST[:PORT]/APP/NAME[?QUERY]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Name or address, an IPv6 address without its brackets.
    pub host: String,
    /// 1935 unless given.
    pub port: u16,
    /// The first segment of the path.
    pub app: String,
    /// The rest of the path, with the query.
    pub name: Secret,
    /// What `connect` names the server and its application by.
    pub tc_url: String,
}

impl Url {
    /// RTMP's port (RTMP, section 1).
    pub const DEFAULT_PORT: u16 = 1935;

    /// `None` when it is no `rtmp://` URL with a host, an application and a name.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("rtmp://")?;
        let (authority, path) = rest.split_once('/')?;
        let (app, name) = path.split_once('/')?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if port.is_empty() => Self::DEFAULT_PORT,
            None => return None,
        };
        let whole = !host.is_empty() && !app.is_empty() && !name.is_empty();
        whole.then(|| Self {
            host: host.into(),
            port,
            app: app.into(),
            name: Secret(name.into()),
            tc_url: format!("rtmp://{authority}/{app}"),
        })
    }
}

/// A stream as `publish` and `play` name it, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamName {
    pub(crate) app: String,
    pub(crate) name: Secret,
    pub(crate) query: Secret,
}

impl StreamName {
    /// From the application of `connect` and the name of `publish` or `play`.
    ///
    /// Slashes around both are dropped, a query behind either is split off (the name's counts, if it
    /// has one), and `%XX` in the name is decoded. Where the name is empty, the last segment of the
    /// application stands for it, as when a user puts the whole URL into an encoder's server field.
    pub(crate) fn new(app: &str, name: &str) -> Self {
        let (app, app_query) = split_query(app);
        let (mut name, mut query) = split_query(name);
        let mut app = app.trim_matches('/');
        if name.is_empty()
            && let Some((first, last)) = app.rsplit_once('/')
        {
            (app, name) = (first, last);
        }
        if query.is_empty() {
            query = app_query;
        }
        let name = percent_decode(name.trim_matches('/'));
        Self { app: app.into(), name: Secret(name), query: Secret(query.into()) }
    }
}

/// The application in a `tcUrl`, for a client that names it nowhere else.
pub(crate) fn app_of(tc_url: &str) -> &str {
    let path = tc_url.split_once("://").map_or(tc_url, |(_, rest)| rest);
    path.split_once('/').map_or("", |(_, app)| app)
}

fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

/// As it is where the result would not be plain text.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        match after.first_chunk().filter(|_| byte == b'%').copied().and_then(hex_pair) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    let decoded = String::from_utf8(bytes).ok();
    decoded.filter(|text| !text.chars().any(char::is_control)).unwrap_or_else(|| text.into())
}

fn hex_pair([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(app: &str, name: &str) -> (String, String, String) {
        let split = StreamName::new(app, name);
        (split.app, split.name.0, split.query.0)
    }

    fn is(app: &str, name: &str, query: &str) -> (String, String, String) {
        (app.into(), name.into(), query.into())
    }

    #[test]
    fn queries_and_slashes_are_split_off() {
        assert_eq!(split("live", "key"), is("live", "key", ""));
        assert_eq!(split("/live/", "key/"), is("live", "key", ""));
        assert_eq!(split("live", "key/?a=b?c"), is("live", "key", "a=b?c"));
        assert_eq!(split("live?t=1", "key"), is("live", "key", "t=1"));
        assert_eq!(split("live?t=1", "key?u=2"), is("live", "key", "u=2"));
        assert_eq!(split("", ""), is("", "", ""));
    }

    #[test]
    fn a_key_in_the_application_stands_for_a_missing_name() {
        assert_eq!(split("live/key", ""), is("live", "key", ""));
        assert_eq!(split("live/key?a=b", ""), is("live", "key", "a=b"));
        assert_eq!(split("live/inner", "key"), is("live/inner", "key", ""));
    }

    #[test]
    fn names_are_percent_decoded_where_that_gives_text() {
        assert_eq!(split("live", "a%20b%C3%a9").1, "a bé");
        for raw in ["%", "%4", "%zz", "%ff", "%00", "a%0ab", "%+1"] {
            assert_eq!(split("live", raw).1, raw);
        }
    }

    #[test]
    fn a_url_is_taken_apart() {
        let url = Url::parse("rtmp://example.com/live/key?a=b").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.app.as_str()), ("example.com", 1935, "live"));
        assert_eq!((&*url.name, url.tc_url.as_str()), ("key?a=b", "rtmp://example.com/live"));
        let url = Url::parse("rtmp://[::1]:1936/live/a/b").unwrap();
        assert_eq!((url.host.as_str(), url.port, &*url.name), ("::1", 1936, "a/b"));
        assert_eq!(url.tc_url, "rtmp://[::1]:1936/live");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for bad in [
            "http://h/a/b",
            "rtmp://h/a",
            "rtmp:///a/b",
            "rtmp://h:x/a/b",
            "rtmp://[::1]x/a/b",
            "rtmp://h//b",
        ] {
            assert_eq!(Url::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_are_hidden_from_debug_output() {
        let shown = format!("{:?}", StreamName::new("live", "key?token"));
        assert!(!shown.contains("key") && !shown.contains("token"), "{shown}");
    }

    #[test]
    fn the_application_is_found_in_a_tc_url() {
        assert_eq!(app_of("rtmp://host:1935/live"), "live");
        assert_eq!(app_of("rtmp://host"), "");
        assert_eq!(app_of("nonsense"), "");
    }
}
