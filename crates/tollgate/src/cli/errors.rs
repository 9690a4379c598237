//! `tollgate errors`: what was refused and what has failed, asked of the running server.

use std::path::Path;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde_json::Value;
use tollgate_core::word::words;
use tollgate_store::{ERROR_DAYS_MAX, ErrorLevel};

use super::calling::call;
use super::client::{ServerArgs, server};
use super::columns::{Column, Is, lines_of};
use super::failed;
use super::listing::{list, word};
use super::noun::{printed, rows_of};

/// List what was refused and what has failed, newest first, or count it.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Only with this text in what it says.
    #[arg(long)]
    search: Option<String>,
    /// Only with this code, as out_of_stock.
    #[arg(long)]
    code: Option<String>,
    /// Only with this cause.
    #[arg(long)]
    cause: Option<String>,
    /// Only as bad as this.
    #[arg(long, value_parser = PossibleValuesParser::new(words::<ErrorLevel>()))]
    level: Option<String>,
    /// Only about this source.
    #[arg(long)]
    source: Option<String>,
    /// Only from then on: a time as 2026-01-22T10:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only from before then.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many at the most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Count them: by code, operation, source and day.
    #[arg(long, conflicts_with_all = ["search", "code", "cause", "level", "source", "since", "until", "limit"])]
    stats: bool,
    /// Of how many days, today with them.
    #[arg(long, requires = "stats", default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=ERROR_DAYS_MAX))]
    days: i64,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let done = match args.stats {
        true => {
            let path = format!("/v1/errors/stats?days={}", args.days);
            call(&server, "GET", &path, None).await
        }
        false => {
            let filters = [
                ("search", &args.search),
                ("code", &args.code),
                ("cause", &args.cause),
                ("level", &args.level),
                ("source", &args.source),
                ("since", &args.since),
                ("until", &args.until),
            ];
            list(&server, "/v1/errors", &filters, args.limit).await
        }
    };
    let document = match done {
        Ok(document) => document,
        Err(why) => return failed(&why),
    };
    printed(&document, args.json, |document| match args.stats {
        true => text_of_stats(document),
        false => rows_of(ERRORS, document),
    })
}

const ERRORS: &[Column] = &[
    Column("at", Is::Time("/at")),
    Column("count", Is::Number("/count")),
    Column("level", Is::State("/level")),
    Column("code", Is::Word("/code")),
    Column("cause", Is::Word("/cause")),
    Column("operation", Is::Word("/operation")),
    Column("by, of", Is::Said(by_and_of)),
    Column("first", Is::Word("/detail")),
];

/// Whose key it was, and about which source.
fn by_and_of(error: &Value) -> String {
    let who = [&error["key_name"], &error["source"]].map(word).join(" ");
    who.trim().to_owned()
}

/// How they are counted: what by, and under which names.
const COUNTED: &[(&str, &[Column])] = &[
    (
        "by_code",
        &[
            COUNT,
            Column("code", Is::Word("/code")),
            Column("cause", Is::Word("/cause")),
        ],
    ),
    (
        "by_operation",
        &[COUNT, Column("operation", Is::Word("/operation"))],
    ),
    ("by_source", &[COUNT, Column("source", Is::Word("/source"))]),
    ("by_day", &[COUNT, Column("day", Is::Word("/day"))]),
];

const COUNT: Column = Column("count", Is::Number("/count"));

fn text_of_stats(document: &Value) -> String {
    let mut text = String::new();
    for (name, columns) in COUNTED {
        let counted = document[*name].as_array().into_iter().flatten();
        let rows: Vec<&Value> = counted.collect();
        if !rows.is_empty() {
            text.push_str(&format!("{}\n", lines_of(columns, &rows, true)));
        }
    }
    text.push_str(&format!("{} in all\n", word(&document["total"])));
    text
}
