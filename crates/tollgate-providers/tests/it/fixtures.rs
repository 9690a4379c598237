//! Our own fixtures: the deliveries and answers a provider is known by, one file each.

use std::path::PathBuf;

use crate::case::Cases;

/// The fixtures of one provider.
pub(crate) fn read(provider: &str) -> Cases {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let text = std::fs::read_to_string(folder.join(format!("{provider}.json")))
        .unwrap_or_else(|error| panic!("the fixtures of {provider}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{provider}: {error}"))
}

#[test]
fn every_provider_reads_its_fixtures() {
    for provider in tollgate_providers::PROVIDERS {
        let cases = read(provider.name);
        assert_eq!(cases.provider, provider.name);
        assert!(!cases.cases.is_empty(), "{}", provider.name);
        for case in &cases.cases {
            case.check(provider.name);
        }
    }
}
