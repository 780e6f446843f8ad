//! Where a request really comes from.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use config::Cidr;
use http1::forwarded::{self, FORWARDED_FOR};

/// The client's address: the connection's, or what trusted proxies say.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
    forwarded::client(peer, lines, |address| trusted.iter().any(|it| it.contains(address)))
}

/// What a limit counts: an IPv4 address, or the network of 64 bits that one IPv6 customer has.
pub(crate) fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let network = u128::from(v6) >> 64 << 64;
            format!("{}/64", Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lines_of_the_field_count_and_only_trusted_proxies_are_believed() {
        let mut headers = HeaderMap::new();
        for line in ["6.6.6.6", "1.1.1.1, 10.0.0.2"] {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let found = |trusted: &[Cidr]| client("10.0.0.1".parse().unwrap(), &headers, trusted);
        let proxies = [Cidr::new("10.0.0.0/8").unwrap()];
        assert_eq!(found(&proxies).to_string(), "1.1.1.1");
        assert_eq!(found(&[]).to_string(), "10.0.0.1");
    }

    #[test]
    fn a_customers_ipv6_network_counts_as_one() {
        let counted = |text: &str| super::counted(text.parse().unwrap());
        assert_eq!(counted("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
        assert_eq!(counted("::ffff:1.2.3.4"), "1.2.3.4");
    }
}
