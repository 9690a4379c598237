//! Tollgate, the program: what an operator types.

mod cli;
mod load;

fn main() -> std::process::ExitCode {
    cli::main()
}
