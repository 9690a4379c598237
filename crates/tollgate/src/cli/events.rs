//! `tollgate events`: what providers have said, and deciding about it again.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value, json};
use tollgate_core::id::EventId;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::word::words;
use tollgate_outbound::remote::Server;

use super::calling::call;
use super::columns::{Column, Is};
use super::listed::{ListArgs, Listed, several};
use super::listing::word;
use super::noun::{Done, Noun, Shown, has_any, say_whether_more, sent};

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// List events, newest first.
    #[command(after_help = super::EXIT_CODES)]
    List {
        #[command(flatten)]
        filter: FilterArgs,
        /// Only with these bytes in body, type, key or a reference; letters in this case.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one with what it says; to admins with its headers and its body.
    #[command(after_help = super::EXIT_CODES)]
    Show {
        /// Which, as `list` shows it.
        id: EventId,
    },
    /// Decide about some again. What was done outside is not repeated.
    #[command(after_help = super::EXIT_CODES)]
    Replay {
        /// Which, as `list` shows them; without any, those that the filters find.
        #[arg(conflicts_with = "FilterArgs")]
        ids: Vec<EventId>,
        #[command(flatten)]
        filter: FilterArgs,
        /// Only show which.
        #[arg(long, conflicts_with = "ids")]
        dry_run: bool,
        /// How many a second; 1 to 1000, 50 if absent.
        #[arg(long, value_name = "N", conflicts_with = "ids", value_parser = clap::value_parser!(i64).range(1..=1000))]
        per_second: Option<i64>,
    },
}

/// Which events.
#[derive(Debug, clap::Args)]
pub(super) struct FilterArgs {
    /// Only of this source.
    #[arg(long)]
    source: Option<String>,
    /// Only of this type, or of those that begin with what stands before a `*`.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only answered so; several by commas for `list`.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(words::<EventOutcome>()))]
    outcome: Vec<String>,
    /// Only standing so now; several by commas for `list`.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(words::<EventState>()))]
    state: Vec<String>,
    /// Only those that mention this name.
    #[arg(long, value_name = "REF")]
    reference: Option<String>,
    /// Only those that the timeline of this order names, by id or code.
    #[arg(long)]
    order: Option<String>,
    /// Only from then on: a time as 2026-01-22T10:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

const EVENTS: Listed = Listed {
    path: "/v1/events",
    topics: &[],
    columns: &[
        Column("received", Is::Time("/received_at")),
        Column("source", Is::Word("/source")),
        Column("type", Is::Word("/type")),
        Column("outcome", Is::Word("/outcome")),
        Column("state", Is::State("/state")),
        Column("reference", Is::Said(references)),
        Column("id", Is::Word("/id")),
    ],
};

/// One event.
const EVENT: &[Column] = &[
    Column("event", Is::Word("/id")),
    Column("source", Is::Word("/source")),
    Column("type", Is::Word("/type")),
    Column("key", Is::Word("/key")),
    Column("outcome", Is::Word("/outcome")),
    Column("state", Is::State("/state")),
    Column("reason", Is::Word("/reason")),
    Column("code", Is::Word("/code")),
    Column("references", Is::Said(references)),
    Column("at provider", Is::Word("/provider_payment_id")),
    Column("occurred", Is::Time("/occurred_at")),
    Column("received", Is::Time("/received_at")),
    Column("due", Is::Time("/due_at")),
];

/// What it says.
const FACTS: &[Column] = &[
    Column("says", Is::Word("/says")),
    Column("amount", Is::Money("/amount")),
    Column("of", Is::Word("/object")),
    Column("vouched for", Is::Word("/strength")),
];

const SHOWN: Shown = Shown {
    members: EVENT,
    tables: &[("facts", FACTS)],
    in_one_currency: false,
};

impl Noun for What {
    const ABOUT: &'static str = "List events, show one, or decide about some again";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        Ok(match self {
            What::List {
                filter,
                search,
                list,
            } => {
                let filters = vec![
                    ("source", filter.source.clone()),
                    ("type", filter.kind.clone()),
                    ("outcome", several(&filter.outcome)),
                    ("state", several(&filter.state)),
                    ("reference", filter.reference.clone()),
                    ("order", filter.order.clone()),
                    ("received_after", filter.since.clone()),
                    ("search", search.clone()),
                ];
                Done::Lists(&EVENTS, filters, list)
            }
            What::Show { id } => {
                let path = format!("/v1/events/{id}");
                Done::says(call(server, "GET", &path, None).await?, shown)
            }
            What::Replay {
                ids,
                filter,
                dry_run,
                per_second,
            } if ids.is_empty() => {
                let filter = match filter.members() {
                    Ok(filter) => filter,
                    Err(why) => return Ok(Done::Misused(why)),
                };
                let mut wanted = json!({ "filter": filter, "dry_run": dry_run });
                if let Some(rate) = per_second {
                    wanted["per_second"] = (*rate).into();
                }
                let counted = call(server, "POST", "/v1/events/replay", Some(&wanted)).await?;
                Done::says(counted, |counted| replays(counted, *dry_run))
            }
            What::Replay { ids, .. } => {
                let document = replay(server, ids).await;
                Done::says_or_partly(has_any(&document, "refused"), document, replayed)
            }
        })
    }
}

impl FilterArgs {
    /// As the API takes it, if it says anything.
    fn members(&self) -> Result<Map<String, Value>, String> {
        let one = |words: &[String], name: &str| match words {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            _ => Err(format!("replay: --{name} takes one word here")),
        };
        let (outcome, state) = (one(&self.outcome, "outcome")?, one(&self.state, "state")?);
        let named = [
            ("source", &self.source),
            ("type", &self.kind),
            ("outcome", &outcome),
            ("state", &state),
            ("reference", &self.reference),
            ("order", &self.order),
            ("received_after", &self.since),
        ];
        let said: Map<String, Value> = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())))
            .collect();
        match said.is_empty() {
            true => Err("replay: name events, or a filter such as --source".to_owned()),
            false => Ok(said),
        }
    }
}

/// One after the other; one that is refused does not keep the others.
async fn replay(server: &Server, ids: &[EventId]) -> Value {
    let (mut replayed, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        let path = format!("/v1/events/{id}/replay");
        match call(server, "POST", &path, Some(&json!({}))).await {
            Ok(answer) => replayed.push(answer),
            Err(why) => {
                anstream::eprintln!("error: {why}");
                refused.push(id.to_string());
            }
        }
    }
    json!({ "replayed": replayed, "refused": refused })
}

fn replays(counted: &Value, dry_run: bool) -> String {
    let events = &counted["events"];
    match dry_run {
        true => anstream::eprintln!("{events} would be decided about again"),
        false => anstream::eprintln!(
            "{events} are decided about again, {} a second",
            counted["per_second"]
        ),
    }
    say_whether_more(counted);
    let first = counted["first"].as_array().into_iter().flatten();
    first.map(|id| word(id) + "\n").collect()
}

fn replayed(document: &Value) -> String {
    let replayed = document["replayed"].as_array().into_iter().flatten();
    let lines = replayed.map(|event| {
        let said = ["id", "outcome", "state"].map(|name| word(&event[name]));
        said.join(" ") + "\n"
    });
    lines.collect()
}

fn shown(event: &Value) -> String {
    SHOWN.text(event) + &sent(event, &["body", "body_base64"])
}

fn references(event: &Value) -> String {
    let names = event["references"].as_array().into_iter().flatten();
    names.map(word).collect::<Vec<_>>().join(" ")
}
