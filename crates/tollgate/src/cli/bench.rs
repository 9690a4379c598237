//! `tollgate bench`: a server and its load in one go, measured against the same server without a
//! store.

mod server;
mod null_store;
mod database;
mod peer;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use tollgate_traffic::bench::{
    self, BenchError, Door, Figures, Name, Plan, Provider, Tested, disk, table,
};

use super::serve::stop_signal;

/// Measure this machine: a server of its own, load on loopback, ratios to the bare HTTP server.
///
/// Prints a table and what each of its figures means. Each round runs the ceiling (the same server, the same checks, nothing stored) and then the
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
    /// --door grpc: how many of them share a connection, as the calls of a gRPC client do.
    #[arg(long, value_name = "CALLS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=128))]
    calls_per_connection: u16,
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
    /// orders, hot-slot and hot-sku: create them over HTTP or over gRPC.
    #[arg(long, value_enum, default_value = "rest")]
    door: Door,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  measured and right
  1  not right, or not measured
  2  wrong usage";

/// More arrivals than this are no measurement of a machine that also makes them.
const RATE_MAX: u32 = 200_000;

/// Good webhooks a second in `flood`, if nothing else is said.
const FLOOD_RATE: NonZeroU32 = NonZeroU32::new(200).expect("it is not 0");

pub(super) fn run(args: &Args) -> ExitCode {
    if args.name == Name::Server {
        return match server::serve() {
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
            anstream::println!("{}", table(args.name, &figures));
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
    let creates = matches!(args.name, Name::Orders | Name::HotSlot | Name::HotSku);
    if args.door == Door::Grpc && (!creates || args.sold_out) {
        return Some("--door grpc: only orders, hot-slot and hot-sku create orders".to_owned());
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
    let folder = disk::folder();
    let temporary = tempfile::Builder::new()
        .prefix("tollgate-bench-")
        .tempdir_in(&folder)
        .map_err(|error| BenchError(format!("make a folder in {}: {error}", folder.display())))?;
    let made = database::place(args.store.as_deref())?.make(temporary.path())?;
    if let Some(home) = made
        .database
        .folder()
        .filter(|home| disk::is_in_memory(home))
    {
        anstream::eprintln!(
            "warning: {} is in memory, where a flush costs nothing; name a file on a disk with \
             --store, or the figures do not count",
            home.display()
        );
    }
    end_cleanly(temporary.path().to_owned())?;
    let place = made.scratch.as_ref().map(|scratch| scratch.place());
    let peer = place.filter(|_| args.name == Name::HotSlot).map(|place| {
        move |connections: usize, length: Duration| peer::measure(&place, connections, length)
    });
    let tested = Tested {
        database: &made.database,
        server: &server_command,
        peer: peer.as_ref().map(|peer| peer as _),
    };
    bench::measure(&args.plan(), &tested)
}

/// This program again, as a server.
fn server_command() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "server"]);
    Ok(command)
}

impl Args {
    fn plan(&self) -> Plan {
        Plan {
            name: self.name,
            instances: self.instances,
            shops: self.shops,
            seconds: self.seconds,
            connections: self.connections,
            calls_per_connection: self.calls_per_connection,
            rate: self.rate.or(match self.name {
                Name::Flood => Some(FLOOD_RATE),
                _ => None,
            }),
            rounds: self.rounds,
            pending: self.pending,
            provider: self.provider,
            sold_out: self.sold_out,
            door: self.door,
        }
    }
}

/// Removes the temporary folder when the bench is ended with Ctrl-C.
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
            calls_per_connection: 16,
            rate: None,
            rounds: 1,
            json: false,
            pending: 0,
            provider: Provider::Hmac,
            sold_out: false,
            door: Door::Rest,
        };
        assert!(wrong(&args).is_some_and(|why| why.contains("sqlite:FILE")));
        let over_grpc = Args {
            store: None,
            door: Door::Grpc,
            ..args
        };
        assert!(wrong(&over_grpc).is_some_and(|why| why.contains("--door")));
        let orders = Args {
            name: Name::Orders,
            ..over_grpc
        };
        assert_eq!(wrong(&orders), None);
    }
}
