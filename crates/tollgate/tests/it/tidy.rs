//! The arrows between the packages (ARCHITECTURE.md, Packages): what each may name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A package, what it depends on of ours, and what its sources never name.
pub(super) const PACKAGES: &[(&str, &[&str], &[&str])] = &[
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
        "tollgate-receipt",
        &["tollgate-core"],
        &[
            "tokio",
            "axum",
            "hyper",
            "tonic",
            "reqwest",
            "rusqlite",
            "std::fs",
            "std::net",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "getrandom",
            "rand::",
        ],
    ),
    (
        "tollgate-outbound",
        &["tollgate-core", "tollgate-providers"],
        &[
            "axum",
            "hyper",
            "tonic",
            "rusqlite",
            "tollgate_core::command",
            "tollgate_core::decide",
            "tollgate_core::effect",
            "tollgate_core::order",
            "tollgate_core::payment",
            "tollgate_core::snapshot",
            "SystemTime",
        ],
    ),
    (
        "tollgate-proto",
        &[],
        &[
            "tokio",
            "axum",
            "hyper",
            "reqwest",
            "rusqlite",
            "std::fs",
            "std::net",
            "std::thread",
            "SystemTime",
            "Instant::now",
        ],
    ),
    (
        "tollgate-dashboard",
        &["tollgate-core", "tollgate-receipt"],
        &[
            "tokio",
            "axum",
            "hyper",
            "tonic",
            "reqwest",
            "rusqlite",
            "std::fs",
            "std::net",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "getrandom",
            "rand::",
            "tollgate_core::command",
            "tollgate_core::decide",
            "tollgate_core::snapshot::Key",
        ],
    ),
    (
        "tollgate-server",
        &[
            "tollgate-core",
            "tollgate-dashboard",
            "tollgate-outbound",
            "tollgate-proto",
            "tollgate-providers",
            "tollgate-receipt",
            "tollgate-store",
        ],
        &[
            "rusqlite",
            "tokio_postgres",
            "sqlx",
            "clap",
            "anstream",
            "comfy_table",
            "indicatif",
            "std::io::stdin",
            "std::io::stdout",
            "std::process::exit",
        ],
    ),
    (
        "tollgate-traffic",
        &[
            "tollgate-core",
            "tollgate-outbound",
            "tollgate-proto",
            "tollgate-providers",
        ],
        &[
            "rusqlite",
            "tokio_postgres",
            "sqlx",
            "tollgate_core::command",
            "tollgate_core::decide",
            "tollgate_core::snapshot",
        ],
    ),
    (
        "tollgate",
        &[
            "tollgate-core",
            "tollgate-outbound",
            "tollgate-providers",
            "tollgate-server",
            "tollgate-store",
            "tollgate-traffic",
        ],
        &["rusqlite", "tokio_postgres", "sqlx", "axum", "hyper"],
    ),
];

/// What a file may name although its package must not. The world over the store copies what a process leaves.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    // Tests of pages wait for them.
    ("tollgate-dashboard/src/fixture.rs", &["tokio"]),
    ("tollgate-sim/src/store/mod.rs", &["tokio"]),
    ("tollgate-sim/src/store/life.rs", &["std::fs"]),
];

/// Core depends on nothing else from outside.
const CORE_DEPENDS_ON: &[&str] = &["thiserror"];

pub(super) fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("it is in crates/")
        .to_owned()
}

pub(super) fn dependencies(package: &str) -> BTreeSet<String> {
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

/// What is inside of the server's rooms, and what their sources never name. Use cases know no door: what
/// they take and give is core's. Effects and the worker know no use cases, which start them.
const SERVER_ROOMS: &[(&str, &[&str])] = &[
    (
        "app",
        &[
            "axum",
            "hyper",
            "http",
            "api",
            "grpc",
            "tonic",
            "crate::server",
            "worker",
            "problem",
            "Problem",
            "StatusCode",
            "HeaderMap",
            "Language",
            "ResponseContext",
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
    (
        "http",
        &["api", "crate::grpc", "crate::server", "worker", "effects"],
    ),
    (
        "api",
        &[
            "crate::grpc",
            "tonic",
            "crate::server",
            "worker",
            "crate::effects",
        ],
    ),
    ("grpc", &["crate::server", "worker", "effects"]),
    (
        "decisions",
        &[
            "app",
            "App",
            "api",
            "crate::grpc",
            "crate::http",
            "crate::server",
            "worker",
            "crate::effects",
        ],
    ),
    (
        "dashboard",
        &["crate::server", "worker", "effects", "api", "grpc"],
    ),
];

#[test]
fn rooms_of_the_server_name_nothing_of_those_outside() {
    let source = crates().join("tollgate-server").join("src");
    for (room, forbidden) in SERVER_ROOMS {
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

/// F17: no other package opens or closes a database file.
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
    has_word(&outside, name)
}

fn has_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
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

/// A room, and those it may name.
type Room = (&'static str, &'static [&'static str]);

/// The rooms of packages that have some, each with those below it; so none of them is a circle. The files
/// beside them are the package's face, and what all of its rooms may name.
const ROOMS: &[(&str, &[Room])] = &[
    (
        "tollgate-store",
        &[
            ("db", &[]),
            ("tables", &["db"]),
            ("schema", &["db", "tables"]),
            ("gate", &["db", "tables", "schema"]),
            ("read", &["db", "tables", "gate"]),
            ("maintenance", &["db", "tables", "schema", "gate"]),
            ("inspect", &["db", "tables", "schema"]),
        ],
    ),
    (
        "tollgate-outbound",
        &[("calls", &[]), ("mail", &["calls"]), ("remote", &["calls"])],
    ),
    (
        "tollgate-server",
        &[
            ("config", &[]),
            ("effects", &["config"]),
            ("worker", &["effects"]),
            ("decisions", &[]),
            ("app", &["config", "decisions", "effects"]),
            ("http", &["app"]),
            ("api", &["app", "config", "http"]),
            ("grpc", &["api", "app", "http"]),
            ("dashboard", &["app", "http"]),
            (
                "server",
                &[
                    "api",
                    "app",
                    "config",
                    "dashboard",
                    "grpc",
                    "http",
                    "worker",
                ],
            ),
        ],
    ),
    (
        "tollgate-dashboard",
        &[
            ("assets", &[]),
            ("words", &[]),
            ("parts", &["words"]),
            ("pages", &["parts", "words"]),
        ],
    ),
    (
        "tollgate-traffic",
        &[("load", &[]), ("stories", &["load"]), ("bench", &["load"])],
    ),
];

/// The folders among the sources of a package that hold some.
pub(super) fn rooms(source: &Path) -> BTreeSet<String> {
    std::fs::read_dir(source)
        .expect("it can be read")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into())
        .collect()
}

#[test]
fn rooms_name_only_those_below_them() {
    for (package, listed) in ROOMS {
        let source = crates().join(package).join("src");
        let expected = listed.iter().map(|(room, _)| (*room).to_owned()).collect();
        assert_eq!(rooms(&source), expected, "{package}");
        for (room, below) in *listed {
            let mut files = Vec::new();
            collect(&source.join(room), &mut files);
            assert!(!files.is_empty(), "{room} has files");
            let forbidden = listed
                .iter()
                .filter(|(other, _)| other != room && !below.contains(other));
            for (other, _) in forbidden {
                let path = format!("crate::{other}");
                for file in &files {
                    for (number, line) in code_of(file) {
                        assert!(
                            !names(&line, &path),
                            "{}:{number}: {room} must not name {other}",
                            file.display()
                        );
                    }
                }
            }
        }
    }
}

/// What of the snapshot a file looks at although it is not the table's own, and why.
const LOOKS_AT: &[(&str, &[&str])] = &[
    // Lays a parked event aside; gives receipts their numbers and roots their positions.
    ("gate/batch.rs", &["events", "roots"]),
    // Hands what was decided to whoever tells it, once it is committed.
    ("gate/observed.rs", &["events"]),
    // Wakes what waits behind an effect.
    ("gate/commit.rs", &["effects"]),
    // Looks when something is due next.
    ("gate/sweep.rs", &["calendars", "events", "names", "roots"]),
    // Adds up how notices have ended.
    ("tables/endpoint_figures", &["effects"]),
    // A root leads to names that are not known yet.
    ("tables/roots", &["names"]),
];

/// A new table of the snapshot is a file of its own and a line in `tables/mod.rs`, beside core's snapshot:
/// nothing else of the store says which there are.
#[test]
fn a_table_of_the_snapshot_is_one_file_and_one_line() {
    let source = crates().join("tollgate-store").join("src");
    let registered = registered_tables(&source);
    let mut files = Vec::new();
    collect(&source, &mut files);
    let mut unused: BTreeSet<(&str, &str)> = LOOKS_AT
        .iter()
        .flat_map(|(place, names)| names.iter().map(move |name| (*place, *name)))
        .collect();
    let mut homes: BTreeMap<String, BTreeSet<String>> = snapshot_fields()
        .into_iter()
        .map(|field| (field, BTreeSet::new()))
        .collect();
    for file in files {
        let place = place_in_store(&source, &file);
        let code: String = code_of(&file).into_iter().map(|(_, line)| line).collect();
        assert!(
            place.starts_with("tables/") || !has_word(&code, "Key::"),
            "{place} must not name keys of the snapshot"
        );
        let code: String = code.split_whitespace().collect();
        for (field, homes) in &mut homes {
            let is_expected = LOOKS_AT
                .iter()
                .any(|(excepted, names)| *excepted == place && names.contains(&field.as_str()));
            if has_word(&code, &format!("known.{field}")) {
                match is_expected {
                    true => unused.retain(|(at, name)| *at != place || *name != field),
                    false => _ = homes.insert(place.clone()),
                }
            }
        }
    }
    for (field, homes) in homes {
        let homes: Vec<String> = homes.into_iter().collect();
        let is_home = |module: &String| homes == [format!("tables/{module}")];
        assert!(registered.iter().any(is_home), "{field}: {homes:?}");
    }
    assert_eq!(unused, BTreeSet::new());
}

/// The file without its ending; of a table that is a folder, the folder.
fn place_in_store(source: &Path, file: &Path) -> String {
    let path = file.strip_prefix(source).expect("it is of the store");
    let parts: Vec<String> = path
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    match parts.as_slice() {
        [tables, name, ..] if tables == "tables" => {
            format!("tables/{}", name.trim_end_matches(".rs"))
        }
        _ => parts.join("/"),
    }
}

fn registered_tables(source: &Path) -> Vec<String> {
    let path = source.join("tables").join("mod.rs");
    let text = std::fs::read_to_string(path).expect("it can be read");
    let (_, list) = text
        .split_once("snapshot_tables! {\n")
        .expect("it has the list");
    let lines = list.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| !line.starts_with([' ', '}']))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn snapshot_fields() -> Vec<String> {
    let path = crates().join("tollgate-core/src/snapshot.rs");
    let lines: Vec<String> = code_of(&path).into_iter().map(|(_, line)| line).collect();
    let fields: Vec<String> = lines
        .iter()
        .skip_while(|line| !line.starts_with("pub struct Snapshot {"))
        .skip(1)
        .take_while(|line| !line.starts_with('}'))
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next())
        .map(str::to_owned)
        .collect();
    assert!(10 < fields.len(), "{fields:?}");
    fields
}
