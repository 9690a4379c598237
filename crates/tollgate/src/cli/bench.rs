//! `tollgate bench`: a server and its load in one go, measured against the same server without a
//! store.

mod plan;
mod requests;
mod webhook;
mod child;
mod measure;
mod early;
mod verify;
mod figures;
mod report;
mod disk;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use plan::Name;
use webhook::Provider;

use super::serve::stop_signal;
use crate::load::client::Client;
use crate::load::files;
use crate::load::pace::Rate;
use child::{Role, Server};
use figures::Figures;
use measure::{Bench, Shape, Side, SizeWatch, TICKS};

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
    /// Where the database lies: "sqlite:FILE", a file that is not there yet. A temporary file
    /// if absent.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
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
    let file = args.store.as_deref().map(fresh_file)?;
    file.err().map(|error| error.to_string())
}

fn measure(args: &Args) -> Result<Figures, BenchError> {
    // As far as it goes; what is missing shows as a connection that cannot be made.
    files::raise(u64::from(args.connections) + 200);
    let folder = disk::folder();
    let temporary = tempfile::Builder::new()
        .prefix("tollgate-bench-")
        .tempdir_in(&folder)
        .map_err(|error| BenchError(format!("make a folder in {}: {error}", folder.display())))?;
    let database = match &args.store {
        None => temporary.path().join("bench.db"),
        Some(url) => fresh_file(url)?,
    };
    let home = database.parent().unwrap_or(Path::new("."));
    if disk::is_in_memory(home) {
        anstream::eprintln!(
            "warning: {} is in memory, where a flush costs nothing; name a file on a disk with \
             --store, or the figures do not count",
            home.display()
        );
    }
    end_cleanly(temporary.path().to_owned())?;
    let (key, secret) = (format!("tg_{}", fresh()), fresh());
    let role = |database| Role {
        database,
        provider: args.provider,
        key: key.clone(),
        secret: secret.clone(),
    };
    let side = |role: Role| {
        let server = Server::start(&role)?;
        let client = Client::new(server.target(), &role.key).into();
        Ok::<Side, BenchError>(Side { server, client })
    };
    let store = side(role(Some(database.clone())))?;
    let ceiling = side(role(None))?;
    let idle = rest(&store.server);
    let shape = Shape {
        name: args.name,
        seconds: args.seconds,
        connections: usize::from(args.connections),
        rate: args.rate.map(Rate::new),
        sold_out: args.sold_out,
        provider: args.provider,
    };
    let watch = SizeWatch::over(beside(&database, "-wal"));
    let mut bench = Bench::new(shape, store, ceiling, secret, progress(args.rounds));
    bench.furnish()?;
    bench.warm_up()?;
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        rounds.push(bench.round()?);
    }
    bench.progress.set_message("reading back");
    let checked = check(&bench)?;
    let rss_bytes_max = bench.store.server.usage().map(|usage| usage.rss_bytes_max);
    bench.progress.finish_and_clear();
    bench.store.server.stop()?;
    bench.ceiling.server.stop()?;
    Ok(Figures {
        bench: args.name.word(),
        store: "sqlite".to_owned(),
        provider: args.provider.word(),
        file_system: disk::file_system(home).unwrap_or_else(|| "unknown".to_owned()),
        seconds: args.seconds,
        connections: shape.connections,
        rate_asked: args.rate.map(NonZeroU32::get),
        rounds,
        idle,
        rss_bytes_max,
        wal_bytes_max: watch.end(),
        database_bytes: std::fs::metadata(&database).map_or(0, |metadata| metadata.len()),
        checked,
    })
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
    let truth = runtime.block_on(verify::read(&bench.store.client, &bench.shape))?;
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
        Name::Ingest | Name::Apply | Name::Orders | Name::HotSlot | Name::HotSku | Name::Server => {
        }
    }
    Ok(checked)
}

/// A SQLite file that is not there yet: a bench never writes into somebody's database.
fn fresh_file(url: &str) -> Result<PathBuf, BenchError> {
    let path = match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() && path != ":memory:" => PathBuf::from(path),
        Some(_) | None => {
            return Err(BenchError(format!(
                "--store {url}: a URL like sqlite:FILE is wanted"
            )));
        }
    };
    if path.exists() {
        return Err(BenchError(format!(
            "--store {url}: the file is there already; a bench only writes into a new one"
        )));
    }
    Ok(path)
}

/// The file beside a database that has its name and this ending.
fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
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
    fn only_a_new_file_is_a_store() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let there = folder.path().join("there.db");
        std::fs::write(&there, b"").expect("it can be written to");
        let url = |path: &Path| format!("sqlite:{}", path.display());
        assert!(fresh_file(&url(&folder.path().join("new.db"))).is_ok());
        for url in [
            url(&there),
            "sqlite::memory:".to_owned(),
            "sqlite:".to_owned(),
            "x".to_owned(),
        ] {
            assert!(fresh_file(&url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_store_that_cannot_be_one_is_asked_for_wrongly() {
        let args = Args {
            name: Name::Ingest,
            store: Some("x".to_owned()),
            seconds: 1,
            connections: 1,
            rate: None,
            rounds: 1,
            json: false,
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

    #[test]
    fn the_log_lies_beside_its_database() {
        assert_eq!(
            beside(Path::new("/a/b.db"), "-wal"),
            Path::new("/a/b.db-wal")
        );
    }
}
