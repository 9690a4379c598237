//! `tollgate stock`: what is there to be sold, and what was put and taken by hand.

use clap::Subcommand;
use serde_json::{Value, json};
use tollgate_outbound::remote::Server;

use super::calling::{OnceArgs, call, call_once, segment};
use super::columns::{Column, Is, whole_lines_of};
use super::listed::{ListArgs, Listed};
use super::noun::{Done, Noun};

#[derive(Debug, Subcommand)]
pub(super) enum What {
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

impl Noun for What {
    const ABOUT: &'static str =
        "List what there is to be sold, set how much there is, or put some to it";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        Ok(match self {
            What::List { list } => Done::Lists(&STOCK, Vec::new(), list),
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
                Done::says(call(server, "PUT", &path, Some(&wanted)).await?, there)
            }
            What::Adjust {
                sku,
                delta,
                reason,
                once,
            } => {
                let wanted = json!({ "delta": delta, "reason": reason });
                let path = format!("/v1/stock/{}/adjust", segment(sku));
                Done::says(call_once(server, &path, &wanted, once, None).await?, there)
            }
        })
    }
}

fn there(stock: &Value) -> String {
    whole_lines_of(COLUMNS, &[stock])
}
