//! The addresses by which others reach the server.

use std::net::IpAddr;

use config::{BaseUrl, Config, Host};
use control::{Links, Outputs};

/// The URLs that are told to people.
pub(crate) fn links(config: &Config) -> Links {
    let outputs =
        Outputs { hls: true, dash: false, flv: true, whip: false, whep: false, watch: true };
    let rtmp = format!("rtmp://{}:{}", host(config), config.rtmp_port);
    Links::new(&rtmp, &media(config), outputs)
}

/// Where media are played.
pub(crate) fn media(config: &Config) -> String {
    base(config.public_media_url.as_ref(), config, config.http_port)
}

/// Where the API is.
pub(crate) fn api(config: &Config) -> String {
    base(config.public_api_url.as_ref(), config, config.streaming_port)
}

fn base(given: Option<&BaseUrl>, config: &Config, port: u16) -> String {
    given.map_or_else(|| format!("http://{}:{port}", host(config)), |url| url.as_str().to_owned())
}

fn host(config: &Config) -> String {
    config.public_host.first().map_or_else(found_host, Host::to_string)
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
