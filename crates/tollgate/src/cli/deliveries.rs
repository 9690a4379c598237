//! `tollgate deliveries`: webhooks that were refused, over the API of a running server.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::DeliveryId;
use tollgate_core::word::words;

use super::client::{ServerArgs, server_of};
use super::listing::{list, plain, table, word};
use super::{configuration, failed, print};
use tollgate_outbound::remote::Server;

/// List refused webhooks, show one, or verify them again after a secret was mended.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    server: ServerArgs,
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

/// As many are verified in one go.
const VERIFIED_MAX: u32 = 10_000;

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let server = match server_of(&args.server, &config) {
        Ok(server) => server,
        Err(why) => return failed(&why),
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
        What::Show { id } => {
            server
                .call("GET", &format!("/v1/deliveries/{id}"), None)
                .await
        }
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
            let names = ["received_at", "id", "source", "verdict", "code", "detail"];
            let rows = deliveries.map(|delivery| names.map(|name| word(&delivery[name])));
            table(["received", "id", "source", "verdict", "code", "why"], rows)
        }
        What::Show { .. } => {
            let members = document.as_object().into_iter().flatten();
            let said = members.filter(|(name, value)| *name != "body" && !value.is_null());
            let mut text = table(
                ["", ""],
                said.map(|(name, value)| [name.clone(), word(value)]),
            );
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
