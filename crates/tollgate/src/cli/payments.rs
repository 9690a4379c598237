//! `tollgate payments`: what is paid, asked for at its provider, and given back.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::id::PaymentId;
use tollgate_core::payment::PaymentStatus;
use tollgate_core::word::words;
use tollgate_outbound::remote::Server;

use super::calling::call;
use super::columns::{Column, Is};
use super::listed::{ListArgs, Listed, several};
use super::listing::word;
use super::noun::{Done, Noun, Shown};
use super::orders::{self, RefundArgs, attention};

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// List payments, newest first.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// Only in this status; several by commas.
        #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(words::<PaymentStatus>()))]
        status: Vec<String>,
        /// Only those that some source knows by this name.
        #[arg(long, value_name = "REF")]
        reference: Option<String>,
        /// Only what a person has to look at, itself or its order.
        #[arg(long)]
        attention: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one with what its provider has said and its refunds.
    #[command(after_help = super::EXIT_CODES)]
    Show {
        /// Which, as `list` shows it.
        id: PaymentId,
    },
    /// Ask its provider now how it stands.
    #[command(after_help = super::EXIT_CODES)]
    Check {
        /// Which, as `list` shows it.
        id: PaymentId,
    },
    /// Give back what was paid.
    #[command(after_help = super::EXIT_CODES)]
    Refund {
        /// Which, as `list` shows it.
        id: PaymentId,
        #[command(flatten)]
        refund: RefundArgs,
    },
}

const PAYMENTS: Listed = Listed {
    path: "/v1/payments",
    topics: &["payments", "orders"],
    columns: &[
        Column("registered", Is::Time("/created_at")),
        Column("reference", Is::Word("/reference")),
        Column("source", Is::Word("/source")),
        Column("status", Is::State("/status")),
        Column("amount", Is::Money("/amount")),
        Column("captured", Is::Money("/captured_amount")),
        Column("look at", Is::Said(attention)),
        Column("id", Is::Word("/id")),
    ],
};

/// One payment.
const PAYMENT: &[Column] = &[
    Column("payment", Is::Word("/reference")),
    Column("id", Is::Word("/id")),
    Column("source", Is::Word("/source")),
    Column("status", Is::State("/status")),
    Column("look at", Is::Said(attention)),
    Column("order", Is::Word("/order_id")),
    Column("amount", Is::Money("/amount")),
    Column("captured", Is::Money("/captured_amount")),
    Column("refunded", Is::Money("/refunded_amount")),
    Column("fee", Is::Money("/fee_amount")),
    Column("method", Is::Said(method)),
    Column("at provider", Is::Word("/provider_payment_id")),
    Column("ends", Is::Time("/expires_at")),
    Column("registered", Is::Time("/created_at")),
    Column("changed", Is::Time("/updated_at")),
];

/// What its provider has said.
const FACTS: &[Column] = &[
    Column("said at", Is::Time("/occurred_at")),
    Column("says", Is::Word("/says")),
    Column("amount", Is::Money("/amount")),
    Column("of", Is::Word("/object")),
    Column("vouched for", Is::Word("/strength")),
];

const REFUNDS: &[Column] = &[
    Column("refund", Is::Word("/id")),
    Column("state", Is::State("/state")),
    Column("amount", Is::Money("/amount")),
    Column("ordered by", Is::Word("/ordered_by")),
    Column("ordered", Is::Time("/created_at")),
    Column("reason", Is::Word("/reason")),
];

const SHOWN: Shown = Shown {
    members: PAYMENT,
    tables: &[("facts", FACTS), ("refunds", REFUNDS)],
    in_one_currency: false,
};

impl Noun for What {
    const ABOUT: &'static str = "List payments, show one, ask its provider, or give one back";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        Ok(match self {
            What::List {
                status,
                reference,
                attention,
                list,
            } => {
                let filters = vec![
                    ("status", several(status)),
                    ("reference", reference.clone()),
                    ("attention", attention.then(|| "true".to_owned())),
                ];
                Done::Lists(&PAYMENTS, filters, list)
            }
            What::Show { id } => {
                let path = format!("/v1/payments/{id}");
                let payment = call(server, "GET", &path, None).await?;
                Done::says(payment, |payment| SHOWN.text(payment))
            }
            What::Check { id } => {
                let path = format!("/v1/payments/{id}/check");
                let answer = call(server, "POST", &path, Some(&json!({}))).await?;
                Done::says(answer, checked)
            }
            What::Refund { id, refund } => {
                let refunded = orders::refund(server, &id.to_string(), refund).await?;
                Done::says(refunded, orders::said)
            }
        })
    }
}

fn checked(document: &Value) -> String {
    let (payment, provider) = (&document["payment"], &document["provider"]);
    let answer = [&provider["answer"]["status"], &provider["answer"]["error"]].map(word);
    let answer = answer.join(" ");
    let said = match provider["state"].as_str() {
        Some("done") => "has answered".to_owned(),
        Some("pending") => "has said nothing decisive, and is asked again".to_owned(),
        Some(_) | None => "could not be asked".to_owned(),
    };
    let answer = match answer.trim() {
        "" => String::new(),
        answer => format!(" ({answer})"),
    };
    format!(
        "{} {said}{answer}; payment {} is {}\n",
        word(&payment["source"]),
        word(&payment["reference"]),
        word(&payment["status"])
    )
}

fn method(payment: &Value) -> String {
    let method = &payment["method"];
    let said = [&method["kind"], &method["detail"]].map(word).join(" ");
    said.trim().to_owned()
}
