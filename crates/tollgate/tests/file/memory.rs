//! What the portable binary has in place of musl's (portable/memory.c), compiled as it is there, against loops over
//! bytes.

use std::path::Path;
use std::process::Command;

use crate::harness::finish;

#[test]
fn memory_is_copied_and_compared_byte_for_byte() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("check");
    // The system's own functions are in a library, so those of the program are the ones that are called.
    for level in ["-O0", "-O2"] {
        let compiled = finish(
            Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()))
                .args([
                    level,
                    "-std=c11",
                    "-ffreestanding",
                    "-fno-tree-loop-distribute-patterns",
                ])
                .args(["-Wall", "-Wextra", "-Werror", "-o"])
                .arg(&program)
                .arg(package.join("portable/memory.c"))
                .arg(package.join("tests/portable/check.c")),
        );
        assert!(compiled.code == Some(0), "{}", compiled.stderr);
        let tried = finish(&mut Command::new(&program));
        assert!(tried.code == Some(0), "{level}: {}", tried.stdout);
        assert!(tried.stdout.ends_with(" tried\n"), "{}", tried.stdout);
    }
}
