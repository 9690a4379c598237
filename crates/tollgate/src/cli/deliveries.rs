//! `tollgate deliveries`: webhooks that were refused, over the API of a running server.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::DeliveryId;
use tollgate_core::word::words;

use super::calling::call;
use super::client::{ServerArgs, server};
use super::columns::{Column, Is, lines_of, members_of};
use super::listing::{list, plain, word};
use super::{failed, print};
use tollgate_outbound::remote::Server;

/// List refused webhooks, show one, or verify them again after a secret was mended.
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
    /// List refused webhooks, newest first, each with why.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// Only of this source.
        #[arg(long)]
        source: Option<String>,
        /// Only with this verdict: still rejected, or verified since.
        #[arg(long, value_parser = PossibleValuesParser::new(words::<DeliveryVerdict>()))]
        verdict: Option<String>,
        /// How many at the most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Show one with its headers and its body.
    #[command(after_help = super::EXIT_CODES)]
    Show {
        /// Which, as `list` shows it.
        id: DeliveryId,
    },
    /// Verify again, by the clock of its arrival, and take what is good now.
    #[command(after_help = super::EXIT_CODES)]
    Verify {
        /// Which, as `list` shows them.
        #[arg(required_unless_present = "source", conflicts_with = "source")]
        ids: Vec<DeliveryId>,
        /// All of this source that are still rejected, the oldest first; at most 10 000.
        #[arg(long)]
        source: Option<String>,
    },
}

const DELIVERIES: &[Column] = &[
    Column("received", Is::Time("/received_at")),
    Column("id", Is::Word("/id")),
    Column("source", Is::Word("/source")),
    Column("verdict", Is::State("/verdict")),
    Column("code", Is::Word("/code")),
    Column("why", Is::Word("/detail")),
];

/// One of them.
const DELIVERY: &[Column] = &[
    Column("delivery", Is::Word("/id")),
    Column("source", Is::Word("/source")),
    Column("verdict", Is::State("/verdict")),
    Column("code", Is::Word("/code")),
    Column("why", Is::Word("/detail")),
    Column("sent from", Is::Word("/peer")),
    Column("received", Is::Time("/received_at")),
    Column("bytes", Is::Word("/body_bytes")),
];

/// As many are verified in one go.
const VERIFIED_MAX: u32 = 10_000;

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let done = match &args.what {
        What::List {
            source,
            verdict,
            limit,
        } => {
            let filters = [("source", source), ("verdict", verdict)];
            list(&server, "/v1/deliveries", &filters, *limit).await
        }
        What::Show { id } => call(&server, "GET", &format!("/v1/deliveries/{id}"), None).await,
        What::Verify { ids, source } => match source {
            Some(source) => verify_all(&server, source).await,
            None => {
                let ids: Vec<String> = ids.iter().map(DeliveryId::to_string).collect();
                Ok(verify(&server, &ids).await)
            }
        },
    };
    let document = match done {
        Ok(document) => document,
        Err(why) => return failed(&why),
    };
    let printed = match args.json {
        true => print(&format!("{document}\n")),
        false => print(&text_of(&args.what, &document)),
    };
    let refused = document["refused"].as_array();
    match refused.is_some_and(|refused| !refused.is_empty()) {
        true => ExitCode::from(1),
        false => printed,
    }
}

/// Those of a source that are still rejected, in the order in which they came.
async fn verify_all(server: &Server, source: &str) -> Result<Value, String> {
    let (source, verdict) = (Some(source.to_owned()), Some("rejected".to_owned()));
    let filters = [("source", &source), ("verdict", &verdict)];
    let found = list(server, "/v1/deliveries", &filters, VERIFIED_MAX).await?;
    let newest_first = found["data"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = newest_first.map(|delivery| word(&delivery["id"])).collect();
    ids.reverse();
    Ok(verify(server, &ids).await)
}

/// One after the other; what is still refused does not keep the others.
async fn verify(server: &Server, ids: &[String]) -> Value {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        let path = format!("/v1/deliveries/{id}/verify");
        match server.call("POST", &path, Some(&json!({}))).await {
            Ok(answer) => taken.push(json!({ "id": id, "events": answer["events"] })),
            Err(why) => refused.push(json!({ "id": id, "why": why })),
        }
    }
    json!({ "taken": taken, "refused": refused })
}

fn text_of(what: &What, document: &Value) -> String {
    match what {
        What::List { .. } => {
            let deliveries = document["data"].as_array().into_iter().flatten();
            lines_of(DELIVERIES, &deliveries.collect::<Vec<_>>(), true)
        }
        What::Show { .. } => {
            let mut text = members_of(DELIVERY, document);
            let headers = document["headers"].as_array().into_iter().flatten();
            for (index, pair) in headers.enumerate() {
                let gap = if index == 0 { "\n" } else { "" };
                text.push_str(&format!("{gap}{}: {}\n", word(&pair[0]), word(&pair[1])));
            }
            if let Some(body) = document["body"].as_str() {
                text.push_str(&format!("\n{}\n", plain(body)));
            }
            text
        }
        What::Verify { .. } => {
            let mut text = String::new();
            let of = |name: &str| document[name].as_array().into_iter().flatten();
            for taken in of("taken") {
                let events = taken["events"].as_array().into_iter().flatten();
                let outcomes: Vec<String> = events.map(|event| word(&event["outcome"])).collect();
                text.push_str(&format!("{} {}\n", word(&taken["id"]), outcomes.join(" ")));
            }
            for refused in of("refused") {
                anstream::eprintln!("{}: {}", word(&refused["id"]), word(&refused["why"]));
            }
            let (taken, refused) = (of("taken").count(), of("refused").count());
            anstream::eprintln!("{taken} are taken, {refused} are refused still");
            text
        }
    }
}
