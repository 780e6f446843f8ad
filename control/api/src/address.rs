//! Where a request really comes from.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

use config::Cidr;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Entries of `X-Forwarded-For` that are looked at, from the nearest proxy on.
const MAX_HOPS: usize = 16;

/// The client's address: the connection's, or what trusted proxies say. `X-Forwarded-For` is read from its
/// right end, where the nearest proxy wrote; the first address that is no trusted proxy is the client, since
/// everything left of it could have been made up.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev().take(MAX_HOPS) {
        let Some(address) = parse(hop) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
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

/// An address, in brackets or with a port or plain.
fn parse(text: &str) -> Option<IpAddr> {
    let socket = || text.parse::<std::net::SocketAddr>().map(|socket| socket.ip()).ok();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(socket).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|text| Cidr::new(text).unwrap()).collect();
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(found("9.9.9.9", &["1.1.1.1"], &["10.0.0.0/8"]), "9.9.9.9");
        assert_eq!(found("10.0.0.1", &["1.1.1.1"], &[]), "10.0.0.1");
    }

    #[test]
    fn the_first_address_from_the_right_that_is_no_proxy_is_the_client() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(found("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"], &proxies), "1.1.1.1");
        assert_eq!(found("10.0.0.1", &["6.6.6.6", "1.1.1.1"], &proxies), "1.1.1.1");
        assert_eq!(found("::ffff:10.0.0.1", &["[2001:db8::1]:443"], &proxies), "2001:db8::1");
        assert_eq!(found("10.0.0.1", &["1.1.1.1:5000"], &proxies), "1.1.1.1");
    }

    #[test]
    fn nonsense_and_a_missing_header_leave_the_nearest_proxy() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(found("10.0.0.1", &["unknown"], &proxies), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &[], &proxies), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &["6.6.6.6, nonsense, 10.0.0.3"], &proxies), "10.0.0.3");
    }

    #[test]
    fn a_customers_ipv6_network_counts_as_one() {
        let counted = |text: &str| super::counted(text.parse().unwrap());
        assert_eq!(counted("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
        assert_eq!(counted("::ffff:1.2.3.4"), "1.2.3.4");
    }
}
