//! Which running server a command is for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::ExposeSecret;
use tollgate_outbound::remote::Server;
use tollgate_server::Config;

use super::{configuration, failed};

/// Which running server, of the commands that call one.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// The running server, as https://pay.example; without it the configured one.
    #[arg(long, global = true)]
    pub(super) url: Option<String>,
    /// A key to it; without it the configuration's bootstrap key.
    #[arg(long, global = true, env = "TOLLGATE_API_KEY", hide_env_values = true)]
    pub(super) key: Option<String>,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
}

/// Whom to trust over https.
#[derive(Debug, clap::Args)]
pub(super) struct TrustArgs {
    /// A PEM file with certificates to trust over https besides the system's.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TOLLGATE_ROOT_CERTIFICATE"
    )]
    pub(super) root_certificate: Option<PathBuf>,
}

/// The server that a command is for: the one of `--url` and `--key`, else the configured one with the
/// key it starts with.
pub(super) fn server_of(args: &ServerArgs, config: &Config) -> Result<Server, String> {
    let configured = || {
        config
            .bootstrap_key
            .as_ref()
            .map(ExposeSecret::expose_secret)
    };
    let key = args.key.as_deref().or_else(configured);
    let key = key.ok_or("name a key with --key, or configure api.bootstrap_key")?;
    let url = args.url.clone().unwrap_or_else(|| configured_url(config));
    Server::trusting(&url, key.to_owned(), args.trust.root_certificate.as_deref())
}

/// The same, or the exit of a command that has none: where both are named, no configuration is read.
pub(super) fn server(args: &ServerArgs, file: Option<&Path>) -> Result<Server, ExitCode> {
    let server = match (&args.url, &args.key) {
        (Some(url), Some(key)) => {
            let root_certificate = args.trust.root_certificate.as_deref();
            Server::trusting(url, key.clone(), root_certificate)
        }
        _ => server_of(args, &configuration(file)?),
    };
    server.map_err(|why| failed(&why))
}

/// Where the configured server is called from this machine: where it listens, or, if that needs a name that
/// its certificate is for, at its public URL.
pub(super) fn configured_url(config: &Config) -> String {
    let server = &config.server;
    match (&server.tls, &server.public_url) {
        (Some(_), Some(url)) if url.starts_with("https://") => url.clone(),
        _ => format!("{}://{}", scheme_of(config), reachable(server.listen)),
    }
}

/// What the listeners speak.
pub(super) fn scheme_of(config: &Config) -> &'static str {
    match config.server.tls {
        Some(_) => "https",
        None => "http",
    }
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
