//! `tollgate effects`: what is to be done outside, asked of the running server.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use tollgate_core::effect::EffectKind;
use tollgate_core::effect::EffectState;
use tollgate_core::id::EffectId;
use tollgate_core::word::Word;
use tollgate_core::word::words;

use super::calling::call;
use super::columns::{Column, Is, members_of, time};
use super::listed::{ListArgs, Listed, several};
use super::listing::{plain, word};
use super::noun::{Done, Noun, has_any, say_whether_more};
use tollgate_outbound::remote::Server;

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// List effects, newest first.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// Only of this kind; several by commas.
        #[arg(long, value_delimiter = ',', value_parser = words_of::<EffectKind>())]
        kind: Vec<String>,
        /// Only in this state; several by commas.
        #[arg(long, value_delimiter = ',', value_parser = words_of::<EffectState>())]
        state: Vec<String>,
        /// Only addressed to this target, or to those that begin with what stands before a `*`.
        #[arg(long)]
        target: Option<String>,
        /// Only about this order, by id or code.
        #[arg(long)]
        order: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one with everything that was tried.
    #[command(after_help = super::EXIT_CODES)]
    Show {
        /// Which, as `list` shows it.
        id: EffectId,
    },
    /// Try again what was given up, whose outcome is unknown, or what waits for its next try.
    #[command(after_help = super::EXIT_CODES)]
    Retry {
        /// Which, as `list` shows them.
        #[arg(required_unless_present = "state", conflicts_with_all = ["state", "kind"])]
        ids: Vec<EffectId>,
        /// All in this state; at most 1000 at a time, the oldest first.
        #[arg(long, value_parser = ["dead", "unknown", "pending"])]
        state: Option<String>,
        /// Of those, only of this kind.
        #[arg(long, requires = "state", value_parser = words_of::<EffectKind>())]
        kind: Option<String>,
        /// Only show which.
        #[arg(long)]
        dry_run: bool,
    },
}

/// The words that an option takes.
fn words_of<W: Word>() -> PossibleValuesParser {
    PossibleValuesParser::new(words::<W>())
}

const EFFECTS: Listed = Listed {
    path: "/v1/effects",
    topics: &[],
    columns: &[
        Column("id", Is::Word("/id")),
        Column("kind", Is::Word("/kind")),
        Column("state", Is::State("/state")),
        Column("tries", Is::Number("/tries")),
        Column("due", Is::Time("/due_at")),
        Column("target", Is::Word("/target")),
        Column("reason", Is::Word("/reason")),
    ],
};

/// One effect.
const EFFECT: &[Column] = &[
    Column("effect", Is::Word("/id")),
    Column("key", Is::Word("/key")),
    Column("kind", Is::Word("/kind")),
    Column("state", Is::State("/state")),
    Column("reason", Is::Word("/reason")),
    Column("target", Is::Word("/target")),
    Column("content", Is::Word("/content")),
    Column("tries", Is::Word("/tries")),
    Column("decided", Is::Time("/created_at")),
    Column("due", Is::Time("/due_at")),
    Column("order by", Is::Time("/order_by")),
    Column("settled", Is::Time("/settled_at")),
];

impl Noun for What {
    const ABOUT: &'static str = "List effects, show one, or try some again";

    async fn act(&self, server: &Server) -> Result<Done<'_>, String> {
        Ok(match self {
            What::List {
                kind,
                state,
                order,
                target,
                list,
            } => {
                let filters = vec![
                    ("kind", several(kind)),
                    ("state", several(state)),
                    ("order", order.clone()),
                    ("target", target.clone()),
                ];
                Done::Lists(&EFFECTS, filters, list)
            }
            What::Show { id } => {
                let path = format!("/v1/effects/{id}");
                Done::says(call(server, "GET", &path, None).await?, shown)
            }
            What::Retry {
                ids,
                state,
                kind,
                dry_run,
            } => {
                let (document, is_partly) = match state {
                    Some(state) => retry_all(server, state, kind.as_deref(), *dry_run).await?,
                    None => retry_these(server, ids, *dry_run).await,
                };
                Done::says_or_partly(is_partly, document, |document| retried(document, *dry_run))
            }
        })
    }
}

/// Asks which there are, and then has exactly those tried again. Also whether some could not be.
async fn retry_all(
    server: &Server,
    state: &str,
    kind: Option<&str>,
    dry_run: bool,
) -> Result<(Value, bool), String> {
    let path = "/v1/effects/retry";
    let filter = json!({ "state": state, "kind": kind });
    let trial = json!({ "filter": filter, "dry_run": true });
    let shown = call(server, "POST", path, Some(&trial)).await?;
    if dry_run || !has_any(&shown, "ids") {
        return Ok((shown, false));
    }
    let sent = json!({ "filter": filter, "ids": shown["ids"] });
    let mut document = call(server, "POST", path, Some(&sent)).await?;
    document["more"] = shown["more"].clone();
    let is_partly = has_any(&document, "skipped");
    Ok((document, is_partly))
}

/// One after the other, in the order in which they were named.
async fn retry_these(server: &Server, ids: &[EffectId], dry_run: bool) -> (Value, bool) {
    let (mut retried, mut skipped) = (Vec::new(), Vec::new());
    for id in ids {
        let done = match dry_run {
            true => call(server, "GET", &format!("/v1/effects/{id}"), None).await,
            false => {
                let path = format!("/v1/effects/{id}/retry");
                call(server, "POST", &path, Some(&json!({}))).await
            }
        };
        match done {
            Ok(effect) if dry_run && !is_retried(&effect) => {
                skipped.push(json!({ "id": id.to_string(), "state": effect["state"] }));
            }
            Ok(_) => retried.push(id.to_string()),
            Err(why) => {
                anstream::eprintln!("error: {why}");
                skipped.push(json!({ "id": id.to_string() }));
            }
        }
    }
    let is_partly = !skipped.is_empty();
    let document = json!({
        "dry_run": dry_run, "effects": retried.len(), "ids": retried, "more": false,
        "skipped": skipped,
    });
    (document, is_partly)
}

/// Whether an effect in this state is tried again.
fn is_retried(effect: &Value) -> bool {
    matches!(
        effect["state"].as_str(),
        Some("dead" | "unknown" | "pending")
    )
}

fn retried(document: &Value, dry_run: bool) -> String {
    let ids = document["ids"].as_array().into_iter().flatten();
    let mut text: String = ids.map(|id| word(id) + "\n").collect();
    for skipped in document["skipped"].as_array().into_iter().flatten() {
        let (id, state) = (word(&skipped["id"]), word(&skipped["state"]));
        text.push_str(format!("skipped {id} {state}").trim_end());
        text.push('\n');
    }
    let count = &document["effects"];
    match dry_run {
        true => anstream::eprintln!("{count} would be tried again"),
        false => anstream::eprintln!("{count} are tried again"),
    }
    say_whether_more(document);
    text
}

/// One effect: what is said of it, then its attempts.
fn shown(effect: &Value) -> String {
    let mut text = members_of(EFFECT, effect);
    let attempts = effect["attempts"].as_array().into_iter().flatten();
    for attempt in attempts {
        let (at, ms) = (time(&attempt["at"]), word(&attempt["duration_ms"]));
        let said = [&attempt["status"], &attempt["error"]].map(word).join(" ");
        let said = match said.trim() {
            "" => String::new(),
            said => format!(": {said}"),
        };
        text.push_str(&format!("tried {at}, {ms} ms{said}\n"));
        for line in attempt["response_head"]
            .as_str()
            .unwrap_or_default()
            .lines()
        {
            text.push_str(&format!("    {}\n", plain(line)));
        }
    }
    text
}
