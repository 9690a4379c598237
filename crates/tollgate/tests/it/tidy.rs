//! The arrows between the packages (ARCHITECTURE.md, Packages): what each may name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A package, what it depends on of ours, and what its sources never name.
const PACKAGES: &[(&str, &[&str], &[&str])] = &[
    (
        "tollgate-core",
        &[],
        &[
            "tokio",
            "axum",
            "hyper",
            "tonic",
            "reqwest",
            "rusqlite",
            "serde",
            "std::fs",
            "std::net",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "getrandom",
            "rand::",
        ],
    ),
    (
        "tollgate-sim",
        &["tollgate-core", "tollgate-store"],
        &[
            "tokio",
            "axum",
            "hyper",
            "tonic",
            "reqwest",
            "rusqlite",
            "std::fs",
            "std::net",
            "getrandom",
            "rand::",
        ],
    ),
    (
        "tollgate-providers",
        &["tollgate-core"],
        &[
            "tokio",
            "axum",
            "hyper",
            "tonic",
            "reqwest",
            "rusqlite",
            "std::fs",
            "TcpStream",
            "UdpSocket",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "getrandom",
            "rand::",
        ],
    ),
    (
        "tollgate-store",
        &["tollgate-core"],
        &[
            "axum",
            "hyper",
            "tonic",
            "reqwest",
            "tokio::spawn",
            "tokio::task",
            "std::net::Tcp",
        ],
    ),
    (
        "tollgate",
        &["tollgate-core", "tollgate-providers", "tollgate-store"],
        &["rusqlite", "tokio_postgres", "sqlx"],
    ),
];

/// What a file may name although its package must not: the world over the store copies what a process leaves.
const EXCEPTIONS: &[(&str, &[&str])] = &[("tollgate-sim/src/store.rs", &["tokio", "std::fs"])];

/// Core depends on nothing else from outside.
const CORE_DEPENDS_ON: &[&str] = &["thiserror"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("it is in crates/")
        .to_owned()
}

fn dependencies(package: &str) -> BTreeSet<String> {
    let path = crates().join(package).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("every package has a manifest");
    let manifest: toml::Table = text.parse().expect("it is TOML");
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn packages_depend_on_each_other_as_drawn() {
    for (package, expected, _) in PACKAGES {
        let ours: BTreeSet<String> = dependencies(package)
            .into_iter()
            .filter(|name| name.starts_with("tollgate"))
            .collect();
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(ours, expected, "{package}");
    }
    let core = dependencies("tollgate-core");
    assert_eq!(
        core,
        CORE_DEPENDS_ON
            .iter()
            .map(|name| (*name).to_owned())
            .collect()
    );
}

#[test]
fn there_are_these_packages_and_no_others() {
    let found: BTreeSet<String> = std::fs::read_dir(crates())
        .expect("it can be read")
        .filter_map(|entry| {
            entry
                .expect("it can be read")
                .file_name()
                .into_string()
                .ok()
        })
        .filter(|name| crates().join(name).join("Cargo.toml").exists())
        .collect();
    let expected = PACKAGES
        .iter()
        .map(|(package, _, _)| (*package).to_owned())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn only_the_store_depends_on_a_database_driver() {
    for (package, _, _) in PACKAGES {
        let drivers: Vec<String> = dependencies(package)
            .into_iter()
            .filter(|name| {
                [
                    "rusqlite",
                    "libsqlite3-sys",
                    "tokio-postgres",
                    "postgres",
                    "sqlx",
                ]
                .contains(&name.as_str())
            })
            .collect();
        assert!(
            *package == "tollgate-store" || drivers.is_empty(),
            "{package}: {drivers:?}"
        );
    }
}

#[test]
fn sources_name_nothing_their_package_must_not_know() {
    for (package, _, forbidden) in PACKAGES {
        let mut files = Vec::new();
        collect(&crates().join(package).join("src"), &mut files);
        assert!(!files.is_empty(), "{package} has sources");
        for file in files {
            for (number, line) in code_of(&file) {
                for name in *forbidden {
                    assert!(
                        !names(&line, name) || is_excepted(&file, name),
                        "{}:{number}: {package} must not name {name}",
                        file.display(),
                    );
                }
            }
        }
    }
}

fn is_excepted(file: &Path, name: &str) -> bool {
    let mut exceptions = EXCEPTIONS.iter();
    exceptions.any(|(excepted, names)| file.ends_with(excepted) && names.contains(&name))
}

/// A plain build of the world has no database in it.
#[test]
fn the_world_depends_on_the_store_by_a_feature_alone() {
    let path = crates().join("tollgate-sim").join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("every package has a manifest");
    let manifest: toml::Table = text.parse().expect("it is TOML");
    for name in ["tollgate-store", "tokio", "tempfile"] {
        let is_optional = manifest["dependencies"][name].get("optional");
        assert_eq!(is_optional, Some(&toml::Value::Boolean(true)), "{name}");
    }
    assert!(manifest["features"].get("default").is_none());
}

/// What is inside of the program's rooms, and what their sources never name. Use cases know no door: what
/// they take and give is core's. Effects and the worker know no use cases, which start them.
const PROGRAM_ROOMS: &[(&str, &[&str])] = &[
    (
        "app",
        &[
            "axum",
            "hyper",
            "http",
            "api",
            "crate::server",
            "worker",
            "problem",
            "Problem",
            "StatusCode",
            "HeaderMap",
            "Language",
            "Telling",
            "serde",
            "serde_json",
        ],
    ),
    (
        "effects",
        &[
            "app",
            "App",
            "api",
            "crate::http",
            "crate::server",
            "worker",
        ],
    ),
    (
        "worker",
        &["app", "App", "api", "http", "crate::server", "Problem"],
    ),
    ("http", &["api", "crate::server", "worker", "effects"]),
    ("api", &["crate::server", "worker", "crate::effects"]),
];

#[test]
fn rooms_of_the_program_name_nothing_of_those_outside() {
    let source = crates().join("tollgate").join("src");
    for (room, forbidden) in PROGRAM_ROOMS {
        let mut files = Vec::new();
        collect(&source.join(room), &mut files);
        assert!(!files.is_empty(), "{room} has sources");
        for file in files {
            for (number, line) in code_of(&file) {
                for name in *forbidden {
                    assert!(
                        !names(&line, name),
                        "{}:{number}: {room} must not name {name}",
                        file.display(),
                    );
                }
            }
        }
    }
}

/// The lines of a file with their numbers, without comments. Tests at its end may do what they like.
fn code_of(file: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(file).expect("it can be read");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().enumerate();
    let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    lines
        .map(|(at, line)| (at + 1, without_comment(line)))
        .collect()
}

/// F17: nobody else opens or closes a database file.
#[test]
fn only_one_folder_of_the_store_names_drivers() {
    let mut files = Vec::new();
    collect(&crates().join("tollgate-store").join("src"), &mut files);
    let naming: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| {
            let drivers = ["rusqlite", "tokio_postgres"];
            let mut lines = code_of(file).into_iter();
            lines.any(|(_, line)| drivers.iter().any(|driver| names(&line, driver)))
        })
        .filter(|file| !file.components().any(|part| part.as_os_str() == "db"))
        .collect();
    assert_eq!(naming, Vec::<PathBuf>::new());
}

/// The name stands in the line as a word of its own, outside of texts.
fn names(line: &str, name: &str) -> bool {
    let outside: String = line.split('"').step_by(2).collect::<Vec<_>>().join("\"");
    outside.match_indices(name).any(|(at, _)| {
        let before = outside[..at].chars().next_back();
        let after = outside[at + name.len()..].chars().next();
        let word = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word(before) && (name.ends_with(':') || !word(after))
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The rooms of the store, each with those it may name; so none of them is a circle. The files beside them
/// (`store.rs`, `options.rs` and so on) are its face.
const ROOMS: &[(&str, &[&str])] = &[
    ("db", &[]),
    ("tables", &["db"]),
    ("schema", &["db", "tables"]),
    ("gate", &["db", "tables", "schema"]),
    ("read", &["db", "tables", "gate"]),
    ("maintenance", &["db", "tables", "schema", "gate"]),
    ("inspect", &["db", "tables", "schema"]),
];

#[test]
fn the_rooms_of_the_store_name_only_those_below_them() {
    let source = crates().join("tollgate-store").join("src");
    let rooms: BTreeSet<String> = std::fs::read_dir(&source)
        .expect("it can be read")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into())
        .collect();
    let listed = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(rooms, listed);
    for (room, below) in ROOMS {
        let mut files = Vec::new();
        collect(&source.join(room), &mut files);
        assert!(!files.is_empty(), "{room} has files");
        let forbidden = ROOMS
            .iter()
            .filter(|(other, _)| other != room && !below.contains(other));
        for (other, _) in forbidden {
            for file in &files {
                let text = std::fs::read_to_string(file).expect("it can be read");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let names = code.contains(&format!("crate::{other}::"));
                assert!(!names, "{}: {room} must not name {other}", file.display());
            }
        }
    }
}
