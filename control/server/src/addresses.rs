//! The addresses by which others reach the server.

use std::net::IpAddr;

use config::{Config, Host};
use control::{Links, Outputs};

/// The URLs that are told to people.
pub(crate) fn links(config: &Config) -> Links {
    let host = config.public_host.first().map_or_else(found_host, Host::to_string);
    let outputs =
        Outputs { hls: true, dash: false, flv: true, whip: false, whep: false, watch: true };
    let rtmp = format!("rtmp://{host}:{}", config.rtmp_port);
    let media = match &config.public_media_url {
        Some(url) => url.as_str().to_owned(),
        None => format!("http://{host}:{}", config.http_port),
    };
    Links::new(&rtmp, &media, outputs)
}

/// The address of the interface that leads to the Internet, which nothing is sent to; without one,
/// `localhost`.
fn found_host() -> String {
    let find = || -> std::io::Result<IpAddr> {
        let socket = std::net::UdpSocket::bind(("0.0.0.0", 0))?;
        // An address for documentation (RFC 5737): connecting a UDP socket only looks up the route.
        socket.connect(("192.0.2.1", 9))?;
        Ok(socket.local_addr()?.ip())
    };
    match find() {
        Ok(address) if !address.is_loopback() && !address.is_unspecified() => address.to_string(),
        _ => "localhost".into(),
    }
}
