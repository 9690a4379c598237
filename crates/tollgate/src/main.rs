//! Tollgate, the program: what an operator types.

mod cli;
mod log;
mod service;

/// The portable binary's allocator: that of musl has one lock for all threads (docs/adr/0024).
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
