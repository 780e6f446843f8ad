use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::Kind;
use crate::report::quoted;
use crate::source::Given;

/// A type that a setting may have.
pub(crate) trait Field: Sized {
    /// The value where nothing is given and the table has no default.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads a value of this kind.
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault>;
}

/// One item of a list.
pub(crate) trait Item: Sized {
    /// Reads one item; a keyword may stand for several.
    fn items(kind: &Kind, text: &str) -> Result<Vec<Self>, Fault>;
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The part of the value that is wrong, quoted; `None` when it must not be shown.
    shown: Option<String>,
    /// What is wrong, to follow the value in a sentence.
    why: String,
}

impl Fault {
    pub(crate) fn value(text: &str, why: &str) -> Self {
        Self { shown: Some(quoted(&without_userinfo(text))), why: why.to_owned() }
    }

    pub(crate) fn hidden(why: &str) -> Self {
        Self { shown: None, why: why.to_owned() }
    }

    /// The sentence without what is allowed; of a secret, nothing of the value.
    pub(crate) fn sentence(&self, secret: bool) -> String {
        match &self.shown {
            Some(shown) if !secret => format!("{shown} {}", self.why),
            _ => format!("the value {}", self.why),
        }
    }
}

/// A password may stand before the host of any URL, also of one that must have none, and in a URL that
/// is too broken to parse: everything between the scheme and the last `@` goes.
fn without_userinfo(text: &str) -> String {
    let scheme = text.find("://").map(|at| at + 3).or_else(|| text.find(':').map(|at| at + 1));
    match (scheme, text.rfind('@')) {
        (Some(scheme), Some(at)) if at >= scheme => {
            format!("{}***{}", &text[..scheme], &text[at..])
        }
        _ => text.to_owned(),
    }
}

impl Field for bool {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(Fault::value(text, "is neither true nor false")),
        }
    }
}

impl Field for u16 {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        number(kind, given)
    }
}

impl Field for u32 {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        number(kind, given)
    }
}

/// A whole number in decimal, within the limits of its kind and of its type.
fn number<T: TryFrom<u64>>(kind: &Kind, given: &Given) -> Result<T, Fault> {
    let text = given.one()?;
    let (min, max) = match kind {
        Kind::Number(min, max) | Kind::NumberOrAuto(min, max) => (*min, *max),
        _ => (1, u64::from(u16::MAX)),
    };
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::value(text, "is not a whole number"));
    }
    let value = text.parse::<u64>().ok().filter(|value| (min..=max).contains(value));
    value
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| Fault::value(text, "is out of range"))
}

impl Field for Duration {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        let Kind::Duration { unit, min, max, old_millis } = kind else {
            return Err(Fault::value(text, "is not a duration"));
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, suffix) = text.split_at(digits);
        let count: u64 = count.parse().map_err(|_| Fault::value(text, "is not a duration"))?;
        let scale = match suffix.trim().to_ascii_lowercase().as_str() {
            "" if *old_millis && count >= 1000 => 1,
            "" => unit.millis(),
            "ms" => 1,
            "s" | "sec" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return Err(Fault::value(text, "has a unit other than ms, s, m, h, d or w")),
        };
        let value = Self::from_millis(count.saturating_mul(scale));
        if (*min..=*max).contains(&value) {
            Ok(value)
        } else {
            Err(Fault::value(text, "is out of range"))
        }
    }
}

impl Field for String {
    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        if let Kind::Text(max) = kind
            && text.len() > *max
        {
            return Err(Fault::value(text, "is too long"));
        }
        if text.chars().any(char::is_control) {
            return Err(Fault::value(text, "holds a control character"));
        }
        if matches!(kind, Kind::Email) && !is_email(text) {
            return Err(Fault::value(text, "is not an e-mail address"));
        }
        Ok(text.to_owned())
    }
}

/// The longest e-mail address, in bytes (the width of `users.email`).
const MAX_EMAIL: usize = 255;

/// One `@` with something on both sides and no space: the rest is for the mail server to judge.
fn is_email(text: &str) -> bool {
    let sides = text.split_once('@');
    text.len() <= MAX_EMAIL
        && !text.contains(char::is_whitespace)
        && sides
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

impl Field for PathBuf {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        if text.contains('\0') {
            return Err(Fault::value(text, "holds a NUL"));
        }
        if text == "~" || text.starts_with("~/") {
            return Err(Fault::value(text, "starts with ~, which only a shell understands"));
        }
        Ok(Self::from(text))
    }
}

impl Field for IpAddr {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        if text == "localhost" {
            return Ok(Self::from([127, 0, 0, 1]));
        }
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        match bare.parse() {
            Ok(address) => Ok(address),
            Err(_) if text.parse::<std::net::SocketAddr>().is_ok() => {
                Err(Fault::value(text, "has a port; the ports have variables of their own"))
            }
            Err(_) => Err(Fault::value(text, "is not an IP address")),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        if matches!(kind, Kind::NumberOrAuto(..)) && given.one()?.eq_ignore_ascii_case("auto") {
            return Ok(None);
        }
        T::parse(kind, given).map(Some)
    }
}

impl<T: Item> Field for Vec<T> {
    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn parse(kind: &Kind, given: &Given) -> Result<Self, Fault> {
        let mut all = Self::new();
        for text in given.items()? {
            all.append(&mut T::items(kind, text)?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unit;
    use crate::setting::{duration, seconds_or_old_millis};

    fn parse<T: Field>(kind: Kind, text: &str) -> Result<T, String> {
        T::parse(&kind, &Given::Text(text.to_owned())).map_err(|fault| fault.sentence(false))
    }

    #[test]
    fn durations_count_their_unit_unless_they_name_one() {
        let kind = duration(Unit::Seconds, 1, 100_000);
        assert_eq!(parse(kind, "90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse(kind, "24h"), Ok(Duration::from_hours(24)));
        assert_eq!(parse(kind, "1500 ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(
            parse::<Duration>(kind, "5 years"),
            Err("\"5 years\" has a unit other than ms, s, m, h, d or w".into())
        );
        assert!(parse::<Duration>(kind, "99999999999999999999").is_err());
        assert_eq!(parse::<Duration>(kind, "0"), Err("\"0\" is out of range".into()));
        assert!(parse::<Duration>(kind, "99999999999999999w").is_err());
    }

    #[test]
    fn the_old_servers_milliseconds_are_told_from_seconds() {
        let kind = seconds_or_old_millis(0, 600);
        assert_eq!(parse(kind, "30"), Ok(Duration::from_secs(30)));
        assert_eq!(parse(kind, "30000"), Ok(Duration::from_secs(30)));
    }

    #[test]
    fn an_address_to_listen_on_may_stand_in_brackets_but_has_no_port() {
        assert_eq!(parse(Kind::Address, "[::]"), Ok("::".parse::<IpAddr>().unwrap()));
        assert_eq!(parse(Kind::Address, "10.0.0.1"), Ok(IpAddr::from([10, 0, 0, 1])));
        assert!(parse::<IpAddr>(Kind::Address, "0.0.0.0:80").unwrap_err().contains("has a port"));
        assert!(parse::<IpAddr>(Kind::Address, "example.com").is_err());
    }

    #[test]
    fn a_password_inside_a_url_is_never_shown() {
        let fault = Fault::value("ftp://me:p@ss@host/x", "has the wrong scheme");
        assert_eq!(fault.sentence(false), "\"ftp://***@host/x\" has the wrong scheme");
        let fault = Fault::value("turn:me:pass@host", "has no valid host");
        assert_eq!(fault.sentence(false), "\"turn:***@host\" has no valid host");
    }

    #[test]
    fn numbers_are_plain_digits_in_range() {
        assert_eq!(parse::<u16>(Kind::Port, "65535"), Ok(65535));
        for bad in ["0", "65536", "-1", "+80", "8e3", "80 81", "٨٠"] {
            assert!(parse::<u16>(Kind::Port, bad).is_err(), "{bad}");
        }
    }
}
