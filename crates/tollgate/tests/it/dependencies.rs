//! What we depend on: licences, sources and crates that deny.toml allows. `cargo deny` reads the same file and looks
//! at more; this holds where it is not installed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The packages of the lock file that are built for the platforms of deny.toml.
fn packages(rules: &toml::Table) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--format-version", "1", "--locked"]);
    for target in words(rules, "graph", "targets") {
        command.args(["--filter-platform", &target]);
    }
    let output = command.current_dir(root()).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let packages = metadata["packages"].as_array().expect("there are some");
    packages.clone()
}

fn rules() -> toml::Table {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("it can be read");
    text.parse().expect("it is TOML")
}

/// The texts of a list of deny.toml.
fn words(rules: &toml::Table, section: &str, list: &str) -> BTreeSet<String> {
    let list = rules[section][list].as_array().expect("it is a list");
    let word = |value: &toml::Value| value.as_str().expect("it is a text").to_owned();
    list.iter().map(word).collect()
}

/// The requirement as deny.toml writes it: a licence, or one with its exception.
fn is_allowed(requirement: &LicenseReq, allowed: &BTreeSet<String>) -> bool {
    allowed.contains(&requirement.to_string())
}

/// Why a package must not be shipped.
fn refusal(package: &Value, allowed: &BTreeSet<String>) -> Option<String> {
    let name = package["name"].as_str().expect("it has a name");
    let Some(license) = package["license"].as_str() else {
        return Some(format!("{name}: names no licence"));
    };
    let Ok(expression) = Expression::parse_mode(license, ParseMode::LAX) else {
        return Some(format!("{name}: {license:?} is no SPDX expression"));
    };
    match expression.evaluate(|requirement| is_allowed(requirement, allowed)) {
        true => None,
        false => Some(format!("{name}: {license} is not allowed by deny.toml")),
    }
}

#[test]
fn every_licence_is_one_we_can_ship() {
    let rules = rules();
    let allowed = words(&rules, "licenses", "allow");
    let refused: Vec<String> = packages(&rules)
        .iter()
        .filter_map(|package| refusal(package, &allowed))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn a_licence_counts_as_its_expression_says() {
    let allowed: BTreeSet<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]
        .map(str::to_owned)
        .into();
    for (license, is_good) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND ISC", true),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("ours alone", false),
    ] {
        let package = serde_json::json!({ "name": "some", "license": license });
        assert_eq!(refusal(&package, &allowed).is_none(), is_good, "{license}");
    }
    let silent = serde_json::json!({ "name": "some", "license": null });
    assert!(refusal(&silent, &allowed).is_some());
}

#[test]
fn every_dependency_comes_from_the_registry_and_none_is_banned() {
    let rules = rules();
    let banned: BTreeSet<&str> = rules["bans"]["deny"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|ban| ban["crate"].as_str().expect("it names a crate"))
        .collect();
    for package in packages(&rules) {
        let name = package["name"].as_str().expect("it has a name");
        assert!(!banned.contains(name), "deny.toml bans {name}");
        if let Some(source) = package["source"].as_str() {
            // The index of crates.io; where its files are fetched from is the machine's matter.
            let registry = "registry+https://github.com/rust-lang/crates.io-index";
            assert_eq!(source, registry, "{name}");
        }
    }
}
