//! Which running server a command is for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::ExposeSecret;
use tollgate_outbound::remote::Server;
use tollgate_server::Config;

use super::profiles::{Profile, Profiles};
use super::{configuration, failed};

/// Under which heading `--help` shows what is the same for all commands that call a server.
const WHICH_SERVER: &str = "Which server";

/// Which running server, of the commands that call one.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// The running server, as https://pay.example; without it the profile's or the configured one.
    #[arg(long, global = true, help_heading = WHICH_SERVER)]
    pub(super) url: Option<String>,
    /// A key to it; without it the profile's, or the configuration's bootstrap key.
    #[arg(
        long,
        global = true,
        env = "TOLLGATE_API_KEY",
        hide_env_values = true,
        help_heading = WHICH_SERVER
    )]
    pub(super) key: Option<String>,
    /// A server whose key `tollgate login` has kept. What --url and --key name counts before it; without
    /// it the configuration of this folder does, and then the default profile.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "TOLLGATE_PROFILE",
        hide_env_values = true,
        help_heading = WHICH_SERVER
    )]
    pub(super) profile: Option<String>,
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
        env = "TOLLGATE_ROOT_CERTIFICATE",
        hide_env_values = true,
        help_heading = WHICH_SERVER
    )]
    pub(super) root_certificate: Option<PathBuf>,
}

/// The server that a command is for. The configuration is read where it counts only.
pub(super) fn server(args: &ServerArgs, file: Option<&Path>) -> Result<Server, ExitCode> {
    let is_named = args.profile.is_some() || (args.url.is_some() && args.key.is_some());
    let server = match is_named {
        true => named(args),
        false => server_of(args, &configuration(file)?),
    };
    server.map_err(|why| failed(&why))
}

/// The server that flags and profile name, else the configured one with the key it starts with, else that of the
/// default profile.
pub(super) fn server_of(args: &ServerArgs, config: &Config) -> Result<Server, String> {
    if args.profile.is_some() {
        return named(args);
    }
    let configured = config
        .bootstrap_key
        .as_ref()
        .map(ExposeSecret::expose_secret);
    let Some(key) = args.key.as_deref().or(configured) else {
        let profiles = Profiles::read()?;
        let (name, profile) = profiles.chosen().ok_or(NO_KEY)?;
        return of_profile(args, name, profile);
    };
    let url = args.url.clone().unwrap_or_else(|| configured_url(config));
    if args.key.is_none() && !is_configured(&url, config) {
        let own = configured_url(config);
        return Err(format!(
            "the configuration's bootstrap key is for {own}: name the one for {url} with --key, or keep it \
             with `tollgate login`"
        ));
    }
    Server::trusting(&url, key.to_owned(), args.trust.root_certificate.as_deref())
}

/// What is said where no key is named.
const NO_KEY: &str =
    "name a key with --key, keep one with `tollgate login`, or configure api.bootstrap_key";

/// The server that flags and profile name.
fn named(args: &ServerArgs) -> Result<Server, String> {
    if let Some(name) = &args.profile {
        return of_profile(args, name, Profiles::read()?.named(name)?);
    }
    let (Some(url), Some(key)) = (&args.url, &args.key) else {
        return Err(NO_KEY.to_owned());
    };
    Server::trusting(url, key.clone(), args.trust.root_certificate.as_deref())
}

/// The server of a profile, with what the flags say instead. Its key goes to no other server than its own.
fn of_profile(args: &ServerArgs, name: &str, profile: &Profile) -> Result<Server, String> {
    let url = args.url.as_deref().unwrap_or(&profile.url);
    let is_its_own = url.trim_end_matches('/') == profile.url.trim_end_matches('/');
    let key = match &args.key {
        Some(key) => key,
        None if is_its_own => profile.key.expose_secret(),
        None => {
            let own = &profile.url;
            return Err(format!(
                "the key of profile {name} is for {own}: name the one for {url} with --key, or keep \
                 it with `tollgate login`"
            ));
        }
    };
    let root_certificate = args.trust.root_certificate.as_deref();
    let root_certificate = root_certificate.or(profile.root_certificate.as_deref());
    Server::trusting(url, key.to_owned(), root_certificate)
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

/// Whether a URL is that of the configured server: where it listens, in any spelling of loopback, or its public URL.
fn is_configured(url: &str, config: &Config) -> bool {
    let same = |own: &str| url.trim_end_matches('/') == own.trim_end_matches('/');
    let server = &config.server;
    if same(&configured_url(config)) || server.public_url.as_deref().is_some_and(same) {
        return true;
    }
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let listens = reachable(server.listen).ip();
    let is_there = match host.parse::<IpAddr>() {
        Ok(ip) => ip == listens || (ip.is_loopback() && listens.is_loopback()),
        Err(_) => host == "localhost" && listens.is_loopback(),
    };
    is_there
        && url.scheme() == scheme_of(config)
        && url.port_or_known_default() == Some(server.listen.port())
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
    use secrecy::SecretString;

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

    #[test]
    fn the_configured_key_goes_to_the_configured_server_only() {
        let config = |listen: &str| {
            let text = format!(
                "[server]\nlisten = \"{listen}\"\npublic_url = \"https://pay.example\"\n\
                 [api]\nbootstrap_key = \"literal:tg_bootstrap-key-of-the-tests\"\n"
            );
            let folder = tempfile::tempdir().expect("a temporary folder");
            let file = folder.path().join("tollgate.toml");
            std::fs::write(&file, text).expect("it is ours");
            Config::load(Some(&file)).expect("it is a configuration")
        };
        let (open, inside) = (config("0.0.0.0:8080"), config("192.0.2.7:80"));
        for (config, url, goes) in [
            (&open, None, true),
            (&open, Some("http://127.0.0.1:8080/"), true),
            (&open, Some("http://localhost:8080"), true),
            (&open, Some("http://[::1]:8080"), true),
            (&open, Some("https://pay.example/"), true),
            (&open, Some("http://127.0.0.1:8081"), false),
            (&open, Some("https://127.0.0.1:8080"), false),
            (&open, Some("http://localhost.example:8080"), false),
            (&open, Some("http://127.0.0.1.example:8080"), false),
            (&open, Some("https://pay.example.org"), false),
            (&inside, Some("http://192.0.2.7"), true),
            (&inside, Some("http://127.0.0.1:80"), false),
        ] {
            let args = |key: Option<&str>| ServerArgs {
                url: url.map(str::to_owned),
                key: key.map(str::to_owned),
                profile: None,
                trust: TrustArgs {
                    root_certificate: None,
                },
            };
            let server = server_of(&args(None), config);
            assert_eq!(server.is_ok(), goes, "{url:?}");
            if let Err(why) = server {
                assert!(
                    why.contains("--key") && !why.contains("tg_bootstrap"),
                    "{why}"
                );
            }
            assert!(
                server_of(&args(Some("tg_other")), config).is_ok(),
                "{url:?}"
            );
        }
    }

    #[test]
    fn a_kept_key_goes_to_its_own_server_only() {
        let profile = Profile {
            url: "https://pay.example".to_owned(),
            key: SecretString::from("tg_kept"),
            root_certificate: None,
        };
        let called = |url: Option<&str>, key: Option<&str>| {
            let args = ServerArgs {
                url: url.map(str::to_owned),
                key: key.map(str::to_owned),
                profile: None,
                trust: TrustArgs {
                    root_certificate: None,
                },
            };
            let server = of_profile(&args, "shop", &profile);
            server.map(|server| server.url().to_owned())
        };
        let own = Ok("https://pay.example".to_owned());
        assert_eq!(called(None, None), own);
        assert_eq!(called(Some("https://pay.example/"), None), own);
        let other = Ok("https://other.example".to_owned());
        assert_eq!(
            called(Some("https://other.example"), Some("tg_other")),
            other
        );
        let why = called(Some("https://other.example"), None).expect_err("it is another server");
        assert!(
            why.contains("profile shop") && !why.contains("tg_kept"),
            "{why}"
        );
    }
}
