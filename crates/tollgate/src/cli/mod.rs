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
mod secrets;
mod backup;
mod restore;
mod move_to;
mod failover;
mod config;
mod login;
mod profiles;
mod keys;
mod users;
mod orders;
mod payments;
mod events;
mod stock;
mod receipts;
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
mod welcome;
mod calling;
mod noun;
mod report;
mod listing;
mod columns;
mod listed;
mod stream;
mod typing;
mod openapi;
mod completions;
mod man;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use tollgate_store::Level;

use tollgate_server::config::{Config, ConfigError};

use noun::NounArgs;

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
    /// A server whose key `tollgate login` has kept, for the commands that call one; the same behind
    /// the command.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
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
    Secrets(secrets::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Move(move_to::Args),
    Failover(failover::Args),
    Config(config::Args),
    Login(login::Args),
    Logout(login::LogoutArgs),
    Profiles(profiles::Args),
    Keys(keys::Args),
    Users(users::Args),
    Orders(NounArgs<orders::What>),
    Payments(NounArgs<payments::What>),
    Events(NounArgs<events::What>),
    Stock(NounArgs<stock::What>),
    Receipts(NounArgs<receipts::What>),
    Effects(NounArgs<effects::What>),
    Deliveries(NounArgs<deliveries::What>),
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
    Man(man::Args),
}

impl Command {
    /// Takes a profile that was named before the command. One that is named behind it counts before this.
    fn take_profile(&mut self, profile: String, matches: &ArgMatches) -> Result<(), String> {
        if is_typed_behind(matches) {
            return Ok(());
        }
        let server = match self {
            Command::Login(args) => {
                args.profile =
                    profiles::name(&profile).map_err(|why| format!("--profile: {why}"))?;
                return Ok(());
            }
            Command::Logout(args) => {
                args.profile = Some(profile);
                return Ok(());
            }
            Command::Keys(args) => &mut args.server,
            Command::Users(args) => &mut args.server,
            Command::Orders(args) => &mut args.server,
            Command::Payments(args) => &mut args.server,
            Command::Events(args) => &mut args.server,
            Command::Stock(args) => &mut args.server,
            Command::Receipts(args) => &mut args.server,
            Command::Effects(args) => &mut args.server,
            Command::Deliveries(args) => &mut args.server,
            Command::Errors(args) => &mut args.server,
            Command::Export(args) => &mut args.server,
            Command::Tail(args) => &mut args.server,
            Command::Forward(args) => &mut args.server,
            Command::Top(args) => &mut args.server,
            Command::Init(_)
            | Command::Serve(_)
            | Command::Migrate(_)
            | Command::Doctor(_)
            | Command::Healthcheck(_)
            | Command::Verify(_)
            | Command::Prune(_)
            | Command::Secrets(_)
            | Command::Backup(_)
            | Command::Restore(_)
            | Command::Move(_)
            | Command::Failover(_)
            | Command::Config(_)
            | Command::Profiles(_)
            | Command::Send(_)
            | Command::Demo(_)
            | Command::Bench(_)
            | Command::Openapi(_)
            | Command::Completions(_)
            | Command::Man(_) => {
                let name = matches.subcommand_name().unwrap_or_default();
                return Err(format!(
                    "--profile: `tollgate {name}` calls no server; leave it out"
                ));
            }
        };
        server.profile = Some(profile);
        Ok(())
    }
}

/// Whether a profile was typed behind the command, or behind one of its own.
fn is_typed_behind(matches: &ArgMatches) -> bool {
    let Some((_, inner)) = matches.subcommand() else {
        return false;
    };
    let knows = inner.try_contains_id("profile").is_ok();
    let is_typed = knows && inner.value_source("profile") == Some(ValueSource::CommandLine);
    is_typed || is_typed_behind(inner)
}

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let Arguments {
        config,
        profile,
        mut command,
    } = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(profile) = profile
        && let Err(why) = command.take_profile(profile, &matches)
    {
        anstream::eprintln!("error: {why}");
        return ExitCode::from(2);
    }
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
            Command::Doctor(args) => doctor::run(args, file).await,
            Command::Healthcheck(args) => healthcheck::run(args, file).await,
            Command::Verify(args) => verify::run(args, file),
            Command::Prune(args) => prune::run(args, file),
            Command::Secrets(args) => secrets::run(args, file),
            Command::Backup(args) => backup::run(args, file),
            Command::Restore(args) => restore::run(args, file),
            Command::Move(args) => move_to::run(&args, file),
            Command::Failover(args) => failover::run(&args, file),
            Command::Config(args) => config::run(args, file),
            Command::Login(args) => login::run(args, file).await,
            Command::Logout(args) => login::log_out(&args),
            Command::Profiles(args) => profiles::run(&args),
            Command::Keys(args) => keys::run(args, file).await,
            Command::Users(args) => users::run(args, file).await,
            Command::Orders(args) => noun::run(args, file).await,
            Command::Payments(args) => noun::run(args, file).await,
            Command::Events(args) => noun::run(args, file).await,
            Command::Stock(args) => noun::run(args, file).await,
            Command::Receipts(args) => noun::run(args, file).await,
            Command::Effects(args) => noun::run(args, file).await,
            Command::Deliveries(args) => noun::run(args, file).await,
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
            Command::Man(args) => man::run(&args),
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
#[path = "../../tests/harness/snapshot.rs"]
#[allow(dead_code, reason = "other suites use the rest of it")]
mod snapshot;

#[cfg(test)]
mod tests {
    use super::*;

    /// At 80 columns and without colour, as a pipe gets it.
    #[test]
    fn every_help_is_as_it_was_looked_at() {
        fn help(command: &mut clap::Command, name: &str) {
            let long = command.render_long_help().to_string();
            snapshot::assert_snapshot(&format!("help/{name}"), &long);
            let inner = command.get_subcommands_mut();
            for inner in inner.filter(|inner| inner.get_name() != "help") {
                let name = format!("{name}-{}", inner.get_name());
                help(inner, &name);
            }
        }
        // What the environment says is no part of it.
        let mut command = Arguments::command()
            .term_width(80)
            .mut_args(|argument| argument.hide_env_values(true));
        command.build();
        help(&mut command, "tollgate");
    }

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
