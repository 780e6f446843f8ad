use crate::Kind;
use crate::field::{Fault, Field};
use crate::source::Given;
use crate::value::url::split;

/// A web origin as a browser sends it (RFC 6454 6.2): lower case, without the scheme's usual port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// The origin, to compare with an `Origin` header byte by byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(text: &str) -> Result<Self, Fault> {
        let parts = split(text, &["http", "https"]).map_err(|why| Fault::value(text, why))?;
        if parts.userinfo || !matches!(parts.path, "" | "/") {
            return Err(Fault::value(text, "is more than an origin: scheme, host and port"));
        }
        Ok(Self(parts.origin()))
    }
}

impl Field for WebOrigin {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        Self::new(given.one()?)
    }
}

/// Who may call from another origin (`CORS_ORIGINS`). Our own origins are not in it: they always may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Everybody, without credentials.
    Any,
    /// These.
    List(Vec<WebOrigin>),
}

impl Origins {
    /// Whether a page of this origin may call.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::List(list) => list.iter().any(|allowed| allowed.0 == origin),
        }
    }
}

impl Field for Origins {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let items = given.items()?;
        if items.contains(&"*") {
            return alone(&items).map(|()| Self::Any);
        }
        items.into_iter().map(WebOrigin::new).collect::<Result<_, _>>().map(Self::List)
    }
}

/// Who may show our player in a frame (`EMBED_ORIGINS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Embed {
    /// Every page.
    Any,
    /// Pages of these origins, and our own if it is said.
    List {
        /// Our own pages.
        own: bool,
        /// Pages of others.
        origins: Vec<WebOrigin>,
    },
}

impl Embed {
    /// The sources for the directive `frame-ancestors` (CSP 3, 6.4.2).
    pub fn frame_ancestors(&self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::List { own: false, origins } if origins.is_empty() => "'none'".to_owned(),
            Self::List { own, origins } => {
                let own = own.then_some("'self'");
                let all: Vec<&str> =
                    own.into_iter().chain(origins.iter().map(WebOrigin::as_str)).collect();
                all.join(" ")
            }
        }
    }
}

impl Field for Embed {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let items = given.items()?;
        if items.contains(&"*") {
            return alone(&items).map(|()| Self::Any);
        }
        let is_own = |item: &str| item.trim_matches('\'').eq_ignore_ascii_case("self");
        let own = items.iter().any(|item| is_own(item));
        let others = items.into_iter().filter(|item| !is_own(item));
        let origins = others.map(WebOrigin::new).collect::<Result<_, _>>()?;
        Ok(Self::List { own, origins })
    }
}

fn alone(items: &[&str]) -> Result<(), Fault> {
    if items.len() == 1 { Ok(()) } else { Err(Fault::value("*", "must stand alone")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Given {
        Given::Text(text.to_owned())
    }

    #[test]
    fn origins_are_compared_as_browsers_send_them() {
        let list = Origins::parse(&Kind::Origins, &given("https://A.example:443/, http://b:81"));
        let list = list.unwrap();
        assert!(list.allows("https://a.example") && list.allows("http://b:81"));
        assert!(!list.allows("http://a.example") && !list.allows("https://a.example.evil"));
        assert!(!list.allows("null"));
        assert_eq!(Origins::parse(&Kind::Origins, &given("*")), Ok(Origins::Any));
        assert_eq!(Origins::parse(&Kind::Origins, &given("none")), Ok(Origins::List(vec![])));
        for bad in ["*,http://a", "a.example", "http://a/path", "http://me@a", "null"] {
            assert!(Origins::parse(&Kind::Origins, &given(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn frame_ancestors_says_who_may_embed() {
        for (text, expected) in [
            ("self", "'self'"),
            ("*", "*"),
            ("none", "'none'"),
            ("https://a.example", "https://a.example"),
            ("'self', https://a.example", "'self' https://a.example"),
        ] {
            let embed = Embed::parse(&Kind::Embed, &given(text)).unwrap();
            assert_eq!(embed.frame_ancestors(), expected);
        }
    }
}
