//! `tollgate login` and `tollgate logout`: a key is typed once, and kept.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::{ExposeSecret, SecretString};
use tollgate_outbound::remote::Server;

use super::calling::call;
use super::client::{TrustArgs, configured_url};
use super::profiles::{Profile, Profiles, name};
use super::typing::{first_line, typed};
use super::{configuration, failed};

/// Keep the key to a server, so that it is typed once.
///
/// The key is asked for without being shown, and is kept after the server has taken it.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// What it is called.
    #[arg(long, value_name = "NAME", env = "TOLLGATE_PROFILE", hide_env_values = true, default_value = DEFAULT, value_parser = name)]
    pub(super) profile: String,
    /// The running server, as https://pay.example; without it the one that was kept under this
    /// name, or the configured one.
    #[arg(long)]
    url: Option<String>,
    /// A file with the key in its first line, `-` for the standard input; else it is asked for.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Use it where nothing else is named; the first one that is kept is so by itself.
    #[arg(long)]
    default: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Forget the key to a server. At the server it stays good: `tollgate keys revoke` ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct LogoutArgs {
    /// Which; the default one if absent.
    #[arg(
        long,
        value_name = "NAME",
        env = "TOLLGATE_PROFILE",
        hide_env_values = true
    )]
    pub(super) profile: Option<String>,
}

/// What a profile is called where it is not named.
const DEFAULT: &str = "default";

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let profiles = match Profiles::read() {
        Ok(profiles) => profiles,
        Err(why) => return failed(&why),
    };
    let former = profiles.all.get(&args.profile);
    let url = match (&args.url, former) {
        (Some(url), _) => url.clone(),
        (None, Some(former)) => former.url.clone(),
        (None, None) => match configuration(file) {
            Ok(config) => configured_url(&config),
            Err(exit) => return exit,
        },
    };
    match keep(former, &args, &url).await {
        Ok(()) => {
            anstream::eprintln!(
                "{url} has taken the key; it is kept as profile {}",
                args.profile
            );
            ExitCode::SUCCESS
        }
        Err(why) => failed(&why),
    }
}

/// Asks for the key, tries it, and keeps it.
async fn keep(former: Option<&Profile>, args: &Args, url: &str) -> Result<(), String> {
    // It has to be found from every folder.
    let root_certificate = match &args.trust.root_certificate {
        Some(path) => Some(
            std::path::absolute(path)
                .map_err(|error| format!("find {}: {error}", path.display()))?,
        ),
        None => former.and_then(|former| former.root_certificate.clone()),
    };
    let key = key(args, url)?;
    let server = Server::trusting(
        url,
        key.expose_secret().to_owned(),
        root_certificate.as_deref(),
    )?;
    // Every key may read.
    call(&server, "GET", "/v1/orders?limit=1", None).await?;
    let profile = Profile {
        url: server.url().to_owned(),
        key,
        root_certificate,
    };
    Profiles::change(|profiles| {
        profiles.all.insert(args.profile.clone(), profile);
        if args.default || profiles.chosen().is_none() {
            profiles.default = Some(args.profile.clone());
        }
        Ok(())
    })
}

fn key(args: &Args, url: &str) -> Result<SecretString, String> {
    let is_asked = args.key_file.is_none() && std::io::stdin().is_terminal();
    let key = match is_asked {
        true => typed(&format!("key to {url}: "), "the key")?,
        false => {
            let file = args.key_file.as_deref().unwrap_or(Path::new("-"));
            first_line(file, "the key")?
        }
    };
    match key.trim() {
        "" => Err("the key is empty".to_owned()),
        key => Ok(SecretString::from(key)),
    }
}

pub(super) fn log_out(args: &LogoutArgs) -> ExitCode {
    let forgotten = Profiles::change(|profiles| {
        let default = || profiles.chosen().map(|(name, _)| name.to_owned());
        let name = args.profile.clone().or_else(default);
        let name = name.ok_or("no key is kept; nothing is to be forgotten")?;
        profiles.named(&name)?;
        profiles.all.remove(&name);
        if profiles.default.as_ref() == Some(&name) {
            profiles.default = None;
        }
        Ok(name)
    });
    match forgotten {
        Err(why) => failed(&why),
        Ok(name) => {
            anstream::eprintln!("forgot profile {name}");
            ExitCode::SUCCESS
        }
    }
}
