//! What ends a start, and with which words.

use serde_json::{Value, json};
use tollgate_core::event::Confirm;
use tollgate_providers::{PROVIDERS, Source, provider, visit_secrets};

use crate::case::source;

/// The error as the program shows it behind `sources.NAME.`.
fn error(provider: &str, settings: Value) -> String {
    let Value::Object(settings) = settings else {
        panic!("settings are a table")
    };
    match Source::configure("shop", provider, &settings) {
        Err(error) => error.to_string(),
        Ok(source) => panic!("{provider} starts with {settings:?}: {source:?}"),
    }
}

#[test]
fn a_wrong_key_is_named_with_what_is_wanted() {
    let v2 = json!([{"username": "u", "password": "p"}]);
    for (provider, settings, begins) in [
        (
            "midtrens",
            json!({}),
            "provider: found \"midtrens\", wanted a known provider; did you mean \"midtrans\"?",
        ),
        (
            "midtrans",
            json!({}),
            "secrets: found nothing, wanted the server keys",
        ),
        (
            "midtrans",
            json!({"secrets": []}),
            "secrets: found nothing, wanted at least one secret",
        ),
        (
            "midtrans",
            json!({"secrets": [""]}),
            "secrets[0]: found an empty secret, wanted a secret",
        ),
        (
            "midtrans",
            json!({"secrets": [7]}),
            "secrets[0]: found a number, wanted a secret",
        ),
        (
            "midtrans",
            json!({"secret": ["k"]}),
            "secret: found an unknown key, wanted a known key; did you mean `secrets`?",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "zzz": 1}),
            "zzz: found an unknown key, wanted one of provider, paths",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "confirm": "maybe"}),
            "confirm: found \"maybe\", wanted \"before\" or \"after\" or \"never\"",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "live": "yes"}),
            "live: found a text, wanted true or false",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "paths": ["a"]}),
            "paths: found \"a\", wanted a path that begins with /",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "api_url": "ftp://x"}),
            "api_url: found \"ftp://x\", wanted an http or https URL",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "addresses": ["10.0.0.0/8"]}),
            "addresses: found \"10.0.0.0/8\", wanted an IP address",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "networks": ["10.0.0.1"]}),
            "networks: found \"10.0.0.1\", wanted a network",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "order_code_pattern": "(?<code>.+)$"}),
            "order_code_pattern: found",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "order_code_pattern": "^(?<code>.+)\\$"}),
            "order_code_pattern: found",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "order_code_pattern": "^(.+)$"}),
            "order_code_pattern: found \"^(.+)$\", wanted a pattern with a capture",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "order_code_pattern": "^(?<code>$"}),
            "order_code_pattern: found",
        ),
        (
            "midtrans",
            json!({"secrets": ["k"], "order_code_pattern": r"^(?<code>\p{L}+)$"}),
            r#"order_code_pattern: found "^(?<code>\\p{L}+)$", wanted a regular expression"#,
        ),
        (
            "phonepe",
            json!({"version": "v3"}),
            "version: found \"v3\", wanted \"v1\" or \"v2\"",
        ),
        (
            "phonepe",
            json!({"version": "v1", "salts": {"1": "s"}}),
            "merchant_id: found nothing",
        ),
        (
            "phonepe",
            json!({"version": "v1", "merchant_id": "M", "salts": {"x": "s"}}),
            "salts.x: found the index \"x\"",
        ),
        (
            "phonepe",
            json!({"version": "v1", "merchant_id": "M", "salts": {}}),
            "salts: found nothing",
        ),
        (
            "phonepe",
            json!({"version": "v2", "salts": {"1": "s"}, "credentials": v2}),
            "salts: found a key of v1",
        ),
        (
            "phonepe",
            json!({"version": "v2"}),
            "credentials: found nothing",
        ),
        (
            "phonepe",
            json!({"version": "v2", "credentials": [{"username": "u"}]}),
            "credentials[0].password: found nothing",
        ),
        (
            "phonepe",
            json!({"version": "v2", "credentials": [{"username": "u", "pasword": "p"}]}),
            "credentials[0].pasword: found an unknown key, wanted a known key; did you mean `password`?",
        ),
        (
            "phonepe",
            json!({"version": "v2", "credentials": v2, "client_id": "c"}),
            "client_secret: found nothing",
        ),
        (
            "phonepe",
            json!({"version": "v2", "credentials": v2, "confirm": "before"}),
            "confirm: found no credentials to ask",
        ),
        (
            "cardcom",
            json!({"api_name": "n", "terminal_number": 1}),
            "addresses: found nothing, wanted addresses or networks",
        ),
        (
            "cardcom",
            json!({"terminal_number": 1, "i_accept_unverified": true}),
            "confirm: found no credentials to ask",
        ),
        (
            "cardcom",
            json!({"terminal_number": 1, "api_name": "n", "i_accept_unverified": true, "confirm": "never"}),
            "confirm: found \"never\" or \"after\" for a provider that signs nothing, wanted \"before\"",
        ),
        (
            "cardcom",
            json!({"terminal_number": 1, "api_name": "n", "i_accept_unverified": true, "confirm": "after"}),
            "confirm: found \"never\" or \"after\"",
        ),
        (
            "cardcom",
            json!({"terminal_number": 1.5, "api_name": "n"}),
            "terminal_number: found a number, wanted a whole number",
        ),
        ("accurate", json!({}), "addresses: found nothing"),
        (
            "accurate",
            json!({"addresses": "1.2.3.4", "confirm": "before"}),
            "confirm: found no credentials to ask",
        ),
        (
            "accurate",
            json!({"addresses": "1.2.3.4", "api_token": "t"}),
            "signature_secret: found nothing",
        ),
        (
            "standard_webhooks",
            json!({}),
            "secrets: found nothing, wanted a secret, or one of public_keys",
        ),
        (
            "standard_webhooks",
            json!({"secrets": ["whsec_*"]}),
            "secrets[0]: found no base64",
        ),
        (
            "standard_webhooks",
            json!({"public_keys": ["whpk_AAAA"]}),
            "public_keys: found something else",
        ),
        (
            "standard_webhooks",
            json!({"secrets": ["AAAA"], "tolerance_seconds": 0}),
            "tolerance_seconds: found 0, wanted 1 to 86400",
        ),
        (
            "standard_webhooks",
            json!({"secrets": ["AAAA"], "confirm": "after"}),
            "confirm: found no credentials to ask",
        ),
        ("hmac", json!({"secrets": ["s"]}), "header: found nothing"),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "a b"}),
            "header: found \"a b\", wanted the name of a header",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "signed": "{timestamp}"}),
            "signed: found \"{timestamp}\", wanted {body} in it once",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "signed": "{timestamp}.{body}"}),
            "signed: found",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "timestamp_header": "t"}),
            "signed: found \"{body}\", wanted {timestamp} in it once",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "timestamp_header": "t", "signed": "{timestamp}{body}"}),
            "signed: found \"{timestamp}{body}\", wanted something between two values",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "algorithm": "md5"}),
            "algorithm: found \"md5\", wanted \"sha256\" or \"sha512\"",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "amount": "data.amount"}),
            "amount: found \"data.amount\", wanted a JSON pointer",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "currency": "EUX"}),
            "currency: found \"EUX\", wanted a JSON pointer or a currency",
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h", "status_map": {"PAID": "payed"}}),
            "status_map.PAID: found \"payed\", wanted one of created",
        ),
    ] {
        let found = error(provider, settings);
        assert!(found.starts_with(begins), "{found}\n  wanted {begins}");
    }
}

#[test]
fn defaults_follow_what_the_signature_covers() {
    let v1 = json!({"version": "v1", "merchant_id": "M", "salts": {"1": "s"}});
    let cardcom = json!({"terminal_number": 1, "api_name": "n", "networks": ["10.0.0.0/8"]});
    for (name, settings, confirm) in [
        ("midtrans", json!({"secrets": ["k"]}), Confirm::After),
        (
            "midtrans",
            json!({"secrets": ["k"], "confirm": "never"}),
            Confirm::Never,
        ),
        ("phonepe", v1, Confirm::Never),
        ("cardcom", cardcom, Confirm::Before),
        (
            "standard_webhooks",
            json!({"secrets": ["whsec_AAAA"]}),
            Confirm::Never,
        ),
        (
            "hmac",
            json!({"secrets": ["s"], "header": "h"}),
            Confirm::Never,
        ),
    ] {
        let source = source(name, settings);
        assert_eq!(source.policy().confirm, confirm, "{name}");
        assert!(
            source.warnings().is_empty(),
            "{name}: {:?}",
            source.warnings()
        );
        assert_eq!(source.paths(), ["/webhooks/shop"]);
    }
    let anybody = json!({"terminal_number": 1, "api_name": "n", "i_accept_unverified": true});
    assert_eq!(source("cardcom", anybody).warnings().len(), 1);
}

#[test]
fn every_secret_is_shown_to_the_one_who_resolves_it_and_to_no_one_else() {
    let mut settings = json!({
        "version": "v2", "client_secret": "env:A", "salts": {"1": "env:B", "2": 7},
        "credentials": [{"username": "env:U", "password": "env:C"}], "merchant_id": "env:M",
    });
    let Value::Object(map) = &mut settings else {
        unreachable!()
    };
    let mut seen = Vec::new();
    let phonepe = provider("phonepe").expect("it is there");
    let visited: Result<(), ()> = visit_secrets(phonepe, map, &mut |path, secret| {
        seen.push(format!("{path}={secret}"));
        *secret = "resolved".to_owned();
        Ok(())
    });
    assert_eq!(visited, Ok(()));
    seen.sort();
    assert_eq!(
        seen,
        [
            "client_secret=env:A",
            "credentials[0].password=env:C",
            "salts.1=env:B"
        ]
    );
    assert_eq!(settings["credentials"][0]["password"], "resolved");
    let hidden = source("midtrans", json!({"secrets": ["top-secret-key"]}));
    assert!(!format!("{hidden:?}").contains("top-secret"));
}

#[test]
fn the_table_is_complete() {
    let mut names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
    let listed = names.clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, listed, "providers stand in order, each once");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for provider in PROVIDERS {
        let page = std::fs::read_to_string(root.join(provider.docs))
            .unwrap_or_else(|error| panic!("{}: {error}", provider.docs));
        for field in provider.fields {
            assert!(
                page.contains(&format!("`{}`", field.name)),
                "{}: {}",
                provider.name,
                field.name
            );
        }
    }
}
