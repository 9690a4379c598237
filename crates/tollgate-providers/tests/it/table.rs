//! What adding a provider touches: its file or folder, its line in the table, its fixtures and its page.

use std::path::{Path, PathBuf};

use tollgate_providers::PROVIDERS;

/// Files and folders that play certain providers on purpose, whatever package has them: the demo, its
/// stories and the benchmark's load.
const PLAY_PROVIDERS: &[&str] = &["demo", "stories", "bench"];

/// The table itself. Merchants are sent webhooks that are signed by one of the schemes.
const TABLE: &str = "tollgate-providers/src/lib.rs";

fn crates() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("it is in crates/").to_owned()
}

#[test]
fn a_provider_is_a_file_or_folder_with_fixtures_and_a_page() {
    let package = crates().join("tollgate-providers");
    for provider in PROVIDERS {
        let name = provider.name;
        let file = package.join(format!("src/{name}.rs"));
        let folder = package.join(format!("src/{name}/mod.rs"));
        assert!(file.exists() != folder.exists(), "{name} has one of both");
        assert!(
            package.join(format!("fixtures/{name}.json")).exists(),
            "{name}"
        );
        assert_eq!(provider.docs, format!("docs/providers/{name}.md"));
        assert!(crates().join("..").join(provider.docs).exists(), "{name}");
    }
}

#[test]
fn no_source_names_a_provider_but_its_own_and_the_table() {
    let mut files = Vec::new();
    for package in std::fs::read_dir(crates()).expect("it can be read") {
        let source = package.expect("it can be read").path().join("src");
        if source.is_dir() {
            collect(&source, &mut files);
        }
    }
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !may_name_providers(file)) {
        for (number, line) in code_of(file) {
            if is_example(file, &line) {
                continue;
            }
            let named = PROVIDERS
                .iter()
                .find(|one| !is_own(file, one.name) && names(&line, one.name));
            if let Some(provider) = named {
                found.push(format!(
                    "{}:{number} names {}",
                    file.display(),
                    provider.name
                ));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

fn may_name_providers(file: &Path) -> bool {
    let inside = file.strip_prefix(crates()).unwrap_or(file);
    let mut parts = inside
        .components()
        .map(|part| Path::new(part.as_os_str()).file_stem());
    file.ends_with(TABLE)
        || parts.any(|part| PLAY_PROVIDERS.iter().any(|one| part == Some(one.as_ref())))
}

/// Doors show examples in the API's description, of a source that readers know, and so does an empty shop's first step.
/// Nothing is decided there: a line that compares is none.
fn is_example(file: &Path, line: &str) -> bool {
    const COMPARES: [&str; 6] = ["==", "!=", "=>", "matches!", "starts_with", "contains"];
    let is_of_examples = file.starts_with(crates().join("tollgate-server/src/api"))
        || file.ends_with("tollgate-dashboard/src/pages/first_steps.rs");
    is_of_examples && !COMPARES.iter().any(|compares| line.contains(compares))
}

/// The provider's file, or one of its folder.
fn is_own(file: &Path, provider: &str) -> bool {
    let source = crates().join("tollgate-providers/src");
    file == source.join(format!("{provider}.rs")) || file.starts_with(source.join(provider))
}

/// The lines of a file with their numbers, without comments and without its tests.
fn code_of(file: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(file).expect("it can be read");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let lines = code.lines().enumerate();
    lines
        .map(|(at, line)| (at + 1, without_comment(line)))
        .collect()
}

/// The name stands in the line as a word of its own. A crate may have it too: a path counts only where it
/// begins at ours.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        let word =
            |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || "_-".contains(c));
        let is_word = !word(before.chars().next_back()) && !word(after.chars().next());
        is_word
            && (!after.starts_with("::")
                || before.ends_with("crate::")
                || before.ends_with("super::"))
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        match path.is_dir() {
            _ if is_test => {}
            true => collect(&path, files),
            false if path.extension().is_some_and(|extension| extension == "rs") => {
                files.push(path)
            }
            false => {}
        }
    }
}
