use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::Kind;
use crate::field::{Fault, Field, Item};
use crate::source::Given;

/// A host name or an IP address. It shows as in a URL: names in lower case, IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// A name; not looked up.
    Name(String),
}

impl Host {
    /// The longest name, in bytes (RFC 1035 2.3.4).
    pub const MAX_NAME: usize = 253;

    /// A host without port, IPv6 with or without brackets; `None` when it is none.
    pub fn new(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Some(inside) = bare {
            return inside.parse::<Ipv6Addr>().ok().map(|address| Self::Ip(address.into()));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Ip(address));
        }
        // Underscores are no part of host names on the Internet, but of container networks.
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        // A name whose last label is a number is a broken IPv4 address (URL Standard 3.5).
        let last = name.rsplit('.').next().unwrap_or_default();
        let address_like = last.bytes().all(|b| b.is_ascii_digit());
        let valid = name.len() <= Self::MAX_NAME && !address_like && name.split('.').all(label);
        valid.then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Ip(address) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Field for Host {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        Self::new(text).ok_or_else(|| Fault::value(text, "is not a host name or IP address"))
    }
}

impl Item for Host {
    fn items(_: &Kind, text: &str) -> Result<Vec<Self>, Fault> {
        let host = Self::new(text);
        let fault = || Fault::value(text, "is not a host name or IP address");
        host.map(|host| vec![host]).ok_or_else(fault)
    }
}

/// An IP network in CIDR notation (RFC 4632).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1"];
const PRIVATE: &[&str] =
    &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];

impl Cidr {
    /// Whether an address is in the network. IPv4 addresses that a dual-stack socket shows as IPv6 are
    /// compared as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same(ours.to_bits().into(), theirs.to_bits().into(), 32 - self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                same(ours.to_bits(), theirs.to_bits(), 128 - self.prefix)
            }
            _ => false,
        }
    }

    /// `ADDRESS` or `ADDRESS/PREFIX`; `None` when it is neither.
    pub fn new(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address);
        let address: IpAddr = bare.parse().ok()?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= widest)?,
            None => widest,
        };
        Some(Self { address, prefix })
    }
}

/// Whether two addresses agree but for so many last bits.
fn same(a: u128, b: u128, free_bits: u8) -> bool {
    (a ^ b).checked_shr(u32::from(free_bits)).unwrap_or(0) == 0
}

impl Item for Cidr {
    fn items(_: &Kind, text: &str) -> Result<Vec<Self>, Fault> {
        let word = [text];
        let texts: &[&str] = match text.to_ascii_lowercase().as_str() {
            "loopback" => LOOPBACK,
            "private" => PRIVATE,
            _ => &word,
        };
        let all: Option<Vec<_>> = texts.iter().map(|text| Self::new(text)).collect();
        all.ok_or_else(|| Fault::value(text, "is not a network"))
    }
}

/// A rate with a burst: a bucket that holds `burst` and gets `per_second` back each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many a second in the long run; 0: no limit.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

impl Rate {
    /// The most of either.
    pub const MAX: u32 = 1_000_000;
    /// The burst in seconds of the rate, where none is given.
    const BURST_SECONDS: u32 = 10;
}

impl Field for Rate {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let text = given.one()?;
        let number = |word: &str| word.parse::<u32>().ok().filter(|n| *n <= Self::MAX);
        let mut words = text.split_whitespace();
        let rate = words.next().and_then(|word| number(word.strip_suffix("/s").unwrap_or(word)));
        let burst = match (words.next(), words.next(), words.next()) {
            (None, ..) => rate.map(|rate| rate.saturating_mul(Self::BURST_SECONDS).min(Self::MAX)),
            (Some("burst"), Some(burst), None) => number(burst),
            _ => None,
        };
        match (rate, burst) {
            (Some(per_second), Some(burst)) if burst >= per_second => {
                Ok(Self { per_second, burst })
            }
            (Some(_), Some(_)) => Err(Fault::value(text, "has a burst below one second's rate")),
            _ => Err(Fault::value(text, "is not a rate")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn within(network: &str, address: &str) -> bool {
        let networks = Cidr::items(&Kind::Cidrs, network).unwrap();
        networks.iter().any(|network| network.contains(address.parse().unwrap()))
    }

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        assert!(within("10.1.0.0/16", "10.1.255.255"));
        assert!(!within("10.1.0.0/16", "10.2.0.0"));
        assert!(within("10.1.0.0/16", "::ffff:10.1.2.3"));
        assert!(within("0.0.0.0/0", "203.0.113.9") && within("::/0", "2001:db8::1"));
        assert!(!within("::/0", "203.0.113.9"));
        assert!(within("192.0.2.1", "192.0.2.1") && !within("192.0.2.1", "192.0.2.2"));
        assert!(within("loopback", "127.8.9.1") && within("loopback", "::1"));
        assert!(within("private", "172.31.0.1") && !within("private", "172.32.0.1"));
        for bad in ["10.0.0.0/33", "10.0.0", "::/129", "example.com", "10.0.0.0/", ""] {
            assert!(Cidr::items(&Kind::Cidrs, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_and_have_no_port() {
        for (text, shown) in [
            ("Example.COM", "example.com"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("my_db", "my_db"),
        ] {
            assert_eq!(Host::new(text).unwrap().to_string(), shown);
        }
        for bad in ["", "a b", "h:80", "-a", "a..b", "http://h", "1.2.3", "[1.2.3.4]", "é.com"] {
            assert_eq!(Host::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_rate_has_a_burst_of_ten_seconds_unless_it_names_one() {
        let parse = |text: &str| Rate::parse(&Kind::Rate, &Given::Text(text.to_owned()));
        assert_eq!(parse("50/s burst 500"), Ok(Rate { per_second: 50, burst: 500 }));
        assert_eq!(parse("20"), Ok(Rate { per_second: 20, burst: 200 }));
        for bad in ["", "fast", "50/m", "50 500", "50/s burst", "50/s burst 5", "50/s burst 60 x"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_network_contains_its_own_address(bits in any::<u128>(), prefix in 0u8..=128) {
            let address = IpAddr::V6(Ipv6Addr::from_bits(bits));
            prop_assume!(!address.to_canonical().is_ipv4());
            let network = Cidr { address, prefix };
            prop_assert!(network.contains(address));
        }
    }
}
