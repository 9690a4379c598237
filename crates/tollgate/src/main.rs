//! Tollgate, the program: what an operator types.

mod cli;
mod log;
mod service;

fn main() -> std::process::ExitCode {
    cli::main()
}
