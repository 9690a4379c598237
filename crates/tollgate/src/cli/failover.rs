//! `tollgate failover`: what a failover has left missing, and the decision to go on without it.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use tollgate_store::{
    AcceptError, Failover, HostSeen, HostState, LostCommits, OpenError, Place, Store,
};

use super::restore::{Last, last_receipts, say_followed};
use super::typing::agreed_to;
use super::{configuration, failed, print};
use tollgate_server::Clock;

/// Show the hosts of the database and what is missing after a failover, or decide about it.
///
/// Where an asynchronous standby was promoted, commits that were answered may be missing. As long as nobody has
/// decided about them no instance stores or reads anything. docs/high-availability.md says what there is to be decided.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Go on without the commits that are missing: all instances do, within a second.
    ///
    /// What is missing may have been done and told. Mails, refunds and voids that are pending are given to a person, and the
    /// feed goes on behind all positions that may have been told, as after `tollgate restore`.
    #[command(after_help = super::EXIT_CODES)]
    Accept {
        /// The last receipt that a shop has given out, where somebody knows one that is missing: the next number is behind
        /// it. Of another shop than main with its name, as tea=2026/17.
        #[arg(long, value_name = "[SHOP=]YEAR/N")]
        last_receipt: Vec<Last>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(args: &Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let Place::Server(place) = &config.place else {
        return failed(
            "look at a failover: [store] url names a file, which no other host takes over",
        );
    };
    let found = match Store::failover_at(place) {
        Ok(found) => found,
        Err(error) => return refused(&error),
    };
    let Some(What::Accept { yes, last_receipt }) = &args.what else {
        return show(args, &found);
    };
    if found.lost.is_empty() && found.unvouched.is_none() {
        return failed("accept what is missing: nothing is");
    }
    let shown = show(args, &found);
    if shown != ExitCode::SUCCESS {
        return shown;
    }
    if !*yes {
        match agreed_to("accept what is missing", "Go on without it, for ever?") {
            Ok(true) => {}
            Ok(false) => return failed("accept what is missing: nothing was accepted"),
            Err(exit) => return exit,
        }
    }
    let receipts = last_receipts(last_receipt);
    match Store::accept_lost_commits(place, &found, &receipts, Clock::default().now()) {
        Ok(accepted) => {
            let answers: u64 = accepted.lost.iter().map(|lost| lost.answers).sum();
            anstream::eprintln!("accepted: {answers} answers are given up; the instances go on");
            say_followed(&accepted.followed);
            ExitCode::SUCCESS
        }
        Err(AcceptError::Open(error)) => refused(&error),
        Err(error @ AcceptError::Changed) => failed(&format!("accept what is missing: {error}")),
        Err(error @ AcceptError::LastReceipt(_)) => {
            anstream::eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn refused(error: &OpenError) -> ExitCode {
    failed(&error.to_string())
}

fn show(args: &Args, found: &Failover) -> ExitCode {
    if args.json {
        let document = json!({
            "hosts": found.hosts.iter().map(host).collect::<Vec<_>>(),
            "missing": found.lost.iter().map(missing).collect::<Vec<_>>(),
            "unvouched": found.unvouched.as_ref().map(|unvouched| json!({
                "host": unvouched.host,
                "timeline": unvouched.timeline,
                "lsn": unvouched.lsn,
            })),
        });
        return print(&format!("{document}\n"));
    }
    let mut text = String::new();
    for host in &found.hosts {
        text.push_str(&format!("{host}\n"));
    }
    match found.lost.is_empty() {
        true => text.push_str("nothing is missing that an instance had answered\n"),
        false => text.push_str(&format!("{}; nothing is stored\n", found.say_lost())),
    }
    if let Some(unvouched) = &found.unvouched {
        text.push_str(&format!(
            "timeline {} began at {} ({}), and no instance that had answered before has looked at it: whether commits \
             are missing is not known; where some may be, stop every instance and run `tollgate restore --in-place` \
             before `tollgate failover accept`\n",
            unvouched.timeline, unvouched.lsn, unvouched.host
        ));
    }
    print(&text)
}

fn host(seen: &HostSeen) -> Value {
    match &seen.state {
        HostState::Writable {
            system,
            timeline,
            lsn,
        } => json!({
            "host": seen.host, "state": "writable", "system_identifier": system.map(|system| system.to_string()),
            "timeline": timeline, "lsn": lsn,
        }),
        HostState::Standby { lsn } => json!({ "host": seen.host, "state": "standby", "lsn": lsn }),
        HostState::Silent(reason) => {
            json!({ "host": seen.host, "state": "silent", "reason": reason })
        }
    }
}

/// Times are milliseconds since 1970, as the database has them.
fn missing(lost: &LostCommits) -> Value {
    json!({
        "lane": lost.lane,
        "host": lost.host,
        "timeline": lost.timeline,
        "answers": lost.answers,
        "commits": lost.batches,
        "answered_timeline": lost.answered_timeline,
        "answered_lsn": lost.answered_lsn,
        "branched_lsn": lost.branched_lsn,
        "since_ms": lost.since.as_millis(),
        "answered_at_ms": lost.answered_at.as_millis(),
        "found_at_ms": lost.found_at.as_millis(),
    })
}
