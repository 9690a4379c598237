//! `tollgate events`: what providers have said, and deciding about it again.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value, json};
use tollgate_core::id::EventId;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::word::words;
use tollgate_outbound::remote::Server;

use super::calling::call;
use super::client::{ServerArgs, server};
use super::columns::{Column, Is, members_of, whole_lines_of};
use super::listed::{ListArgs, Listed, several};
use super::listing::{plain, word};
use super::{failed, print};

/// List events, show one, or decide about some again.
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
struct FilterArgs {
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

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let done = match &args.what {
        What::List {
            filter,
            search,
            list,
        } => {
            let filters = [
                ("source", &filter.source),
                ("type", &filter.kind),
                ("outcome", &several(&filter.outcome)),
                ("state", &several(&filter.state)),
                ("reference", &filter.reference),
                ("order", &filter.order),
                ("received_after", &filter.since),
                ("search", search),
            ];
            return EVENTS.show(&server, &filters, list, args.json).await;
        }
        What::Show { id } => call(&server, "GET", &format!("/v1/events/{id}"), None).await,
        What::Replay {
            ids,
            filter,
            dry_run,
            per_second,
        } => match (ids.as_slice(), filter.members()) {
            ([], Err(why)) => {
                anstream::eprintln!("error: {why}");
                return ExitCode::from(2);
            }
            ([], Ok(filter)) => {
                let mut wanted = json!({ "filter": filter, "dry_run": dry_run });
                if let Some(rate) = per_second {
                    wanted["per_second"] = (*rate).into();
                }
                call(&server, "POST", "/v1/events/replay", Some(&wanted)).await
            }
            (ids, _) => Ok(replay(&server, ids).await),
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

fn text_of(what: &What, document: &Value) -> String {
    let of = |name: &str| document[name].as_array().into_iter().flatten();
    match what {
        What::List { .. } => String::new(),
        What::Show { .. } => shown(document),
        What::Replay { ids, dry_run, .. } if ids.is_empty() => {
            let events = &document["events"];
            match dry_run {
                true => anstream::eprintln!("{events} would be decided about again"),
                false => anstream::eprintln!(
                    "{events} are decided about again, {} a second",
                    document["per_second"]
                ),
            }
            if document["more"] == true {
                anstream::eprintln!("there are more; repeat the command for the next");
            }
            of("first").map(|id| word(id) + "\n").collect()
        }
        What::Replay { .. } => of("replayed")
            .map(|event| {
                let said = ["id", "outcome", "state"].map(|name| word(&event[name]));
                said.join(" ") + "\n"
            })
            .collect(),
    }
}

fn shown(event: &Value) -> String {
    let mut text = members_of(EVENT, event);
    let facts: Vec<&Value> = event["facts"].as_array().into_iter().flatten().collect();
    if !facts.is_empty() {
        text.push_str(&format!("\n{}", whole_lines_of(FACTS, &facts)));
    }
    let headers = event["headers"].as_array().into_iter().flatten();
    let headers: String = headers
        .map(|pair| format!("{}: {}\n", word(&pair[0]), word(&pair[1])))
        .collect();
    if !headers.is_empty() {
        text.push_str(&format!("\n{headers}"));
    }
    for name in ["body", "body_base64"] {
        if let Some(body) = event[name].as_str() {
            text.push_str(&format!("\n{}\n", plain(body)));
        }
    }
    text
}

fn references(event: &Value) -> String {
    let names = event["references"].as_array().into_iter().flatten();
    names.map(word).collect::<Vec<_>>().join(" ")
}
