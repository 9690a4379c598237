//! `tollgate serve`: the server.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::client::scheme_of;
use super::{configuration, failed, misconfigured, welcome};
use crate::log::{is_for_machines, say, set_levels, start_log};
use crate::service;
use tollgate_server::config::Config;
use tollgate_server::{App, Listeners, Reload, Reloads, Role, Serving, raise_open_files};
use tollgate_store::Place;

/// Take webhooks and serve the API until SIGINT or SIGTERM.
///
/// At SIGHUP the configuration is read again.
///
/// At the end no more connections are taken, requests that run come to their end, everything that was taken
/// is on disk, and the exit code is 0.
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
        RoleArg::Worker => return work(config, file).await,
    };
    // Before anything else is said or made: a start that cannot be ends with one line.
    let listeners = match Listeners::bind(&config.server).await {
        Ok(listeners) => listeners,
        Err(error) => return not_started(for_machines, &error.to_string()),
    };
    let (stop, hang_ups) = (stop_signal(), HangUps::hear());
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = listeners.open(config, role) => opened,
        () = say_starting() => return ExitCode::FAILURE,
        () = &mut stop => return ExitCode::SUCCESS,
    };
    let app = match opened {
        Ok(app) => app,
        Err(error) => return not_started(for_machines, &error.to_string()),
    };
    say_what_is_configured(app.config());
    say_where(app.config(), &listeners);
    welcome::say(&app, &listeners.addresses()).await;
    let status = format!("taking requests at {}", at(&listeners));
    let (attending, reloads) = attend(&app, hang_ups, file, status);
    let serving = Serving::new(app, listeners).reloading(reloads);
    serving.run(stop).await;
    drop(attending);
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

/// Where it listens, in one line.
fn at(listeners: &Listeners) -> String {
    let addresses = listeners.addresses();
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    addresses.join(", ")
}

/// Says that it starts for as long as it does.
async fn say_starting() {
    let mut rounds = tokio::time::interval(service::START_EVERY);
    loop {
        rounds.tick().await;
        service::starting();
    }
}

/// Tells the service manager that it works, and from now on that it goes on working; and hands on the configurations
/// that it is asked to read. Both end with the set.
fn attend(
    app: &App,
    hang_ups: HangUps,
    file: Option<&Path>,
    status: String,
) -> (JoinSet<()>, Reloads) {
    service::ready(&status);
    let (to, reloads) = Reloads::open();
    let watched = app.clone();
    let file = file.map(Path::to_owned);
    let mut attending = JoinSet::new();
    attending.spawn(async move { service::watch(|| watched.progress()).await });
    attending.spawn(async move { hang_ups.hand_on(to, file.as_deref(), &status).await });
    (attending, reloads)
}

/// Orders to read the configuration again: SIGHUP, heard from the start on, so that none ends the process.
struct HangUps {
    #[cfg(unix)]
    signal: std::io::Result<tokio::signal::unix::Signal>,
}

impl HangUps {
    #[cfg(unix)]
    fn hear() -> HangUps {
        use tokio::signal::unix::{SignalKind, signal};
        HangUps {
            signal: signal(SignalKind::hangup()),
        }
    }

    #[cfg(not(unix))]
    fn hear() -> HangUps {
        HangUps {}
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        if let Ok(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending().await
    }

    /// Reads the configuration whenever it is asked to, and hands it on if it is good.
    async fn hand_on(mut self, to: mpsc::Sender<Reload>, file: Option<&Path>, status: &str) {
        loop {
            self.next().await;
            service::reloading();
            read_again(&to, file).await;
            service::ready(status);
        }
    }
}

/// Reads the configuration. What is wrong with it is said, and all goes on by the one before.
async fn read_again(to: &mpsc::Sender<Reload>, file: Option<&Path>) {
    let path = file.map(Path::to_owned);
    let read = tokio::task::spawn_blocking(move || Config::load(path.as_deref())).await;
    let config = match read {
        Ok(Ok(config)) => Box::new(config),
        Ok(Err(error)) => {
            let file = file.map_or("./tollgate.toml".to_owned(), |file| {
                file.display().to_string()
            });
            tracing::error!(file, %error, "the configuration was not taken over; mend it and send SIGHUP again");
            return;
        }
        Err(error) => {
            tracing::error!(%error, "reading the configuration has panicked; the one before is gone by");
            return;
        }
    };
    let (done, becomes) = oneshot::channel();
    // A server that stops goes by none any more.
    if to.send(Reload { config, done }).await.is_ok()
        && let Ok(Ok(config)) = becomes.await
    {
        set_levels(&config.log);
        say_what_is_configured(&config);
    }
}

/// Does effects and nothing else.
async fn work(config: Config, file: Option<&Path>) -> ExitCode {
    let for_machines = is_for_machines(config.log.format);
    let (stop, hang_ups) = (stop_signal(), HangUps::hear());
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = tollgate_server::open(config, Role::All) => opened,
        () = say_starting() => return ExitCode::FAILURE,
        () = &mut stop => return ExitCode::SUCCESS,
    };
    match opened {
        Ok(app) => {
            say_what_is_configured(app.config());
            match for_machines {
                true => tracing::info!("doing effects; taking no requests"),
                false => say("doing effects; taking no requests"),
            }
            let status = "doing effects; taking no requests".to_owned();
            let (attending, reloads) = attend(&app, hang_ups, file, status);
            tollgate_server::work(app, stop, reloads).await;
            drop(attending);
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
        service::stopping();
        tracing::info!("stopping: taking no more, finishing what runs");
    }
}

/// Ends with the first Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
    tracing::info!("stopping: taking no more, finishing what runs");
}
