//! `tollgate deliveries`: webhooks that were refused, over the API of a running server.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::DeliveryId;
use tollgate_core::word::words;

use super::calling::call;
use super::columns::{Column, Is, members_of};
use super::listing::{list, word};
use super::noun::{Done, Noun, has_any, rows_of, sent};
use tollgate_outbound::remote::Server;

#[derive(Debug, Subcommand)]
pub(super) enum What {
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

impl Noun for What {
    const ABOUT: &'static str =
        "List refused webhooks, show one, or verify them again after a secret was mended";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        let document = match self {
            What::List {
                source,
                verdict,
                limit,
            } => {
                let filters = [("source", source), ("verdict", verdict)];
                let found = list(server, "/v1/deliveries", &filters, *limit).await?;
                return Ok(Done::says(found, |found| rows_of(DELIVERIES, found)));
            }
            What::Show { id } => {
                let path = format!("/v1/deliveries/{id}");
                let delivery = call(server, "GET", &path, None).await?;
                return Ok(Done::says(delivery, shown));
            }
            What::Verify {
                source: Some(source),
                ..
            } => verify_all(server, source).await?,
            What::Verify { ids, source: None } => {
                let ids: Vec<String> = ids.iter().map(DeliveryId::to_string).collect();
                verify(server, &ids).await
            }
        };
        let is_partly = has_any(&document, "refused");
        Ok(Done::says_or_partly(is_partly, document, verified))
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

fn shown(delivery: &Value) -> String {
    members_of(DELIVERY, delivery) + &sent(delivery, &["body"])
}

fn verified(document: &Value) -> String {
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
