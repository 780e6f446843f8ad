//! Where a request that came through proxies began.

use std::net::IpAddr;

/// The field that proxies add addresses to.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// Entries of `X-Forwarded-For` that are looked at, from the nearest proxy on.
const MAX_HOPS: usize = 16;

/// The client's address: that of the connection, or what trusted proxies say. The lines of `X-Forwarded-For`
/// are read from their right end, where the nearest proxy wrote; the first address that is no trusted proxy
/// is the client, since everything left of it could have been made up.
pub fn client<'h>(
    peer: IpAddr,
    lines: impl Iterator<Item = &'h str>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let lines: Vec<&str> = lines.collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim);
    for hop in hops.take(MAX_HOPS) {
        let Some(address) = parse(hop) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
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

    fn found(peer: &str, lines: &[&str]) -> String {
        let proxy = |address: IpAddr| matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10);
        client(peer.parse().unwrap(), lines.iter().copied(), proxy).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(found("9.9.9.9", &["1.1.1.1"]), "9.9.9.9");
    }

    #[test]
    fn the_first_address_from_the_right_that_is_no_proxy_is_the_client() {
        assert_eq!(found("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"]), "1.1.1.1");
        assert_eq!(found("10.0.0.1", &["6.6.6.6", "1.1.1.1"]), "1.1.1.1");
        assert_eq!(found("::ffff:10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(found("10.0.0.1", &["1.1.1.1:5000"]), "1.1.1.1");
    }

    #[test]
    fn nonsense_and_a_missing_field_leave_the_nearest_proxy() {
        assert_eq!(found("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &["6.6.6.6, nonsense, 10.0.0.3"]), "10.0.0.3");
    }
}
