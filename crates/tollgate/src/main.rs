//! Tollgate, the program: what an operator types.

mod cli;
mod log;

fn main() -> std::process::ExitCode {
    cli::main()
}
