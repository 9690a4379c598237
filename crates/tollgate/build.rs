//! Compiles what the portable binary has in place of musl's (docs/adr/0024).

fn main() {
    println!("cargo:rerun-if-changed=portable");
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() != Ok("musl") {
        return;
    }
    cc::Build::new()
        .file("portable/memory.c")
        .opt_level(2)
        // A loop that copies must not become a call of what it is the body of.
        .flag("-ffreestanding")
        .flag_if_supported("-fno-tree-loop-distribute-patterns")
        // Whole, so that it is there before anything asks for it: musl's is left where it is.
        .cargo_metadata(false)
        .compile("tollgate_memory");
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=static:+whole-archive=tollgate_memory");
}
