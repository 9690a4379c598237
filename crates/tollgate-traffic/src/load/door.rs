//! The doors of the API that load can go through.

use clap::ValueEnum;

/// How the API is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Door {
    /// HTTP/1.1 and JSON: a request at a time on each connection.
    Rest,
    /// gRPC: many calls at a time on each connection.
    Grpc,
}

impl Door {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Door::Rest => "rest",
            Door::Grpc => "grpc",
        }
    }
}
