//! The steps of the schema, and who may go on writing after each (docs/adr/0023).

use crate::db::{Db, Error};
use crate::schema::words_left;
use crate::tables::search_terms;

/// Writes rows that a step needs.
type Fill = fn(&Db) -> Result<(), Error>;

/// One step of the schema, for each database.
pub(super) struct Migration {
    pub(super) version: i64,
    pub(super) name: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
    /// The lowest version that a program knows which goes on writing once this step has run: the step's own where
    /// earlier programs would lose or contradict something, else that of a program which keeps all that is new.
    /// It counts from [`NOTED_FROM`] on.
    pub(super) oldest_writer: i64,
    /// What it writes into a file that SQL cannot say, after its script and in the same transaction. On a
    /// server, where others go on working meanwhile, it is written beside them (`words_left.rs`).
    pub(super) fill: Option<Fill>,
    /// What a server is told before anybody is shut out, and in the same transaction: what takes as long as the tables
    /// are large, and locks nothing that a batch needs.
    pub(super) ahead: &'static str,
    /// What a server is told before the script. Rows of a table without a key are not updated where a publication is
    /// for all tables, and a step that has run keeps its text.
    pub(super) before: &'static str,
}

/// The step that makes the table in which it is noted who may write. Programs of before do not look.
pub(super) const NOTED_FROM: i64 = 12;

/// A step that only adds what programs of this version pass over.
pub(super) const fn expands(
    version: i64,
    name: &'static str,
    (sqlite, postgres): (&'static str, &'static str),
    oldest_writer: i64,
) -> Migration {
    Migration {
        version,
        name,
        sqlite,
        postgres,
        oldest_writer,
        fill: None,
        ahead: "",
        before: "",
    }
}

/// A step after which only programs that know it write.
pub(super) const fn step(
    version: i64,
    name: &'static str,
    texts: (&'static str, &'static str),
) -> Migration {
    expands(version, name, texts, version)
}

/// The texts of a step, for SQLite and for PostgreSQL.
macro_rules! texts {
    ($file:literal) => {
        (
            include_str!(concat!("../../migrations/sqlite/", $file)),
            include_str!(concat!("../../migrations/postgres/", $file)),
        )
    };
}

pub(super) const MIGRATIONS: &[Migration] = &[
    step(1, "foundation", texts!("0001_foundation.sql")),
    step(2, "retention", texts!("0002_retention.sql")),
    step(3, "effects", texts!("0003_effects.sql")),
    step(4, "receipts_issued", texts!("0004_receipts_issued.sql")),
    Migration {
        before: "alter table receipts replica identity using index receipts_id",
        ..step(5, "receipt_numbers", texts!("0005_receipt_numbers.sql"))
    },
    step(6, "access", texts!("0006_access.sql")),
    step(7, "errors", texts!("0007_errors.sql")),
    Migration {
        fill: Some(search_terms::fill),
        ..step(8, "search", texts!("0008_search.sql"))
    },
    step(
        9,
        "tickets_and_origins",
        texts!("0009_tickets_and_origins.sql"),
    ),
    step(
        words_left::VERSION,
        "words_left",
        texts!("0010_words_left.sql"),
    ),
    step(11, "alerts", texts!("0011_alerts.sql")),
    step(NOTED_FROM, "writers", texts!("0012_writers.sql")),
    // What earlier programs sell they do not count.
    Migration {
        ahead: include_str!("../../migrations/postgres/0013_units_sold.sql"),
        ..step(
            13,
            "instances_and_shelves",
            texts!("0013_instances_and_shelves.sql"),
        )
    },
    step(14, "failed_sign_ins", texts!("0014_failed_sign_ins.sql")),
    step(15, "lineage", texts!("0015_lineage.sql")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    /// The statements of a script, each in one line, without comments.
    fn statements(script: &str) -> Vec<String> {
        let lines = script
            .lines()
            .map(|line| line.split("--").next().unwrap_or(""));
        let text = lines.collect::<Vec<_>>().join("\n");
        let words = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let all = text.split(';').map(|one| words(one).to_lowercase());
        all.filter(|statement| !statement.is_empty()).collect()
    }

    /// The first statement of a script beside which a program that does not know it could not go on; a table that the
    /// script makes is none of that one's.
    fn shuts_out(script: &str) -> Option<String> {
        let statements = statements(script);
        let made: Vec<&str> = statements
            .iter()
            .filter_map(|statement| statement.strip_prefix("create table "))
            .filter_map(|rest| rest.split([' ', '(']).next())
            .collect();
        let of_made = |statement: &str, before: &str| {
            let table = statement.split(before).nth(1);
            let table = table.and_then(|rest| rest.split([' ', '(']).next());
            table.is_some_and(|table| made.contains(&table))
        };
        let passes = |statement: &String| {
            let words: Vec<&str> = statement.split(' ').collect();
            match words.as_slice() {
                ["create", "table", ..] | ["create", "index", ..] => true,
                ["create", "unique", "index", ..] => of_made(statement, " on "),
                ["insert", "into", ..] => of_made(statement, "into "),
                ["update", ..] => of_made(statement, "update "),
                ["alter", "table", _, "add", "column", _, _, rest @ ..] => {
                    let rest = rest.join(" ");
                    // An insert that does not name the column has to be taken, and so has every value there is.
                    let is_filled = !rest.contains("not null") || rest.contains("default ");
                    let is_bound = ["check", "unique", "references", "primary", "generated"]
                        .iter()
                        .any(|word| rest.contains(word));
                    is_filled && !is_bound
                }
                ["alter", "table", ..] => of_made(statement, "alter table "),
                _ => false,
            }
        };
        statements
            .iter()
            .find(|statement| !passes(statement))
            .cloned()
    }

    #[test]
    fn a_step_beside_which_earlier_programs_go_on_only_adds() {
        for step in MIGRATIONS
            .iter()
            .filter(|step| step.oldest_writer < step.version)
        {
            for script in [step.sqlite, step.postgres] {
                let found = shuts_out(script);
                assert_eq!(
                    found, None,
                    "migration {} says that programs of schema {} go on beside it; put this into the migration of a \
                     later release, or say that only its own go on (docs/adr/0023)",
                    step.version, step.oldest_writer
                );
            }
        }
    }

    #[test]
    fn what_an_earlier_program_stumbles_over_is_found_in_a_script() {
        for (script, shut_out) in [
            (
                "create table a (b int not null); create unique index c on a (b); insert into a values (1)",
                false,
            ),
            (
                "-- drop table roots\nalter table roots add column gift text;\ncreate index g on roots (gift)",
                false,
            ),
            (
                "alter table stock add column hidden bigint not null default 0",
                false,
            ),
            (
                "create table a (b int); alter table a rename to c; update a set b = 2",
                false,
            ),
            ("alter table stock add column hidden bigint not null", true),
            (
                "alter table stock add column hidden bigint check (hidden < 2)",
                true,
            ),
            ("alter table stock\n  drop column held", true),
            ("alter table stock rename column held to kept", true),
            ("alter table stock alter column held type text", true),
            (
                "alter table stock add constraint few check (held < 5)",
                true,
            ),
            ("create unique index s on stock (sku)", true),
            ("drop index roots_due", true),
            ("drop table codes", true),
            ("update roots set doc = '{}'", true),
            ("insert into stock values (1)", true),
            ("delete from roots", true),
            ("create trigger t before insert on roots", true),
        ] {
            assert_eq!(shuts_out(script).is_some(), shut_out, "{script}");
        }
    }

    /// The members of all documents that are kept in rows: each `Serialize` below `tables/`.
    fn members() -> Vec<String> {
        fn read(folder: &Path, members: &mut Vec<String>) {
            let entries = std::fs::read_dir(folder).expect("the sources are here");
            for path in entries.map(|entry| entry.expect("it is read").path()) {
                if path.is_dir() {
                    read(&path, members);
                } else if path.extension().is_some_and(|ends| ends == "rs") {
                    of_source(
                        &std::fs::read_to_string(&path).expect("it is read"),
                        members,
                    );
                }
            }
        }
        let mut members = Vec::new();
        let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables");
        read(&tables, &mut members);
        members.sort_unstable();
        members
    }

    /// The members of the documents of one source text.
    fn of_source(text: &str, members: &mut Vec<String>) {
        let mut is_written = false;
        let mut document: Option<String> = None;
        let mut renamed: Option<String> = None;
        for line in text.lines() {
            if line.starts_with("#[derive(") {
                is_written = line.contains("Serialize,") || line.contains("Serialize)");
            } else if line == "}" || line.ends_with("{}") {
                (is_written, document) = (false, None);
            } else if let Some(document) = &document {
                let line = line.trim();
                if let Some((_, name)) = line.split_once("rename = \"") {
                    renamed = name.split('"').next().map(str::to_owned);
                }
                if line.starts_with("//") || line.starts_with('#') {
                    continue;
                }
                let line = line
                    .trim_start_matches("pub(crate) ")
                    .trim_start_matches("pub ");
                if let Some((name, _)) = line.split_once(':')
                    && name
                        .chars()
                        .all(|letter| letter.is_ascii_lowercase() || letter == '_')
                {
                    let name = renamed.take().unwrap_or_else(|| name.to_owned());
                    members.push(format!("{document}.{name}"));
                }
            } else if is_written
                && let Some((_, rest)) = line.split_once("struct ").or(line.split_once("enum "))
            {
                let end = rest.find(|letter: char| !letter.is_alphanumeric());
                document = Some(rest[..end.unwrap_or(rest.len())].to_owned());
            }
        }
    }

    /// Writers of schema `version`: what a program has to know at the least.
    fn oldest_writer_at(version: i64) -> i64 {
        let steps = MIGRATIONS.iter().filter(|step| step.version <= version);
        let noted = steps.filter(|step| NOTED_FROM <= step.version);
        noted
            .map(|step| step.oldest_writer)
            .max()
            .unwrap_or(NOTED_FROM)
    }

    /// A program that does not know a member drops it with the next write. So where one is written, every program that
    /// may still write keeps it: `migrations/documents.txt` says from which version on each is kept and written.
    #[test]
    fn what_documents_have_is_kept_by_every_program_that_may_write() {
        const WRITTEN: &str = include_str!("../../migrations/documents.txt");
        let mut listed = BTreeMap::new();
        for line in WRITTEN.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [kept, written, member] = words[..] else {
                panic!("{line:?} is not: kept since, written since, member")
            };
            let version = |word: &str| word.parse::<i64>().expect("a schema version is a number");
            listed.insert(member.to_owned(), (version(kept), version(written)));
        }
        let members = members();
        for member in &members {
            assert!(
                listed.contains_key(member),
                "{member} stands in no line of migrations/documents.txt: say from which schema version \
                 on it is kept, and from which written (docs/adr/0023)"
            );
        }
        for (member, (kept, written)) in listed {
            assert!(
                members.contains(&member),
                "{member} is no member of any document any more"
            );
            assert!(
                written <= crate::db::SCHEMA_VERSION && kept <= oldest_writer_at(written),
                "{member} is written from version {written} on, where programs write that drop it: give a migration \
                 oldest_writer {kept}, or write it in a later release"
            );
        }
    }

    #[test]
    fn members_are_found_in_sources() {
        let text = "#[derive(Serialize, Deserialize)]
pub(super) struct ADoc {
    #[serde(rename = \"type\")]
    kind: String,
    /// no: member
    pub(crate) b: Option<BDoc>,
}
#[derive(Clone)]
struct No {
    c: i64,
}
#[derive(Serialize)]
enum EDoc {
    One {
        slot: String,
    },
}
";
        let mut members = Vec::new();
        of_source(text, &mut members);
        assert_eq!(members, ["ADoc.type", "ADoc.b", "EDoc.slot"]);
    }
}
