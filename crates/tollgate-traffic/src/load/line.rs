//! A connection through either door of the API.

use std::time::Duration;

use clap::ValueEnum;

use super::calls::Calls;
use super::connection::{Answer, Connection, ExchangeError, Target};

/// How the API is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Door {
    /// HTTP/1.1 and JSON.
    Rest,
    /// gRPC.
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

/// A connection that carries one request at a time.
pub(crate) enum Line {
    Rest(Connection),
    Grpc(Calls),
}

impl Line {
    /// Connects to a server on this machine.
    pub(crate) async fn open(target: Target, door: Door) -> std::io::Result<Line> {
        match door {
            Door::Rest => Connection::open(target).await.map(Line::Rest),
            Door::Grpc => Calls::open(target).await.map(Line::Grpc),
        }
    }

    /// The server takes another request on this connection.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Line::Rest(connection) => connection.is_open(),
            Line::Grpc(calls) => calls.is_open(),
        }
    }

    /// Sends a request that was written for this door, and reads its answer, within a time.
    pub(crate) async fn exchange_within(
        &mut self,
        request: &[u8],
        limit: Duration,
    ) -> Result<Answer<'_>, ExchangeError> {
        match self {
            Line::Rest(connection) => connection.exchange_within(request, limit).await,
            Line::Grpc(calls) => calls.exchange_within(request, limit).await,
        }
    }
}
