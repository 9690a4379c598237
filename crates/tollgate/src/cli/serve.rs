//! `tollgate serve`: the server.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use super::client::scheme_of;
use super::{configuration, failed, misconfigured, welcome};
use crate::log::{is_for_machines, say, start_log};
use tollgate_server::config::Config;
use tollgate_server::{Listeners, Role, Serving, raise_open_files};
use tollgate_store::Place;

/// Take webhooks and serve the API until SIGINT or SIGTERM.
///
/// Then no more connections are taken, requests that run come to their end, everything that was
/// taken is on disk, and the exit code is 0.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// What this instance does; roles other than all need PostgreSQL.
    #[arg(long, value_enum, default_value_t)]
    role: RoleArg,
    /// Where requests are taken, in the place of server.listen.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Make a new database where the log or the key of one lies that is missing.
    #[arg(long)]
    create: bool,
}

/// What `serve` says where there is nothing to go by.
const NOTHING_CONFIGURED: &str = "\
error: nothing is configured: there is no ./tollgate.toml, no --config and no TOLLGATE__… variable

Tollgate takes the webhooks of payment providers, and moves a shop's orders, stock and slots by them.
  tollgate init    writes tollgate.toml and a key; then `tollgate serve`
  tollgate demo    shows what it does, on a temporary database and without any configuration";

/// What an instance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum RoleArg {
    /// Take requests and do effects.
    #[default]
    All,
    /// Take requests; other instances do the effects.
    Api,
    /// Do effects; take no requests.
    Worker,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    if !Config::is_given(file) {
        anstream::eprintln!("{NOTHING_CONFIGURED}");
        return ExitCode::from(2);
    }
    let mut config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    config.create = args.create;
    if let Some(address) = args.listen
        && let Err(error) = config.listen_at(address)
    {
        return misconfigured(&error);
    }
    if args.role != RoleArg::All && !matches!(config.place, Place::Server(_)) {
        return failed(
            "serve --role api and --role worker need PostgreSQL: only one process opens a SQLite \
             file; set store.url to a postgres:// URL or leave --role out",
        );
    }
    let for_machines = is_for_machines(config.log.format);
    let _log = start_log(&config.log);
    say_open_files();
    let role = match args.role {
        RoleArg::All => Role::All,
        RoleArg::Api => Role::Api,
        RoleArg::Worker => return work(config).await,
    };
    // Before anything else is said or made: a start that cannot be ends with one line.
    let listeners = match Listeners::bind(&config.server).await {
        Ok(listeners) => listeners,
        Err(error) => return not_started(for_machines, &error.to_string()),
    };
    let stop = stop_signal();
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = listeners.open(config, role) => opened,
        () = &mut stop => return ExitCode::SUCCESS,
    };
    let app = match opened {
        Ok(app) => app,
        Err(error) => return not_started(for_machines, &error.to_string()),
    };
    say_what_is_configured(app.config());
    say_where(app.config(), &listeners);
    welcome::say(&app, &listeners.addresses()).await;
    Serving::new(app, listeners).run(stop).await;
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

/// Does effects and nothing else.
async fn work(config: Config) -> ExitCode {
    let for_machines = is_for_machines(config.log.format);
    let stop = stop_signal();
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = tollgate_server::open(config, Role::All) => opened,
        () = &mut stop => return ExitCode::SUCCESS,
    };
    match opened {
        Ok(app) => {
            say_what_is_configured(app.config());
            match for_machines {
                true => tracing::info!("doing effects; taking no requests"),
                false => say("doing effects; taking no requests"),
            }
            tollgate_server::work(app, stop).await;
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => not_started(for_machines, &error.to_string()),
    }
}

/// Why it does not start: a line for people, or one of the log for machines.
fn not_started(for_machines: bool, why: &str) -> ExitCode {
    match for_machines {
        true => tracing::error!("{why}"),
        false => say(&format!("error: {why}")),
    }
    ExitCode::from(1)
}

/// Takes as many open files as the system gives, and says so where that was more than the usual.
fn say_open_files() {
    let files = raise_open_files();
    if files.now != files.before {
        let count = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |n| n.to_string());
        let (from, to) = (count(files.before), count(files.now));
        tracing::info!(from, to, "raised the limit of open files");
    }
}

/// What an operator should know of the sources.
fn say_what_is_configured(config: &Config) {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    for trial in config.trials() {
        tracing::info!("{trial}");
    }
}

/// Says where it came to listen (the configured port may be 0), and the URLs to register at each provider:
/// in lines for people, or as part of a log for machines.
fn say_where(config: &Config, listeners: &Listeners) {
    let for_machines = is_for_machines(config.log.format);
    let scheme = scheme_of(config);
    if let Some(address) = listeners.grpc_address() {
        match for_machines {
            true => tracing::info!(%address, "listening for gRPC"),
            false => say(&format!("listening for gRPC at {scheme}://{address}")),
        }
    }
    let addresses = listeners.addresses();
    for address in &addresses {
        match for_machines {
            true => tracing::info!(%address, "listening"),
            false => say(&format!("listening at {scheme}://{address}")),
        }
    }
    let listen = addresses.first().copied().unwrap_or(config.server.listen);
    let listen = format!("{scheme}://{listen}");
    let base = config.server.public_url.as_deref().unwrap_or(&listen);
    let mut has_source = false;
    for shop in &config.shops {
        for configured in &shop.sources {
            let (source, title) = (configured.source.name(), configured.source.provider().title);
            for path in &configured.paths {
                has_source = true;
                let url = format!("{base}{path}");
                match for_machines {
                    true => tracing::info!(shop = shop.name, source, url, "register at {title}"),
                    false => say(&format!("register at {title}: {url}")),
                }
            }
        }
    }
    let none = "no sources are configured: webhooks are not taken";
    match (has_source, for_machines) {
        (true, _) => {}
        (false, true) => tracing::info!("{none}"),
        (false, false) => say(none),
    }
}

/// Ends with the first SIGINT or SIGTERM after the call: both are listened to from then on, not only from
/// the first poll on, so a process that reads where the server listens may already ask it to stop.
#[cfg(unix)]
pub(super) fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        match (interrupt, terminate) {
            (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            },
            (Ok(mut one), Err(_)) | (Err(_), Ok(mut one)) => {
                one.recv().await;
            }
            // The system's own handling ends the process then.
            (Err(_), Err(_)) => std::future::pending().await,
        }
        tracing::info!("stopping: taking no more, finishing what runs");
    }
}

/// Ends with the first Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
    tracing::info!("stopping: taking no more, finishing what runs");
}
