//! Tollgate, the program.

fn main() -> std::process::ExitCode {
    tollgate::cli::main()
}
