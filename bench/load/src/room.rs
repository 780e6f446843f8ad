//! Whether the machine has room for a run, told before it begins.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

/// Descriptors that the runner needs beside its connections.
const SPARE: u64 = 64;

/// What is lacking, one line each.
pub(crate) fn lacking(
    connections: usize,
    servers: &[SocketAddr],
    sources: &[IpAddr],
    descriptors: u64,
) -> Vec<String> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    check(connections, servers, sources, descriptors, ports(&range.unwrap_or_default()))
}

fn check(
    connections: usize,
    servers: &[SocketAddr],
    sources: &[IpAddr],
    descriptors: u64,
    ports: usize,
) -> Vec<String> {
    let mut lacking = Vec::new();
    if connections as u64 + SPARE > descriptors {
        lacking.push(format!(
            "{connections} connections need {} descriptors, and {descriptors} are allowed: raise `ulimit -n`",
            connections as u64 + SPARE
        ));
    }
    // A port serves one connection from each own address to each of the servers' addresses.
    let servers: HashSet<&SocketAddr> = servers.iter().collect();
    let ways = servers.len().max(1) * sources.len().max(1);
    if connections > ports * ways {
        lacking.push(format!(
            "{connections} connections need as many local ports, and there are {} (net.ipv4.ip_local_port_range): \
             give more addresses with --source-ip, or widen the range",
            ports * ways
        ));
    }
    lacking
}

/// How many ports a range such as `32768 60999` holds.
fn ports(range: &str) -> usize {
    let mut ends = range.split_whitespace().filter_map(|end| end.parse::<usize>().ok());
    match (ends.next(), ends.next()) {
        (Some(first), Some(last)) if first <= last => last - first + 1,
        // The kernel's default.
        _ => 28_232,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told() {
        let server: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let lacking = |count, sources: &[IpAddr], descriptors| {
            check(count, &[server, server], sources, descriptors, 1000).len()
        };
        let two: [IpAddr; 2] = ["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()];
        assert_eq!(lacking(1000, &[], 2000), 0);
        assert_eq!(lacking(1001, &[], 2000), 1);
        assert_eq!(lacking(1001, &two, 2000), 0);
        assert_eq!(lacking(1001, &[], 1001), 2);
    }

    #[test]
    fn a_range_of_ports_is_counted() {
        assert_eq!(ports("32768\t60999\n"), 28_232);
        assert_eq!(ports("5 5"), 1);
        assert_eq!(ports("?"), 28_232);
    }
}
