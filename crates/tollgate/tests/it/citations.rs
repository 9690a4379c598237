//! What is cited is here: documents, their headings, and the codes by which comments name rules
//! (ARCHITECTURE.md, Where else to look). What a document lists is what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Families of codes, and the document that defines them.
const FAMILIES: &[(char, &str)] = &[
    ('A', "docs/scenarios.md"),
    ('B', "docs/scenarios.md"),
    ('C', "docs/scenarios.md"),
    ('D', "docs/scenarios.md"),
    ('E', "docs/scenarios.md"),
    ('F', "docs/scenarios.md"),
    ('I', "ARCHITECTURE.md"),
    ('K', "docs/idempotency.md"),
    ('L', "docs/money.md"),
];

/// Folders of documents that are none of ours.
const OUTSIDE: &[&str] = &["spec", "shared", "design"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A line of a text that is kept here.
struct Line {
    /// Its file, from the root, and its number.
    file: String,
    number: usize,
    text: String,
}

impl Line {
    fn place(&self) -> String {
        format!("{}:{}", self.file, self.number)
    }

    /// The names of files and folders in it.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "_./#-".contains(c);
        self.text
            .split(move |letter| !is_path(letter))
            .map(|path| path.trim_end_matches(['.', '-']))
    }

    /// The codes in it: a letter and one or two digits that stand alone.
    fn codes(&self) -> impl Iterator<Item = (char, &str)> {
        let words = self
            .text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter_map(|word| {
            let mut letters = word.chars();
            let family = letters.next()?;
            let digits = letters.as_str();
            let is_number =
                (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            let is_ours = FAMILIES.iter().any(|(known, _)| *known == family);
            (is_number && is_ours).then_some((family, word))
        })
    }
}

/// The lines of every file here whose name ends so.
fn lines(ending: &str) -> Vec<Line> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    let mut lines = Vec::new();
    for path in files {
        let path_text = path.to_string_lossy().into_owned();
        if !path_text.ends_with(ending) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let file = path.strip_prefix(root()).expect("it is below the root");
        let file = file.to_string_lossy().into_owned();
        lines.extend(text.lines().enumerate().map(|(at, text)| Line {
            file: file.clone(),
            number: at + 1,
            text: text.to_owned(),
        }));
    }
    assert!(!lines.is_empty(), "there are files that end with {ending}");
    lines
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default();
        if name.starts_with('.') || name.starts_with("target") {
            continue;
        }
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

/// The comments of sources, without what stands in texts: a line that is one, or what stands behind
/// two strokes and a space.
fn comments() -> Vec<Line> {
    let mut comments = lines(".rs");
    for line in &mut comments {
        let trimmed = line.text.trim_start();
        line.text = match trimmed.starts_with("//") {
            true => trimmed.to_owned(),
            false => match line.text.split_once(" // ") {
                Some((_, comment)) => comment.to_owned(),
                None => String::new(),
            },
        };
    }
    let mut sql = lines(".sql");
    sql.retain(|line| line.text.trim_start().starts_with("--"));
    comments.append(&mut sql);
    comments
}

/// The headings of a document, as links name them.
fn anchors(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).expect("it can be read");
    let mut is_code = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if is_code || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let kept = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        anchors.insert(kept);
    }
    anchors
}

/// What is wrong with a path, with or without an anchor, that is looked for from a folder.
fn missing(folder: &Path, cited: &str) -> Option<String> {
    let (path, anchor) = match cited.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (cited, None),
    };
    let file = folder.join(path);
    if !file.exists() {
        return Some(format!("there is no {path}"));
    }
    let anchor = anchor.filter(|_| path.ends_with(".md"))?;
    (!anchors(&file).contains(anchor)).then(|| format!("{path} has no heading #{anchor}"))
}

fn report(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_document_that_is_mentioned_is_here() {
    let mut texts = lines(".rs");
    for ending in [
        ".md",
        ".toml",
        "scripts/test",
        "scripts/storm",
        "scripts/flaws",
    ] {
        texts.append(&mut lines(ending));
    }
    let mut found = Vec::new();
    for line in texts {
        // A file of another repository is named with it.
        if line.text.contains("github.com/") || line.text.contains("://") {
            continue;
        }
        for path in line.paths() {
            let Some(at) = path.find("docs/") else {
                continue;
            };
            let cited = &path[at..];
            let wrong = match cited.strip_prefix("docs/adr/") {
                Some(number) if number.len() == 4 => (!has_decision(number))
                    .then(|| format!("there is no decision {number} in docs/adr")),
                Some(_) | None if cited.contains(".md") => missing(&root(), cited),
                Some(_) | None => None,
            };
            found.extend(wrong.map(|wrong| format!("{}: {wrong}", line.place())));
        }
    }
    report(&found);
}

fn has_decision(number: &str) -> bool {
    let pages = std::fs::read_dir(root().join("docs/adr")).expect("it can be read");
    pages.flatten().any(|page| {
        let name = page.file_name();
        name.to_string_lossy().starts_with(number)
    })
}

#[test]
fn a_comment_names_a_document_by_its_path() {
    let mut found = Vec::new();
    for line in comments() {
        if line.text.contains("github.com/") {
            continue;
        }
        for path in line.paths() {
            let (name, _) = path.split_once('#').unwrap_or((path, ""));
            if name.ends_with(".md") && !root().join(name).exists() {
                found.push(format!("{}: {name} is no path here", line.place()));
            }
        }
    }
    report(&found);
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = Vec::new();
    let mut links = 0;
    for line in lines(".md") {
        let file = root().join(&line.file);
        let folder = file.parent().expect("it is in a folder");
        for rest in line.text.split("](").skip(1) {
            let Some((target, _)) = rest.split_once(')') else {
                continue;
            };
            let is_outside = target.contains("://") || target.starts_with("mailto:");
            if is_outside {
                continue;
            }
            links += 1;
            let wrong = match target.strip_prefix('#') {
                Some(anchor) => (!anchors(&file).contains(anchor))
                    .then(|| format!("there is no heading #{anchor}")),
                None => missing(folder, target),
            };
            found.extend(wrong.map(|wrong| format!("{}: {wrong}", line.place())));
        }
    }
    assert!(100 < links, "{links} links were looked at");
    report(&found);
}

/// The codes that a document defines: what begins a line, a row or a list's item.
fn defined(document: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join(document)).expect("it can be read");
    let mut defined = BTreeSet::new();
    for line in text.lines() {
        let start = line.trim_start_matches([' ', '-', '|', '*', '#']);
        let line = Line {
            file: document.to_owned(),
            number: 0,
            text: start.to_owned(),
        };
        let first = line.codes().next();
        defined.extend(
            first
                .filter(|(_, code)| start.starts_with(code))
                .map(|(_, code)| code.to_owned()),
        );
    }
    defined
}

#[test]
fn every_code_that_a_comment_cites_is_defined() {
    let documents: BTreeSet<&str> = FAMILIES.iter().map(|(_, document)| *document).collect();
    let defined: BTreeMap<&str, BTreeSet<String>> = documents
        .into_iter()
        .map(|document| (document, defined(document)))
        .collect();
    let mut found = Vec::new();
    for line in comments() {
        for (family, code) in line.codes() {
            let document = FAMILIES
                .iter()
                .find(|(known, _)| *known == family)
                .map(|(_, document)| *document);
            let Some(document) = document else { continue };
            if !defined[document].contains(code) {
                found.push(format!("{}: {document} has no {code}", line.place()));
            }
        }
    }
    report(&found);
}

#[test]
fn every_scenario_is_played_by_a_test() {
    let mut played = BTreeSet::new();
    for line in comments() {
        if line.file.contains("/tests/") {
            played.extend(line.codes().map(|(_, code)| code.to_owned()));
        }
    }
    let scenarios = defined("docs/scenarios.md");
    assert!(60 < scenarios.len(), "{scenarios:?}");
    let left: Vec<&String> = scenarios.difference(&played).collect();
    assert!(left.is_empty(), "no test cites {left:?}");
}

#[test]
fn nothing_cites_a_document_that_lies_outside() {
    let mut texts = comments();
    texts.append(&mut lines(".md"));
    let mut found = Vec::new();
    for line in texts {
        if line.text.contains("github.com/") {
            continue;
        }
        for path in line.paths() {
            let parts: Vec<&str> = path.split('/').collect();
            let folders = &parts[..parts.len() - 1];
            if let Some(folder) = OUTSIDE.iter().find(|folder| folders.contains(folder)) {
                found.push(format!("{}: {folder} is none of ours", line.place()));
            }
        }
    }
    report(&found);
}

/// The part of a source between two texts, for each place where the first stands.
fn between<'t>(text: &'t str, from: &'t str, to: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(from)
        .skip(1)
        .filter_map(move |rest| Some(rest.split_once(to)?.0))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_error_code_has_its_heading() {
    let source = read("crates/tollgate-server/src/http/problem/codes.rs");
    let table = between(&source, "\ncodes! {\n", "\n}\n").next();
    let codes: BTreeSet<String> = table
        .expect("there is a table")
        .lines()
        .filter_map(|line| Some(line.split_once(" = \"")?.1.split_once('"')?.0.to_owned()))
        .collect();
    assert!(50 < codes.len(), "{codes:?}");
    let mut headings = anchors(&root().join("docs/errors.md"));
    let others = [
        "error-codes",
        "at-a-glance",
        "what-is-kept",
        "causes",
        "the-codes",
    ];
    headings.retain(|heading| !others.contains(&&**heading));
    assert_eq!(headings, codes);
    let page = read("docs/errors.md");
    let glance = between(&page, "\n## At a glance\n", "\n## ").next();
    let glance = glance.expect("there is a table");
    let linked = between(glance, "](#", ")").map(str::to_owned).collect();
    assert_eq!(codes, linked, "at a glance");
}

/// What is written for people names every operation of the API's description, by method and path.
#[test]
fn every_path_of_the_api_is_documented() {
    let description = read("docs/openapi.json");
    let description: serde_json::Value = serde_json::from_str(&description).expect("it is JSON");
    let document = read("docs/api.md");
    let paths = description["paths"].as_object().expect("it has paths");
    let operations = paths.iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().expect("it has operations").keys();
        methods.map(move |method| format!("`{} {path}", method.to_uppercase()))
    });
    let operations: Vec<String> = operations.collect();
    assert!(60 < operations.len(), "{operations:?}");
    let undocumented: Vec<&String> = operations
        .iter()
        .filter(|call| {
            let ends = ["`", "?"];
            !ends
                .iter()
                .any(|end| document.contains(&format!("{call}{end}")))
        })
        .collect();
    assert!(undocumented.is_empty(), "{undocumented:?}");
}

#[test]
fn every_key_of_the_configuration_is_documented() {
    let defaults = read("crates/tollgate-server/src/config.default.toml");
    let document = read("docs/configuration.md");
    let section = |name: &str| {
        let heading = format!("\n## {name}\n");
        let text = document.split_once(&heading)?.1;
        Some(text.split("\n## ").next().unwrap_or_default().to_owned())
    };
    let mut text = section("Top level").expect("it has its section");
    let mut keys = 0;
    for line in defaults.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            text = section(name).unwrap_or_else(|| panic!("no section {name}"));
        } else if let Some((key, default)) = line.split_once(" = ")
            && !line.starts_with('#')
        {
            keys += 1;
            let row = text
                .lines()
                .find(|row| row.starts_with(&format!("| `{key}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for {key}"));
            let shown = row.split(" | ").nth(1).unwrap_or_default();
            let shown = match shown.starts_with('`') {
                true => shown.trim_matches('`').to_owned(),
                // People read digits in threes.
                false => shown.replace(' ', ""),
            };
            assert_eq!(shown, default, "{key}");
        }
    }
    assert!(70 < keys, "{keys} keys were looked at");
}
