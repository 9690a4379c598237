//! A server and its load in one go, measured against the same server without a store.

mod plan;
mod requests;
mod sink;
mod webhook;
mod child;
mod measure;
mod early;
mod flood;
mod deaf;
mod verify;
mod figures;
mod report;
pub mod disk;
mod database;

use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use child::{Ready, Role};
pub use database::Database;
pub use figures::{Figures, PeerFigures};
pub use plan::Name;
pub use report::table;
pub use requests::{BACKLOG, shop};
pub use webhook::{Provider, Signer};

pub use crate::load::Door;
use crate::load::client::Client;
use crate::load::files;
use crate::load::pace::Rate;
use child::Server;
use measure::{Bench, Shape, Side, SizeWatch, TICKS};
use sink::Sink;
use verify::Truth;

/// Why nothing was measured, or why what was measured does not count.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BenchError(pub String);

/// What is measured, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What one request is.
    pub name: Name,
    /// How many servers share the database.
    pub instances: u16,
    /// Over how many shops the requests are spread.
    pub shops: u64,
    /// How long each run of a round is.
    pub seconds: u64,
    /// How many requests may be on their way at once.
    pub connections: u16,
    /// How many calls of gRPC share a connection.
    pub calls_per_connection: u16,
    /// Arrivals a second; as fast as the answers come if absent.
    pub rate: Option<NonZeroU32>,
    /// How many rounds.
    pub rounds: u32,
    /// Effects that are pending all the while.
    pub pending: u64,
    /// Whose webhooks are sent.
    pub provider: Provider,
    /// Of `hot-sku`: after the stock ran out.
    pub sold_out: bool,
    /// Through which door orders are created.
    pub door: Door,
}

/// What a bench needs of the program it is part of.
pub struct Tested<'a> {
    /// The measured database.
    pub database: &'a Database,
    /// The command that starts a server, which reads its [`Role`] from standard input and answers
    /// [`Ready`].
    pub server: &'a dyn Fn() -> std::io::Result<Command>,
    /// Measures a peer on the same database, over so many connections for so long.
    pub peer: Option<&'a dyn Fn(usize, Duration) -> Result<PeerFigures, BenchError>>,
}

const REST: Duration = Duration::from_secs(2);

/// Measures, and reads back what the servers have kept.
pub fn measure(plan: &Plan, tested: &Tested<'_>) -> Result<Figures, BenchError> {
    // As far as it goes; what is missing shows as a connection that cannot be made.
    files::raise(u64::from(plan.connections) + 200);
    let database = tested.database;
    let (key, secret) = (format!("tg_{}", fresh()), fresh());
    let sink = match plan.name {
        Name::Effects => Some(Sink::open()?),
        _ => None,
    };
    let closed = match plan.pending {
        0 => None,
        _ => Some(Sink::closed()?),
    };
    let address = |sink: &Option<Sink>| sink.as_ref().map(|sink| sink.address);
    let role = |database: Option<String>| Role {
        sink: address(&sink).filter(|_| database.is_some()),
        backlog: address(&closed).filter(|_| database.is_some()),
        database,
        shops: plan.shops,
        provider: plan.provider,
        key: key.clone(),
        secret: secret.clone(),
    };
    let store = side(
        tested,
        &role(Some(database.url().to_owned())),
        plan.instances,
    )?;
    let ceiling = side(tested, &role(None), 1)?;
    let idle = rest(&store.servers[0]);
    let shape = Shape {
        name: plan.name,
        seconds: plan.seconds,
        connections: usize::from(plan.connections),
        calls_per_connection: usize::from(plan.calls_per_connection),
        rate: plan.rate.map(Rate::new),
        sold_out: plan.sold_out,
        pending: plan.pending,
        provider: plan.provider,
        door: plan.door,
    };
    let watch = SizeWatch::over(database.log());
    let mut bench = Bench::new(
        shape,
        store,
        ceiling,
        secret,
        progress(plan.name, plan.rounds),
        sink,
    );
    bench.furnish()?;
    bench.queue_up()?;
    bench.warm_up()?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        rounds.push(bench.round()?);
    }
    bench.progress.set_message("reading back");
    let checked = check(&bench)?;
    let rss_bytes_max = bench.store.usage().map(|usage| usage.rss_bytes_max);
    let peer = match tested.peer {
        Some(peer) => {
            bench.progress.set_message("the peer");
            Some(peer(shape.connections, Duration::from_secs(shape.seconds))?)
        }
        None => None,
    };
    bench.progress.finish_and_clear();
    for server in bench.store.servers.into_iter().chain(bench.ceiling.servers) {
        server.stop()?;
    }
    Ok(Figures {
        bench: plan.name.word(),
        store: database.kind().to_owned(),
        instances: plan.instances,
        shops: plan.shops,
        peer,
        provider: plan.provider.word(),
        door: plan.door.word(),
        file_system: database.folder().and_then(disk::file_system),
        seconds: plan.seconds,
        connections: shape.connections,
        calls_per_connection: match plan.door {
            Door::Rest => 1,
            Door::Grpc => shape.calls_per_connection,
        },
        rate_asked: plan.rate.map(NonZeroU32::get),
        rounds,
        idle,
        rss_bytes_max,
        wal_bytes_max: watch.end(),
        database_bytes: database.bytes(),
        checked,
    })
}

/// Starts the servers of one side, and makes a key for each shop.
fn side(tested: &Tested<'_>, role: &Role, instances: u16) -> Result<Side, BenchError> {
    let mut servers = Vec::new();
    for _ in 0..instances {
        let command =
            (tested.server)().map_err(|error| BenchError(format!("find this program: {error}")))?;
        servers.push(Server::start(command, role)?);
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
        Name::Flood => checked.push(("forged, and refused".to_owned(), ledger.forged)),
        Name::Ingest | Name::Apply | Name::Orders | Name::HotSlot | Name::HotSku | Name::Server => {
        }
    }
    Ok(checked)
}

fn progress(name: Name, rounds: u32) -> ProgressBar {
    let runs = match name {
        Name::Flood => 3,
        _ => 2,
    };
    let style =
        ProgressStyle::with_template("{bar:30} {percent} % {msg}").expect("the template is right");
    let bar = ProgressBar::new(runs * TICKS * (u64::from(rounds) + 1)).with_style(style);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar
}

/// Thirty-two hexadecimal digits of chance.
fn fresh() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hex::encode(bytes)
}
