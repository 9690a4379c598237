//! Takes the fonts for Devanagari and Arabic out of the one crate that carries them, for the receipts.
//!
//! The crate is asked for its bytes while we are built, so that they come the way every dependency
//! comes (from the registry, a mirror or a vendored folder, under the lock file's checksum), and
//! nothing of its code is in the program. The bytes are checked once more: receipts must look tomorrow as
//! they look today.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// A family's name there, the file it becomes here, and its SHA-256.
const FONTS: [(&str, &str, &str); 2] = [
    (
        "Noto Sans Devanagari",
        "devanagari.ttf",
        "9ce7b04f60e363d8870e5997744cf85cf69d38a4d7d129d364d92a3b14b461d7",
    ),
    (
        "Noto Sans Arabic",
        "arabic.ttf",
        "63111b5b2e074dd48cc67692e0a2726d86ee94c1c37fe8598257b7b4e87e869e",
    ),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names the folder"));
    let carried = oxml_layout::bundled_fonts::bundled_font_data();
    for (family, file, expected) in FONTS {
        let bytes = carried
            .iter()
            .find(|(name, _)| *name == family)
            .map(|(_, bytes)| *bytes)
            .unwrap_or_else(|| {
                panic!("oxml-layout carries no {family}; pin the version that does")
            });
        let found = hex(&Sha256::digest(bytes));
        assert!(
            found == expected,
            "{family} of oxml-layout has the SHA-256 {found} instead of {expected}; pin the version \
             that has it"
        );
        let path = folder.join(file);
        std::fs::write(&path, bytes)
            .unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
