//! Which running server a command is for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use secrecy::ExposeSecret;
use tollgate_outbound::remote::Server;
use tollgate_server::Config;

/// The server that a command is for: the one of `--url` and `--key`, else the configured one with the
/// key it starts with.
pub(super) fn server_of(
    url: Option<&str>,
    key: Option<&str>,
    config: &Config,
) -> Result<Server, String> {
    let configured = || {
        config
            .bootstrap_key
            .as_ref()
            .map(ExposeSecret::expose_secret)
    };
    let key = key.or_else(configured);
    let key = key.ok_or("name a key with --key, or configure api.bootstrap_key")?;
    let listen = || format!("http://{}", reachable(config.server.listen));
    Server::new(&url.map_or_else(listen, str::to_owned), key.to_owned())
}

/// A listening address as one can be called: every address is called at loopback.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_called_at_loopback() {
        for (listen, called) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            let listen = listen.parse().expect("the table holds addresses");
            assert_eq!(reachable(listen).to_string(), called);
        }
    }
}
