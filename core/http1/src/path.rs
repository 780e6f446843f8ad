use std::borrow::Cow;

use crate::{HttpError, query::escape};

/// The path of a request, decoded and safe to take apart.
///
/// It starts with `/`, no segment is empty, `.` or `..`, and none holds a slash, a backslash or a
/// control character. Only `OPTIONS *` has the path `*`, which has no segments.
#[derive(Clone, PartialEq, Eq)]
pub struct Path<'b>(Cow<'b, str>);

impl<'b> Path<'b> {
    pub(crate) const ASTERISK: Self = Self(Cow::Borrowed("*"));

    /// Decodes the path of a target (RFC 3986 section 3.3), once. Empty segments and `.` are dropped;
    /// a path that needs neither decoding nor dropping is borrowed.
    pub(crate) fn parse(raw: &'b str) -> Result<Self, HttpError> {
        let decoded = if raw.contains('%') { Cow::Owned(decode(raw)?) } else { Cow::Borrowed(raw) };
        if decoded.chars().any(|c| c.is_control() || c == '\\') {
            return Err(HttpError::Target(
                "control characters and backslashes have no place in a path",
            ));
        }
        let Some(relative) = decoded.strip_prefix('/') else {
            return Err(HttpError::Target("a path starts with a slash"));
        };
        let last = relative.bytes().filter(|&b| b == b'/').count();
        let mut normal = true;
        for (at, segment) in relative.split('/').enumerate() {
            match segment {
                ".." => return Err(HttpError::Target("a path must not lead upwards")),
                // The last segment is empty when the path ends in a slash.
                "" => normal &= at == last,
                "." => normal = false,
                _ => {}
            }
        }
        Ok(Self(if normal { decoded } else { Cow::Owned(normalise(relative)) }))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands between the slashes.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        let relative = self.0.strip_prefix('/').unwrap_or_default();
        relative.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether it ends in a slash, as the root does.
    pub fn is_directory(&self) -> bool {
        self.0.ends_with('/')
    }
}

fn decode(raw: &str) -> Result<String, HttpError> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match escape(after) {
            None => return Err(HttpError::Target("a percent sign needs two hexadecimal digits")),
            Some(b'/') => return Err(HttpError::Target("an encoded slash is ambiguous")),
            Some(decoded) => out.push(decoded),
        }
        rest = &after[2..];
    }
    String::from_utf8(out).map_err(|_| HttpError::Target("a path is UTF-8"))
}

fn normalise(relative: &str) -> String {
    let mut out = String::with_capacity(relative.len() + 1);
    for segment in relative.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        out.push('/');
        out.push_str(segment);
    }
    if out.is_empty() || relative.ends_with('/') || relative.ends_with("/.") {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> String {
        Path::parse(raw).unwrap().as_str().to_owned()
    }

    #[test]
    fn plain_paths_are_borrowed() {
        for raw in ["/", "/live/ID/v-1.m4s", "/live/ID/~TOKEN/index.m3u8", "/live/"] {
            assert!(matches!(Path::parse(raw).unwrap().0, Cow::Borrowed(same) if same == raw));
        }
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(parse("/a%20b/%C3%A9"), "/a b/é");
        assert_eq!(parse("/%252e%252e/x"), "/%2e%2e/x");
    }

    #[test]
    fn empty_and_dot_segments_are_dropped_and_a_final_slash_stays() {
        assert_eq!(parse("//a///b"), "/a/b");
        assert_eq!(parse("/./a/./b/."), "/a/b/");
        assert_eq!(parse("/."), "/");
        assert_eq!(parse("/a//"), "/a/");
        assert_eq!(parse("//"), "/");
        assert_eq!(parse("/%2e/a"), "/a");
        assert!(Path::parse("/a/").unwrap().is_directory());
        assert!(!Path::parse("/a").unwrap().is_directory());
    }

    #[test]
    fn unsafe_paths_are_refused() {
        for raw in [
            "",
            "a",
            "/..",
            "/a/../b",
            "/%2e%2e/x",
            "/.%2E/x",
            "/a%2fb",
            "/a%2Fb",
            "/a%00",
            "/a%0d%0a",
            "/a%7f",
            "/a\\b",
            "/a%5cb",
            "/a%",
            "/a%2",
            "/a%zz",
            "/%ff",
            "/%c2%85",
        ] {
            assert!(matches!(Path::parse(raw), Err(HttpError::Target(_))), "{raw}");
        }
    }

    #[test]
    fn segments_come_from_both_ends() {
        let path = Path::parse("/live/ID/").unwrap();
        assert_eq!(path.segments().collect::<Vec<_>>(), ["live", "ID"]);
        assert_eq!(path.segments().next_back(), Some("ID"));
        assert_eq!(Path::parse("/").unwrap().segments().count(), 0);
        assert_eq!(Path::ASTERISK.segments().count(), 0);
    }
}
