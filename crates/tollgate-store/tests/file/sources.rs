//! The statements of the package, found in its sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A statement as a source has it.
pub(crate) struct Statement {
    /// Where it stands: its file, and the name it has there.
    pub(crate) place: String,
    /// The name of its constant, if it is one.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) on_sqlite: bool,
    pub(crate) on_postgres: bool,
    /// It is asked for many keys at once.
    pub(crate) looks_up: bool,
    /// It is written for many rows at once.
    pub(crate) writes: bool,
}

/// Sources whose texts are none of the schema's: those of views are no statements yet, and what is
/// measured beside us has a table of its own, as have a backup and a database that another is moved into.
const OTHERS: [&str; 4] = ["views.rs", "peer.rs", "about.rs", "mark.rs"];

/// Every statement of the package.
pub(crate) fn all() -> Vec<Statement> {
    let mut found = Vec::new();
    let mut asked = BTreeSet::new();
    let mut put = BTreeSet::new();
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = std::fs::read_to_string(&file).expect("a source file");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| [line, "\n"])
            .collect();
        asked.extend(first_arguments(&code, ".ask("));
        put.extend(first_arguments(&code, ".put("));
        if !OTHERS.iter().any(|other| file.ends_with(other)) {
            let place = file.display().to_string();
            found.extend(literals(&code).filter_map(|literal| statement(literal, &place)));
        }
    }
    for statement in &mut found {
        statement.looks_up = asked.contains(&statement.name);
        statement.writes = put.contains(&statement.name);
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The constants in the first arguments of a function's calls.
fn first_arguments(code: &str, call: &str) -> Vec<String> {
    code.split(call)
        .skip(1)
        .flat_map(|rest| {
            let argument = rest.split([',', ')']).next().unwrap_or_default();
            argument
                .split(|character: char| !character.is_ascii_uppercase() && character != '_')
                .filter(|word| 1 < word.len())
                .map(str::to_owned)
                .collect::<Vec<String>>()
        })
        .collect()
}

/// A string literal: the code between it and the one before, the last constant's name, the text.
struct Literal {
    before: String,
    name: String,
    text: String,
    /// It is the second argument of `two`.
    is_second: bool,
}

fn literals(code: &str) -> impl Iterator<Item = Literal> {
    let mut rest = code;
    let mut name = String::new();
    let mut first_of_two = false;
    std::iter::from_fn(move || {
        let (before, after) = rest.split_once('"')?;
        let (text, end) = unescaped(after)?;
        rest = &after[end + 1..];
        if let Some((_, constant)) = before.rsplit_once("const ") {
            name = constant.split(':').next().unwrap_or_default().to_owned();
        }
        let is_second = std::mem::replace(&mut first_of_two, before.trim_end().ends_with("two("));
        Some(Literal {
            before: before.trim_end().to_owned(),
            name: name.clone(),
            text,
            is_second,
        })
    })
}

/// The text of a literal, and where it ends.
fn unescaped(literal: &str) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut characters = literal.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return Some((text, at)),
            (_, '\\') => match characters.next()? {
                // A line that goes on: the white space before it is none of the text.
                (at, '\n') => {
                    let blank = literal[at..].len() - literal[at..].trim_start().len();
                    for _ in literal[at..at + blank].chars().skip(1) {
                        characters.next();
                    }
                }
                (_, escaped) => text.push(escaped),
            },
            (_, character) => text.push(character),
        }
    }
}

/// The literal, if it begins like a statement and is no template for one.
fn statement(literal: Literal, place: &str) -> Option<Statement> {
    let begins = [
        "select ",
        "insert into ",
        "update ",
        "delete from ",
        "with ",
    ];
    let is_statement = begins.iter().any(|word| literal.text.starts_with(word));
    if !is_statement || literal.before.ends_with("format!(") {
        return None;
    }
    let begins_two = literal.before.ends_with("two(");
    Some(Statement {
        place: format!("{place}: {}", literal.name),
        on_sqlite: !literal.is_second && !literal.before.ends_with("on_postgres("),
        on_postgres: !begins_two && !literal.before.ends_with("on_sqlite("),
        name: literal.name,
        text: literal.text,
        looks_up: false,
        writes: false,
    })
}
