//! What a change touches (ARCHITECTURE.md): the places that an example of each kind of change is named in.
//! A list that grows somewhere else makes one of these longer.

use std::collections::BTreeSet;
use std::path::Path;

use super::tidy::crates;

/// The sources of the engine: the world that checks has a reading of its own, and whoever tries is a client.
const PACKAGES: &[&str] = &[
    "core",
    "store",
    "providers",
    "receipt",
    "outbound",
    "server",
];

/// The sources that name one of these words, tests at their ends and files of tests left out.
fn naming(words: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for package in PACKAGES {
        let source = crates().join(format!("tollgate-{package}")).join("src");
        walk(&source, &mut |path, text| {
            // What is checked is read apart, as the world reads it.
            if path.starts_with(source.join("inspect/verify")) {
                return;
            }
            let code = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                let inside = path.strip_prefix(&source).expect("it is in there");
                found.insert(format!("{package}/{}", inside.display()));
            }
        });
    }
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let is_tests = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_tests {
            walk(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_tests {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            visit(&path, &text);
        }
    }
}

#[track_caller]
fn assert_places(words: &[&str], expected: &[&str]) {
    let found = naming(words);
    let expected: BTreeSet<String> = expected.iter().map(|place| (*place).to_owned()).collect();
    assert_eq!(found, expected);
}

/// A command of the API: the command, its dispatch, its decision, the use case, the noun's request and handler; and
/// its line at the door of gRPC.
#[test]
fn a_command_touches_these() {
    assert_places(
        &["AdjustStock", "adjust_stock", "AdjustBody", "fn adjust("],
        &[
            "core/command.rs",
            "core/decide/mod.rs",
            "core/decide/stock.rs",
            "server/app/capacity.rs",
            "server/api/capacity/handlers.rs",
            "server/api/capacity/request.rs",
            "server/grpc/capacity.rs",
        ],
    );
}

/// A kind of effect: what it is, who orders it, what its row holds, how it is shown, and who does it
/// (`effects/forward.rs`, by `effects/mod.rs`).
/// Where it is left out of a `match` nothing compiles; who orders it is a decision like any other.
#[test]
fn a_kind_of_effect_touches_these() {
    assert_places(
        &[
            "EffectContent::Forward",
            "EffectKind::Forward",
            "forward::act",
        ],
        &[
            "core/effect.rs",
            "core/decide/event.rs",
            "store/tables/effects/content.rs",
            "server/effects/mod.rs",
            "server/api/effects/response.rs",
        ],
    );
}

/// A field of an order: the order and what it is made of, the document, the noun's request and response. This
/// one is money, so receipts, mails and tables print it, too.
#[test]
fn a_field_of_an_order_touches_these() {
    assert_places(
        &["discount_minor"],
        &[
            "core/order.rs",
            "server/api/exports/rows.rs",
            "server/api/orders/request.rs",
            "server/api/orders/response.rs",
            "server/effects/mail.rs",
            "server/effects/receipt.rs",
            "store/tables/roots/order.rs",
        ],
    );
}
