//! `tollgate receipts`: what was issued, and its paper.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::effect::ReceiptKind;
use tollgate_core::id::ReceiptId;
use tollgate_core::word::words;
use tollgate_outbound::remote::Server;

use super::calling::{call, save};
use super::columns::{Column, Is, money};
use super::listed::{ListArgs, Listed, several};
use super::listing::{list, plain, word};
use super::noun::{Done, Noun, Shown};

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// List receipts that are issued, the latest first.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// Only of this kind; several by commas.
        #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(words::<ReceiptKind>()))]
        kind: Vec<String>,
        /// Only the one with this number.
        #[arg(long)]
        number: Option<String>,
        /// Only issued then or later: a time as 2026-01-22T10:00:00Z.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only issued before then.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one as it was issued: who has sold what to whom, its taxes, and what it is over.
    #[command(after_help = super::EXIT_CODES)]
    Show {
        /// Which, by id or number.
        receipt: String,
    },
    /// Get its PDF.
    #[command(after_help = super::EXIT_CODES)]
    Get {
        /// Which, by id or number.
        receipt: String,
        /// The file, `-` for stdout; NUMBER.pdf in this folder if absent.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

const RECEIPTS: Listed = Listed {
    path: "/v1/receipts",
    topics: &["effects"],
    columns: &[
        Column("issued", Is::Time("/issued_at")),
        Column("number", Is::Word("/number")),
        Column("kind", Is::Word("/kind")),
        Column("amount", Is::Money("/amount")),
        Column("order", Is::Word("/order_id")),
        Column("id", Is::Word("/id")),
    ],
};

/// One receipt. Until it is issued only some of it is known.
const RECEIPT: &[Column] = &[
    Column("receipt", Is::Word("/number")),
    Column("id", Is::Word("/id")),
    Column("kind", Is::Word("/kind")),
    Column("state", Is::State("/state")),
    Column("amount", Is::Money("/amount")),
    Column("discount", Is::Said(discount)),
    Column("shipping", Is::Said(shipping)),
    Column("total", Is::Money("/total_amount")),
    Column("fee", Is::Money("/fee_amount")),
    Column("seller", Is::Said(seller)),
    Column("buyer", Is::Said(buyer)),
    Column("corrects", Is::Word("/corrects")),
    Column("original", Is::Word("/original_number")),
    Column("reason", Is::Word("/reason")),
    Column("order", Is::Word("/order_code")),
    Column("order id", Is::Word("/order_id")),
    Column("payment", Is::Word("/payment/reference")),
    Column("source", Is::Word("/payment/source")),
    Column("payment id", Is::Word("/payment_id")),
    Column("issued", Is::Time("/issued_at")),
    Column("sha256", Is::Word("/sha256")),
    Column("verified at", Is::Word("/verification_url")),
];

/// What was bought.
const LINES: &[Column] = &[
    Column("quantity", Is::Number("/quantity")),
    Column("sku", Is::Word("/sku")),
    Column("name", Is::Word("/name")),
    Column("each", Is::Money("/unit_amount")),
    Column("amount", Is::Money("/amount")),
];

/// The taxes that are in it.
const TAXES: &[Column] = &[
    Column("tax", Is::Word("/name")),
    Column("percent", Is::Number("/percent")),
    Column("amount", Is::Money("/amount")),
];

const SHOWN: Shown = Shown {
    members: RECEIPT,
    tables: &[("lines", LINES), ("taxes", TAXES)],
    in_one_currency: true,
};

impl Noun for What {
    const ABOUT: &'static str = "List receipts, show one, or get its PDF";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        Ok(match self {
            What::List {
                kind,
                number,
                since,
                until,
                list,
            } => {
                let filters = vec![
                    ("kind", several(kind)),
                    ("number", number.clone()),
                    ("from", since.clone()),
                    ("to", until.clone()),
                ];
                Done::Lists(&RECEIPTS, filters, list)
            }
            What::Show { receipt } => {
                Done::says(found(server, receipt).await?, |receipt| SHOWN.text(receipt))
            }
            What::Get { receipt, output } if is_stdout(output.as_deref()) => {
                get_to_stdout(server, receipt).await?;
                Done::Written
            }
            What::Get { receipt, output } => {
                let written = get(server, receipt, output.as_deref()).await?;
                Done::says(written, |written| format!("{}\n", word(&written["file"])))
            }
        })
    }
}

fn seller(receipt: &Value) -> String {
    party(&receipt["seller"])
}

fn buyer(receipt: &Value) -> String {
    party(&receipt["buyer"])
}

/// Somebody in a line, as far as they are known.
fn party(who: &Value) -> String {
    let members = ["name", "address", "email", "phone", "tax_id"];
    let said = members.map(|member| word(&who[member]).replace('\n', ", "));
    let said: Vec<String> = said.into_iter().filter(|said| !said.is_empty()).collect();
    said.join(", ")
}

fn discount(receipt: &Value) -> String {
    some_money(receipt, "discount_amount")
}

fn shipping(receipt: &Value) -> String {
    some_money(receipt, "shipping_amount")
}

/// An amount, where there is one at all.
fn some_money(receipt: &Value, member: &str) -> String {
    match receipt[member].as_i64() {
        Some(0) | None => String::new(),
        Some(_) => money(&receipt[member], &receipt["currency"]),
    }
}

/// The receipt of an id or a number.
async fn found(server: &Server, receipt: &str) -> Result<Value, String> {
    let id = match receipt.parse::<ReceiptId>() {
        Ok(id) => id.to_string(),
        Err(_) => {
            let number = Some(receipt.to_owned());
            let listed = list(server, RECEIPTS.path, &[("number", &number)], 1).await?;
            let id = listed["data"][0]["id"].as_str().map(str::to_owned);
            id.ok_or_else(|| format!("no receipt {} is issued", plain(receipt)))?
        }
    };
    call(server, "GET", &format!("/v1/receipts/{id}"), None).await
}

/// Writes the file of a receipt.
async fn get(server: &Server, receipt: &str, output: Option<&Path>) -> Result<Value, String> {
    let found = found(server, receipt).await?;
    let path = format!("/v1/receipts/{}.pdf", word(&found["id"]));
    let output = match output {
        Some(output) => output.to_owned(),
        None => PathBuf::from(file_name(&word(&found["number"]))),
    };
    save(server, &path, "application/pdf", &output, &mut |_| {}).await?;
    Ok(
        json!({ "file": output.display().to_string(), "id": found["id"], "number": found["number"] }),
    )
}

fn is_stdout(output: Option<&Path>) -> bool {
    output == Some(Path::new("-"))
}

/// Writes the file of a receipt to stdout, and nothing else.
async fn get_to_stdout(server: &Server, receipt: &str) -> Result<(), String> {
    let found = found(server, receipt).await?;
    let path = format!("/v1/receipts/{}.pdf", word(&found["id"]));
    let mut stdout = std::io::stdout();
    let mut take = |part: &[u8]| stdout.write_all(part);
    server.download(&path, "application/pdf", &mut take).await?;
    let flushed = stdout.flush();
    flushed.map_err(|error| format!("write to stdout: {error}"))
}

/// The name of a receipt's file: its number, without what leads to another folder.
fn file_name(number: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._- ".contains(letter);
    let plain = number.replace(|letter| !is_plain(letter), "-");
    format!("{}.pdf", plain.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_number_leads_to_no_other_folder() {
        for (number, name) in [
            ("R-2026-000001", "R-2026-000001.pdf"),
            ("INV/2026/1", "INV-2026-1.pdf"),
            ("../x", "-x.pdf"),
        ] {
            assert_eq!(file_name(number), name);
        }
    }
}
