//! `tollgate orders`: what customers buy, and why it stands as it does.

mod refunding;
mod story;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::order::OrderStatus;
use tollgate_core::word::words;
use tollgate_outbound::remote::Server;

use super::calling::{OnceArgs, call, call_once, segment};
use super::columns::{Column, Is};
use super::listed::{ListArgs, Listed, several};
use super::listing::word;
use super::noun::{Done, Noun, Shown};
use super::typing::agreed;

pub(super) use refunding::{RefundArgs, refund, said};

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// List orders, newest first.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// Only in this status; several by commas.
        #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(words::<OrderStatus>()))]
        status: Vec<String>,
        /// Only with this in the code, in a payment's reference, or in the customer's name, address or
        /// number.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only of this customer: a part of the name, or the whole mail address or telephone number.
        #[arg(long, value_name = "TEXT")]
        customer: Option<String>,
        /// Only with a payment that some source knows by this name.
        #[arg(long, value_name = "REF")]
        reference: Option<String>,
        /// Only what a person has to look at.
        #[arg(long)]
        attention: bool,
        /// Only made then or later: a time as 2026-01-22T10:00:00Z.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only made before then.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one with its lines and payments.
    #[command(after_help = super::EXIT_CODES)]
    Show {
        /// Which, by id or code.
        order: String,
    },
    /// Tell what happened to one, in words, and what it waits for.
    #[command(after_help = super::EXIT_CODES)]
    Why {
        /// Which, by id or code.
        order: String,
    },
    /// Cancel one that is not paid; what it holds is free again.
    #[command(after_help = super::EXIT_CODES)]
    Cancel {
        /// Which, by id or code.
        order: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        once: OnceArgs,
    },
    /// Give back what was paid for one, by its payment.
    #[command(after_help = super::EXIT_CODES)]
    Refund {
        /// Which, by id or code.
        order: String,
        #[command(flatten)]
        refund: RefundArgs,
    },
}

const ORDERS: Listed = Listed {
    path: "/v1/orders",
    topics: &["orders", "payments"],
    columns: &[
        Column("made", Is::Time("/created_at")),
        Column("code", Is::Word("/code")),
        Column("status", Is::State("/status")),
        Column("total", Is::Money("/total_amount")),
        Column("captured", Is::Money("/captured_amount")),
        Column("customer", Is::Word("/customer/name")),
        Column("look at", Is::Said(attention)),
        Column("id", Is::Word("/id")),
    ],
};

/// One order.
const ORDER: &[Column] = &[
    Column("order", Is::Word("/code")),
    Column("id", Is::Word("/id")),
    Column("status", Is::State("/status")),
    Column("look at", Is::Said(attention)),
    Column("total", Is::Money("/total_amount")),
    Column("captured", Is::Money("/captured_amount")),
    Column("refunded", Is::Money("/refunded_amount")),
    Column("customer", Is::Said(customer)),
    Column("slot", Is::Said(slot)),
    Column("hold", Is::State("/hold/state")),
    Column("hold ends", Is::Time("/hold/expires_at")),
    Column("note", Is::Word("/note")),
    Column("made", Is::Time("/created_at")),
    Column("changed", Is::Time("/updated_at")),
];

/// What was ordered.
const LINES: &[Column] = &[
    Column("quantity", Is::Number("/quantity")),
    Column("sku", Is::Word("/sku")),
    Column("name", Is::Word("/name")),
    Column("each", Is::Money("/unit_amount")),
];

/// How it is paid.
const PAYMENTS: &[Column] = &[
    Column("payment", Is::Word("/reference")),
    Column("source", Is::Word("/source")),
    Column("status", Is::State("/status")),
    Column("amount", Is::Money("/amount")),
    Column("captured", Is::Money("/captured_amount")),
    Column("id", Is::Word("/id")),
];

const SHOWN: Shown = Shown {
    members: ORDER,
    tables: &[("lines", LINES), ("payments", PAYMENTS)],
    in_one_currency: true,
};

impl Noun for What {
    const ABOUT: &'static str =
        "List orders, show one, tell why it stands as it does, cancel or refund one";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        Ok(match self {
            What::List {
                status,
                search,
                customer,
                reference,
                attention,
                since,
                until,
                list,
            } => {
                let filters = vec![
                    ("status", several(status)),
                    ("search", search.clone()),
                    ("customer", customer.clone()),
                    ("reference", reference.clone()),
                    ("attention", attention.then(|| "true".to_owned())),
                    ("created_after", since.clone()),
                    ("created_before", until.clone()),
                ];
                Done::Lists(&ORDERS, filters, list)
            }
            What::Show { order } => {
                Done::says(ordered(server, order).await?, |order| SHOWN.text(order))
            }
            What::Why { order } => Done::says(why(server, order).await?, story::told),
            What::Cancel { order, yes, once } => {
                Done::says(cancel(server, order, *yes, once).await?, cancelled)
            }
            What::Refund { order, refund } => {
                let payment = refunding::payment_of(server, order).await?;
                let refunded = refunding::refund(server, &payment, refund).await?;
                Done::says(refunded, refunding::said)
            }
        })
    }
}

async fn ordered(server: &Server, order: &str) -> Result<Value, String> {
    let path = format!("/v1/orders/{}", segment(order));
    call(server, "GET", &path, None).await
}

/// The order with its timeline.
async fn why(server: &Server, order: &str) -> Result<Value, String> {
    let shown = ordered(server, order).await?;
    let path = format!("/v1/orders/{}/timeline", segment(order));
    let timeline = call(server, "GET", &path, None).await?;
    Ok(json!({ "order": shown, "timeline": timeline["data"], "waits_for": timeline["waits_for"] }))
}

async fn cancel(server: &Server, order: &str, yes: bool, once: &OnceArgs) -> Result<Value, String> {
    if !yes {
        let shown = ordered(server, order).await?;
        let (code, status) = (word(&shown["code"]), word(&shown["status"]));
        if !agreed(&format!("Cancel order {code}, which is {status}?"))? {
            return Err("nothing was cancelled".to_owned());
        }
    }
    let path = format!("/v1/orders/{}/cancel", segment(order));
    call_once(server, &path, &json!({}), once, None).await
}

fn cancelled(order: &Value) -> String {
    let (code, status) = (word(&order["code"]), word(&order["status"]));
    format!("order {code} is {status}\n")
}

/// What a person has to look at.
pub(super) fn attention(document: &Value) -> String {
    let codes = document["attention"].as_array().into_iter().flatten();
    codes.map(word).collect::<Vec<_>>().join(" ")
}

fn customer(order: &Value) -> String {
    let customer = &order["customer"];
    let members = ["name", "email", "phone"].map(|name| word(&customer[name]));
    let said: Vec<String> = members
        .into_iter()
        .filter(|said| !said.is_empty())
        .collect();
    said.join(", ")
}

fn slot(order: &Value) -> String {
    let slot = &order["slot"];
    match slot.is_null() {
        true => String::new(),
        false => {
            let starts = super::columns::time(&slot["starts_at"]);
            format!("{} at {starts}", word(&slot["calendar"]))
        }
    }
}
