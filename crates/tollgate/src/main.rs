//! Tollgate, the program: what an operator types.

mod cli;
mod log;
mod service;

/// Faster than the systems' own (docs/adr/0027).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
