//! A noun of the API as a command: what every one takes, and the way of what is done with it. A noun's own file says
//! what can be done, what is asked for that, and how the answer is told.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value;
use tollgate_outbound::remote::Server;

use super::client::{ServerArgs, server};
use super::columns::{Column, lines_of, members_of, rows_in_currency, whole_lines_of};
use super::listed::{ListArgs, Listed};
use super::listing::{plain, word};
use super::{failed, print};

// No doc comment: it would be what `--help` says of every noun.
#[derive(Debug, clap::Args)]
#[command(about = W::ABOUT, after_help = super::EXIT_CODES)]
pub(super) struct NounArgs<W: Noun> {
    #[command(subcommand)]
    what: W,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// What can be done with a noun.
pub(super) trait Noun: Subcommand {
    /// What `--help` says of it.
    const ABOUT: &'static str;

    /// Does it. The error says why nothing was done.
    async fn act(&self, server: &Server) -> Result<Done<'_>, String>;
}

/// What became of it.
pub(super) enum Done<'w> {
    /// A list is to be shown, cut to what the filters say, once or whenever it changes.
    Lists(
        &'static Listed,
        Vec<(&'static str, Option<String>)>,
        &'w ListArgs,
    ),
    /// The answer, and how it is told to people.
    Says(Value, Tell<'w>),
    /// The same, and something of it could not be done.
    Partly(Value, Tell<'w>),
    /// All of it stands on stdout already.
    Written,
    /// It cannot be meant so.
    Misused(String),
}

/// Tells people of a document: what is for stdout.
type Tell<'w> = Box<dyn Fn(&Value) -> String + 'w>;

impl<'w> Done<'w> {
    /// All was done.
    pub(super) fn says(document: Value, tell: impl Fn(&Value) -> String + 'w) -> Done<'w> {
        Done::Says(document, Box::new(tell))
    }

    /// Something of it may not have been done.
    pub(super) fn says_or_partly(
        is_partly: bool,
        document: Value,
        tell: impl Fn(&Value) -> String + 'w,
    ) -> Done<'w> {
        match is_partly {
            true => Done::Partly(document, Box::new(tell)),
            false => Done::says(document, tell),
        }
    }
}

pub(super) async fn run<W: Noun>(args: NounArgs<W>, file: Option<&Path>) -> ExitCode {
    let server = match server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    match args.what.act(&server).await {
        Err(why) => failed(&why),
        Ok(Done::Lists(listed, filters, list)) => {
            let filters = filters.iter().map(|(name, value)| (*name, value));
            let filters: Vec<(&str, &Option<String>)> = filters.collect();
            listed.show(&server, &filters, list, args.json).await
        }
        Ok(Done::Says(document, tell)) => printed(&document, args.json, tell),
        Ok(Done::Partly(document, tell)) => {
            printed(&document, args.json, tell);
            ExitCode::from(1)
        }
        Ok(Done::Written) => ExitCode::SUCCESS,
        Ok(Done::Misused(why)) => {
            anstream::eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

/// Prints a document: as it is for machines, else as it is told to people.
pub(super) fn printed(
    document: &Value,
    json: bool,
    tell: impl FnOnce(&Value) -> String,
) -> ExitCode {
    match json {
        true => print(&format!("{document}\n")),
        false => print(&tell(document)),
    }
}

/// The rows of a list's document as a table.
pub(super) fn rows_of(columns: &[Column], document: &Value) -> String {
    let rows = document["data"].as_array().into_iter().flatten();
    lines_of(columns, &rows.collect::<Vec<_>>(), true)
}

/// How one thing is shown: a line for each of its members, then tables of what it has, where it has any.
pub(super) struct Shown {
    pub(super) members: &'static [Column],
    /// Which member each table is of, and its columns.
    pub(super) tables: &'static [(&'static str, &'static [Column])],
    /// The amounts in the tables are in the currency of the whole; else each row names its own.
    pub(super) in_one_currency: bool,
}

impl Shown {
    pub(super) fn text(&self, document: &Value) -> String {
        let mut text = members_of(self.members, document);
        for (member, columns) in self.tables {
            let rows = match self.in_one_currency {
                true => rows_in_currency(document, member),
                false => document[*member].as_array().cloned().unwrap_or_default(),
            };
            let rows: Vec<&Value> = rows.iter().collect();
            if !rows.is_empty() {
                text.push_str(&format!("\n{}", whole_lines_of(columns, &rows)));
            }
        }
        text
    }
}

/// What was sent to us: headers, and whichever of the named members has the body.
pub(super) fn sent(document: &Value, bodies: &[&str]) -> String {
    let headers = document["headers"].as_array().into_iter().flatten();
    let headers = headers.map(|pair| format!("{}: {}\n", word(&pair[0]), word(&pair[1])));
    let headers: String = headers.collect();
    let mut text = match headers.is_empty() {
        true => String::new(),
        false => format!("\n{headers}"),
    };
    for name in bodies {
        if let Some(body) = document[*name].as_str() {
            text.push_str(&format!("\n{}\n", plain(body)));
        }
    }
    text
}

/// Says so where there are more than one go takes.
pub(super) fn say_whether_more(document: &Value) {
    if document["more"] == true {
        anstream::eprintln!("there are more; repeat the command for the next");
    }
}

/// Whether a document names any of these.
pub(super) fn has_any(document: &Value, member: &str) -> bool {
    let named = document[member].as_array();
    named.is_some_and(|named| !named.is_empty())
}
