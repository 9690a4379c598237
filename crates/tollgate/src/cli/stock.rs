//! `tollgate stock`: what is there to be sold, and what was put and taken by hand.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::calling::{OnceArgs, call, call_once, segment};
use super::client::{ServerArgs, server};
use super::columns::{Column, Is, whole_lines_of};
use super::listed::{ListArgs, Listed};
use super::{failed, print};

/// List what there is to be sold, set how much there is, or put some to it.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what there is, by sku.
    #[command(after_help = super::EXIT_CODES)]
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Set how many units there are that are not sold yet.
    #[command(after_help = super::EXIT_CODES)]
    Set {
        /// Of what.
        sku: String,
        /// How many, with those that are held.
        #[arg(value_parser = clap::value_parser!(i64).range(0..))]
        on_hand: i64,
        /// Report `stock.low` when so many are left; what was said before if absent.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
        low_at: Option<i64>,
    },
    /// Put units to it or take some of it.
    #[command(after_help = super::EXIT_CODES)]
    Adjust {
        /// Of what.
        sku: String,
        /// How many come; with a minus: go.
        #[arg(allow_negative_numbers = true)]
        delta: i64,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        once: OnceArgs,
    },
}

const STOCK: Listed = Listed {
    path: "/v1/stock",
    topics: &["orders", "payments", "alerts"],
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    Column("sku", Is::Word("/sku")),
    Column("available", Is::Number("/available")),
    Column("held", Is::Number("/held")),
    Column("on hand", Is::Number("/on_hand")),
    Column("sold", Is::Number("/sold")),
    Column("low at", Is::Number("/low_at")),
];

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let done = match &args.what {
        What::List { list } => return STOCK.show(&server, &[], list, args.json).await,
        What::Set {
            sku,
            on_hand,
            low_at,
        } => {
            let mut wanted = json!({ "on_hand": on_hand });
            if let Some(low_at) = low_at {
                wanted["low_at"] = (*low_at).into();
            }
            let path = format!("/v1/stock/{}", segment(sku));
            call(&server, "PUT", &path, Some(&wanted)).await
        }
        What::Adjust {
            sku,
            delta,
            reason,
            once,
        } => {
            let wanted = json!({ "delta": delta, "reason": reason });
            let path = format!("/v1/stock/{}/adjust", segment(sku));
            call_once(&server, &path, &wanted, once, None).await
        }
    };
    match done {
        Err(why) => failed(&why),
        Ok(document) if args.json => print(&format!("{document}\n")),
        Ok(document) => print(&whole_lines_of(COLUMNS, &[&document])),
    }
}
