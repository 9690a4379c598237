//! `tollgate secrets`: the key that secrets in the database are sealed under.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use indicatif::ProgressBar;
use serde_json::json;
use tollgate_server::{Clock, Config};
use tollgate_store::{KeptSecrets, OpenError, Place, SecretKey, Store};

use super::{configuration, failed, print};

/// Seal secrets in the database under a key that is not in it.
///
/// The key is `[store] secrets_key`; docs/operating.md tells how it is put in place and changed.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Key(KeyArgs),
    Show(ShowArgs),
    Rotate(RotateArgs),
}

/// Print a new key. Nothing is kept of it: put it where `[store] secrets_key` looks for it.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
struct KeyArgs {}

/// Show how many secrets are sealed, and under which key; also beside a running server.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
struct ShowArgs {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Seal every secret under `[store] secrets_key`: those in clear, and those sealed under a key of
/// `secrets_keys_also`.
///
/// On PostgreSQL instances may be at work meanwhile, if each of them has the key. On SQLite the server must
/// be stopped, or simply started again: it does the same at its start. What is done is passed over, so a
/// run that was ended in the middle is finished by the next. What cannot be opened stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
struct RotateArgs {
    /// Without `secrets_key`: write what the keys of `secrets_keys_also` open in clear again.
    #[arg(long)]
    in_clear: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, file: Option<&Path>) -> ExitCode {
    if let Command::Key(KeyArgs {}) = args.command {
        return print(&format!("{}\n", SecretKey::fresh_text()));
    }
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if config.place == Place::Memory {
        return failed("secrets of a database in memory: it has nothing that stays");
    }
    match args.command {
        Command::Key(KeyArgs {}) => ExitCode::SUCCESS,
        Command::Show(args) => match Store::kept_secrets_at(&config.place, &config.secret_keys) {
            Ok(kept) => show(&config, &kept, args.json),
            Err(error) => failed(&error.to_string()),
        },
        Command::Rotate(args) => rotate(&config, &args),
    }
}

fn rotate(config: &Config, args: &RotateArgs) -> ExitCode {
    match (&config.secret_keys.seal, args.in_clear) {
        (Some(_), false) | (None, true) => {}
        (None, false) => {
            return failed(
                "seal secrets: store.secrets_key names no key; make one with `tollgate secrets key`",
            );
        }
        (Some(_), true) => {
            return failed(
                "write secrets in clear: store.secrets_key names a key, so they would be sealed again; put it into \
                 store.secrets_keys_also and leave store.secrets_key empty",
            );
        }
    }
    let bar = ProgressBar::new(0);
    let mut step = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let now = Clock::default().now();
    let resealed = Store::reseal(&config.place, &config.secret_keys, now, &mut step);
    bar.finish_and_clear();
    match resealed {
        Err(error @ OpenError::Locked { .. }) => failed(&format!(
            "{error}; a server that has this key has sealed everything at its start"
        )),
        Err(error) => failed(&error.to_string()),
        Ok(kept) => {
            let shown = show(config, &kept, args.json);
            match shown == ExitCode::SUCCESS && !kept.unopened.is_empty() {
                true => failed("some secrets cannot be opened and stay as they are"),
                false => shown,
            }
        }
    }
}

/// Shows how they are kept; keys by their names.
fn show(config: &Config, kept: &KeptSecrets, json: bool) -> ExitCode {
    let seal = config.secret_keys.seal.as_ref().map(SecretKey::id);
    if json {
        let unopened = kept.unopened.iter().map(|(what, unopened)| {
            json!({ "what": what, "why": unopened.to_string(), "missing_key": unopened.missing_key() })
        });
        let document = json!({
            "key": seal,
            "sealed": kept.sealed,
            "sealed_before": kept.sealed_before,
            "clear": kept.clear,
            "unopened": unopened.collect::<Vec<_>>(),
        });
        return print(&format!("{document}\n"));
    }
    let under = seal.map_or("no key".to_owned(), |id| format!("key {id}"));
    let mut text = format!(
        "{} sealed under {under}\n{} sealed under another key that opens\n{} in clear\n",
        kept.sealed, kept.sealed_before, kept.clear
    );
    for (what, unopened) in &kept.unopened {
        text.push_str(&format!("{what} cannot be opened: {unopened}\n"));
    }
    print(&text)
}
