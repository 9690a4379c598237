//! What earlier versions have frozen is read, and rendered to the bytes of then.
//!
//! `fixtures/earlier` has documents as the first version wrote them, and the SHA-256 of what it made of each.
//! A library that prints otherwise changes these bytes too: then they are made again by a version before
//! this one with that library, and compared by eye.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tollgate_receipt::{Fonts, ReceiptDocument, render};

const DOCUMENTS: [&str; 5] = [
    "part-sale-id",
    "sale-with-tax-on-top-en",
    "refund-he",
    "reversal-hi",
    "sale-of-forty-lines-ru",
];

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/earlier");
    let text = std::fs::read_to_string(path.join(name)).expect("it is there");
    text.trim_end().to_owned()
}

#[test]
fn what_earlier_versions_have_frozen_is_rendered_to_the_bytes_of_then() {
    let mut sums = Vec::new();
    for name in DOCUMENTS {
        let text = read(&format!("{name}.json"));
        let document: ReceiptDocument = serde_json::from_str(&text).expect("it is a receipt");
        let again = serde_json::to_string(&document).expect("it can be written");
        assert_eq!(again, text, "{name}");
        let rendered = render(&document, &Fonts::built_in(), None).expect("it can be rendered");
        let sum: String = Sha256::digest(&rendered.pdf)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        sums.push((sum, name));
    }
    let then = DOCUMENTS.map(|name| (read(&format!("{name}.sha256")), name));
    assert_eq!(sums, then);
}
