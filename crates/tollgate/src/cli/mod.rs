//! The command line: a file per command.
//!
//! Data goes to stdout, everything else to stderr.

mod init;
mod serve;
mod migrate;
mod doctor;
mod healthcheck;
mod verify;
mod prune;
mod config;
mod keys;
mod users;
mod effects;
mod deliveries;
mod errors;
mod export;
mod send;
mod tail;
mod forward;
mod top;
mod demo;
mod bench;
mod client;
mod stream;
mod welcome;
mod report;
mod listing;
mod openapi;
mod completions;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tollgate_store::Level;

use tollgate_server::config::{Config, ConfigError};

/// What the exit codes mean, for `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  it could not be done; stderr says why
  2  wrong usage or configuration";

/// What the exit codes of commands that check something mean, for `--help`.
const CHECK_EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found
  1  the worst that was found is a warning
  2  something must be mended, or it could not be looked at; stderr says why";

/// Between payment providers and a shop: durable webhooks, orders, stock and slots, decided once.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, after_help = EXIT_CODES)]
struct Arguments {
    /// The configuration; without it ./tollgate.toml, if it is there.
    #[arg(long, global = true, value_name = "FILE", env = "TOLLGATE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Serve(serve::Args),
    Migrate(migrate::Args),
    Doctor(doctor::Args),
    Healthcheck(healthcheck::Args),
    Verify(verify::Args),
    Prune(prune::Args),
    Config(config::Args),
    Keys(keys::Args),
    Users(users::Args),
    Effects(effects::Args),
    Deliveries(deliveries::Args),
    Errors(errors::Args),
    Export(export::Args),
    Send(send::Args),
    Tail(tail::Args),
    Forward(forward::Args),
    Top(top::Args),
    Demo(demo::Args),
    Bench(bench::Args),
    Openapi(openapi::Args),
    Completions(completions::Args),
}

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    // It has a runtime of its own for its load, and its server is another process.
    if let Command::Bench(args) = command {
        return bench::run(&args);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("start: {error}")),
    };
    let file = config.as_deref();
    runtime.block_on(async {
        match command {
            Command::Init(args) => init::run(args, file),
            Command::Serve(args) => serve::run(args, file).await,
            Command::Migrate(args) => migrate::run(args, file),
            Command::Doctor(args) => doctor::run(args, file),
            Command::Healthcheck(args) => healthcheck::run(args, file).await,
            Command::Verify(args) => verify::run(args, file),
            Command::Prune(args) => prune::run(args, file),
            Command::Config(args) => config::run(args, file),
            Command::Keys(args) => keys::run(args, file).await,
            Command::Users(args) => users::run(args, file).await,
            Command::Effects(args) => effects::run(args, file).await,
            Command::Deliveries(args) => deliveries::run(args, file).await,
            Command::Errors(args) => errors::run(args, file).await,
            Command::Export(args) => export::run(args, file).await,
            Command::Send(args) => send::run(args, file).await,
            Command::Tail(args) => tail::run(args, file).await,
            Command::Forward(args) => forward::run(args, file).await,
            Command::Top(args) => top::run(args, file).await,
            Command::Demo(args) => demo::run(args).await,
            Command::Bench(args) => bench::run(&args),
            Command::Openapi(args) => openapi::run(&args),
            Command::Completions(args) => completions::run(args),
        }
    })
}

/// The configuration, or the exit of a command that needs it.
fn configuration(file: Option<&std::path::Path>) -> Result<Config, ExitCode> {
    Config::load(file).map_err(|error| misconfigured(&error))
}

fn misconfigured(error: &ConfigError) -> ExitCode {
    anstream::eprintln!("error: {error}");
    ExitCode::from(2)
}

fn failed(why: &str) -> ExitCode {
    anstream::eprintln!("error: {why}");
    ExitCode::from(1)
}

/// It could not be checked, which is as bad as the worst that checking may find.
fn not_checked(why: &str) -> ExitCode {
    anstream::eprintln!("error: {why}");
    ExitCode::from(2)
}

/// Prints what checks have found; the exit code is the worst of it.
fn print_report(report: &tollgate_store::Report, json: bool) -> ExitCode {
    let text = match json {
        true => {
            let view = tollgate_server::ReportView::of(report);
            serde_json::to_string(&view).expect("a report has string keys and texts") + "\n"
        }
        false => report::table(report) + &report::totals(report),
    };
    let printed = print(&text);
    if printed != ExitCode::SUCCESS {
        return printed;
    }
    match report.worst() {
        Level::Ok => ExitCode::SUCCESS,
        Level::Warn => ExitCode::from(1),
        Level::Fail => ExitCode::from(2),
    }
}

/// Writes data to stdout. A reader that has gone away (`| head`) is no error.
fn print(text: &str) -> ExitCode {
    use std::io::Write;
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => failed(&format!("write to stdout: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_help_shows_the_exit_codes() {
        fn check(command: &mut clap::Command) {
            let name = command.get_name().to_owned();
            for help in [command.render_help(), command.render_long_help()] {
                assert!(help.to_string().contains("Exit codes:\n  0  "), "{name}");
            }
            // `help` is clap's own.
            let inner = command.get_subcommands_mut();
            inner
                .filter(|inner| inner.get_name() != "help")
                .for_each(check);
        }
        check(&mut Arguments::command());
    }
}
