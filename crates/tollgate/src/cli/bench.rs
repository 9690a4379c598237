//! `tollgate bench`: a server and its load in one go, measured against the same server without a
//! store.

mod plan;
mod requests;
mod sink;
mod webhook;
mod child;
mod ceiling;
mod measure;
mod early;
mod verify;
mod figures;
mod report;
mod disk;
mod database;
mod peer;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use plan::Name;
use webhook::Provider;

use super::serve::stop_signal;
use crate::load::client::Client;
use crate::load::files;
use crate::load::pace::Rate;
use child::{Role, Server};
use database::Database;
use figures::Figures;
use measure::{Bench, Shape, Side, SizeWatch, TICKS};
use sink::Sink;
use verify::Truth;

/// Measure this machine: a server of its own, load on loopback, ratios to the bare HTTP server.
///
/// Each round runs the ceiling (the same server, the same checks, nothing stored) and then the
/// store, on a fresh temporary database that is as durable as in production. Afterwards the
/// database is read back: a count that is not what was answered makes the bench fail.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    /// What is measured.
    name: Name,
    /// Where the database lies: "sqlite:FILE", a file that is not there yet, or "postgres://…", a
    /// server on which this user may create a database. A temporary file if absent.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// How many servers share the database; more than one needs PostgreSQL.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=8))]
    instances: u16,
    /// Over how many shops the requests are spread: ingest, duplicates, apply and orders.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    shops: u64,
    /// How long each run of a round is.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many requests may be on their way at once.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Arrivals a second whatever becomes of them; as fast as the answers come if absent.
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<NonZeroU32>,
    /// How many rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Print one line of JSON and nothing else.
    #[arg(long)]
    json: bool,
    /// Effects that are pending all the while, for a handler that takes none.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    pending: u64,
    /// Whose webhooks are sent.
    #[arg(long, value_enum, default_value = "hmac")]
    provider: Provider,
    /// hot-sku: measure the refusals after the stock ran out.
    #[arg(long)]
    sold_out: bool,
}

/// Why nothing was measured, or why what was measured does not count.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BenchError(String);

const EXIT_CODES: &str = "\
Exit codes:
  0  measured and right
  1  not right, or not measured
  2  wrong usage";

/// More arrivals than this are no measurement of a machine that also makes them.
const RATE_MAX: u32 = 200_000;
const REST: Duration = Duration::from_secs(2);

pub(super) fn run(args: &Args) -> ExitCode {
    if args.name == Name::Server {
        return match child::serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                anstream::eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if let Some(wrong) = wrong(args) {
        anstream::eprintln!("error: {wrong}");
        return ExitCode::from(2);
    }
    match measure(args) {
        Ok(figures) if args.json => {
            anstream::println!("{}", figures.json());
            ExitCode::SUCCESS
        }
        Ok(figures) => {
            anstream::println!("{}\n{}", report::table(args.name, &figures), figures.json());
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What cannot be measured.
fn wrong(args: &Args) -> Option<String> {
    if args.rate.is_some_and(|rate| rate.get() > RATE_MAX) {
        return Some(format!("--rate: at most {RATE_MAX} arrivals a second"));
    }
    if args.rate.is_some() && args.name == Name::Early {
        return Some("--rate: early is paced by its own 1 to 500 ms".to_owned());
    }
    if args.sold_out && args.name != Name::HotSku {
        return Some("--sold-out: only hot-sku runs out".to_owned());
    }
    let spreads = matches!(
        args.name,
        Name::Ingest | Name::Duplicates | Name::Apply | Name::Orders
    );
    if args.shops > 1 && !spreads {
        return Some(format!("--shops: {} is about one shop", args.name.word()));
    }
    let place = match database::place(args.store.as_deref()) {
        Ok(place) => place,
        Err(error) => return Some(error.to_string()),
    };
    (args.instances > 1 && !place.is_shared())
        .then(|| "--instances: several servers need --store postgres://…".to_owned())
}

fn measure(args: &Args) -> Result<Figures, BenchError> {
    // As far as it goes; what is missing shows as a connection that cannot be made.
    files::raise(u64::from(args.connections) + 200);
    let folder = disk::folder();
    let temporary = tempfile::Builder::new()
        .prefix("tollgate-bench-")
        .tempdir_in(&folder)
        .map_err(|error| BenchError(format!("make a folder in {}: {error}", folder.display())))?;
    let database = database::place(args.store.as_deref())?.make(temporary.path())?;
    if let Some(home) = database.folder().filter(|home| disk::is_in_memory(home)) {
        anstream::eprintln!(
            "warning: {} is in memory, where a flush costs nothing; name a file on a disk with \
             --store, or the figures do not count",
            home.display()
        );
    }
    end_cleanly(temporary.path().to_owned())?;
    let (key, secret) = (format!("tg_{}", fresh()), fresh());
    let sink = match args.name {
        Name::Effects => Some(Sink::open()?),
        _ => None,
    };
    let closed = match args.pending {
        0 => None,
        _ => Some(Sink::closed()?),
    };
    let address = |sink: &Option<Sink>| sink.as_ref().map(|sink| sink.address);
    let role = |database: Option<String>| Role {
        sink: address(&sink).filter(|_| database.is_some()),
        backlog: address(&closed).filter(|_| database.is_some()),
        database,
        shops: args.shops,
        provider: args.provider,
        key: key.clone(),
        secret: secret.clone(),
    };
    let store = side(&role(Some(database.url())), args.instances)?;
    let ceiling = side(&role(None), 1)?;
    let idle = rest(&store.servers[0]);
    let shape = Shape {
        name: args.name,
        seconds: args.seconds,
        connections: usize::from(args.connections),
        rate: args.rate.map(Rate::new),
        sold_out: args.sold_out,
        pending: args.pending,
        provider: args.provider,
    };
    let watch = SizeWatch::over(database.log());
    let mut bench = Bench::new(shape, store, ceiling, secret, progress(args.rounds), sink);
    bench.furnish()?;
    bench.pile_up()?;
    bench.warm_up()?;
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        rounds.push(bench.round()?);
    }
    bench.progress.set_message("reading back");
    let checked = check(&bench)?;
    let rss_bytes_max = bench.store.usage().map(|usage| usage.rss_bytes_max);
    let peer = match (&database, args.name) {
        (Database::Server(_, place), Name::HotSlot) => {
            bench.progress.set_message("the peer");
            Some(peer::measure(place, &shape)?)
        }
        _ => None,
    };
    bench.progress.finish_and_clear();
    for server in bench.store.servers.into_iter().chain(bench.ceiling.servers) {
        server.stop()?;
    }
    Ok(Figures {
        bench: args.name.word(),
        store: database.kind().to_owned(),
        instances: args.instances,
        shops: args.shops,
        peer,
        provider: args.provider.word(),
        file_system: database.folder().and_then(disk::file_system),
        seconds: args.seconds,
        connections: shape.connections,
        rate_asked: args.rate.map(NonZeroU32::get),
        rounds,
        idle,
        rss_bytes_max,
        wal_bytes_max: watch.end(),
        database_bytes: database.bytes(),
        checked,
    })
}

/// Starts the servers of one side, and makes a key for each shop.
fn side(role: &Role, instances: u16) -> Result<Side, BenchError> {
    let mut servers = Vec::new();
    for _ in 0..instances {
        servers.push(Server::start(role)?);
    }
    let target = servers[0].target();
    let mut clients = vec![Arc::new(Client::new(target, &role.key))];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| BenchError(format!("make the shops' keys: {error}")))?;
    for shop in 1..role.shops {
        let wanted = serde_json::json!({
            "name": "bench", "scopes": ["read", "write", "admin"], "shop": requests::shop(shop),
        });
        let name = format!("key-{shop}");
        let made = runtime
            .block_on(clients[0].create("/v1/keys", &name, &wanted))
            .map_err(|error| BenchError(format!("make a shop's key: {error}")))?;
        let key = made["key"].as_str().unwrap_or_default();
        clients.push(Arc::new(Client::new(target, key)));
    }
    Ok(Side { servers, clients })
}

/// Takes the temporary folder away when somebody ends the bench with Ctrl-C.
fn end_cleanly(folder: PathBuf) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| BenchError(format!("wait for signals: {error}")))?;
    std::thread::spawn(move || {
        runtime.block_on(async { stop_signal().await });
        // Nothing can be done about a folder that does not go.
        let _ = std::fs::remove_dir_all(&folder);
        std::process::exit(130);
    });
    Ok(())
}

/// The server before anything is asked of it: memory, and processor seconds in [`REST`].
fn rest(server: &Server) -> Option<(u64, f64)> {
    std::thread::sleep(REST / 4);
    let before = server.usage()?;
    std::thread::sleep(REST);
    let after = server.usage()?;
    Some((
        after.rss_bytes,
        after.cpu.saturating_sub(before.cpu).as_secs_f64(),
    ))
}

/// Every count read back and laid beside what was answered.
fn check(bench: &Bench) -> Result<Vec<(String, u64)>, BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| BenchError(format!("read the results back: {error}")))?;
    let mut truth = Truth::default();
    for client in &bench.store.clients {
        truth.add(runtime.block_on(verify::read(client, &bench.shape))?);
    }
    let checks = verify::checks(&bench.shape, &bench.ledger, &truth);
    let wrong: Vec<String> = checks
        .iter()
        .filter(|check| check.found != check.wanted)
        .map(|check| {
            format!(
                "{}: {} instead of {}",
                check.what, check.found, check.wanted
            )
        })
        .collect();
    if !wrong.is_empty() {
        return Err(BenchError(format!(
            "the results are wrong: {}",
            wrong.join("; ")
        )));
    }
    let mut checked: Vec<(String, u64)> = checks
        .iter()
        .map(|check| (check.what.to_owned(), check.found.unsigned_abs()))
        .collect();
    let ledger = &bench.ledger;
    match bench.shape.name {
        Name::Early => checked.push(("paid in their own 201".to_owned(), ledger.paid_at_once)),
        Name::Duplicates => checked.push(("duplicates".to_owned(), ledger.duplicates)),
        Name::HotSku if bench.shape.sold_out => {
            checked.push(("refused".to_owned(), ledger.refused));
        }
        Name::Effects => checked.push((
            "delivered and settled".to_owned(),
            ledger.events - bench.shape.pending,
        )),
        Name::Ingest | Name::Apply | Name::Orders | Name::HotSlot | Name::HotSku | Name::Server => {
        }
    }
    Ok(checked)
}

fn progress(rounds: u32) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:30} {percent} % {msg}").expect("the template is right");
    let bar = ProgressBar::new(2 * TICKS * (u64::from(rounds) + 1)).with_style(style);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar
}

/// Thirty-two hexadecimal digits of chance.
fn fresh() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_cannot_be_one_is_asked_for_wrongly() {
        let args = Args {
            name: Name::Ingest,
            store: Some("x".to_owned()),
            instances: 1,
            shops: 1,
            seconds: 1,
            connections: 1,
            rate: None,
            rounds: 1,
            json: false,
            pending: 0,
            provider: Provider::Hmac,
            sold_out: false,
        };
        assert!(wrong(&args).is_some_and(|why| why.contains("sqlite:FILE")));
        assert_eq!(
            wrong(&Args {
                store: None,
                ..args
            }),
            None
        );
    }
}
