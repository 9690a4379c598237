//! Tollgate, the program: what an operator types.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
