//! Whether a session keeps its connection to the server, looked at before anything is set in one.
//!
//! A pooler that shares connections by transaction or statement gives a client whichever is free. What we
//! set, prepare and keep in a session would then be found by other programs, and not by us. So two sessions
//! are asked in turn which process of the server serves them: each has one for itself for as long as it
//! lasts, or it is no session. They are plain queries outside of transactions, which leave nothing behind
//! wherever they are answered.

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::config::TargetSessionAttrs;

use super::{Error, OpenError, Postgres, STATEMENT_LIMIT, Server, Sql, on_postgres};

/// The process of the server that answers, and since when that server runs: two servers may have processes
/// of one number.
const SERVED_BY: Sql =
    on_postgres("select pg_backend_pid(), extract(epoch from pg_postmaster_start_time())");

/// How often the turn goes from one session to the other. Once is enough where nobody else uses the pooler.
const TURNS: usize = 4;

/// The name under which PgBouncer, and what is made like it, can be asked about itself.
const ADMIN_DATABASE: &str = "pgbouncer";

/// Refuses a server whose sessions share connections. Asked once for a server, over its first connection and
/// another one.
pub(super) fn rule_out(server: &Server, first: &Postgres) -> Result<(), OpenError> {
    if server.keeps_sessions().get().is_some() {
        return Ok(());
    }
    if are_shared(server, first)? {
        return Err(OpenError::SharedSessions {
            server: server.to_string(),
            pooler: name(server, first),
        });
    }
    server.keeps_sessions().get_or_init(|| ());
    Ok(())
}

fn are_shared(server: &Server, first: &Postgres) -> Result<bool, OpenError> {
    let refuse = |error| server.refuse(error);
    let of_first = first.served_by().map_err(refuse)?;
    let second = Postgres::beside(server, &first.config, &first.origin);
    let second = second.map_err(|error| unless_silent(server, error))?;
    let of_second = second.served_by().map_err(refuse);
    let of_second = of_second.map_err(|error| unless_silent(server, error))?;
    if of_first == of_second {
        return Ok(true);
    }
    // Whoever takes turns with others, and not the connection that was used last, is served by another one when
    // it asks twice.
    for _ in 0..TURNS {
        for (session, before) in [(first, &of_first), (&second, &of_second)] {
            for _ in 0..2 {
                if session.served_by().map_err(refuse)? != *before {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// The first session was answered; one that is not waits for a connection.
fn unless_silent(server: &Server, error: OpenError) -> OpenError {
    match error {
        OpenError::Unreachable { source, .. } if source.is_silence() => OpenError::OneSession {
            server: server.to_string(),
        },
        error => error,
    }
}

/// What the pooler calls itself. It tells those whom it lets administer it, and turns the others away in words
/// of its own.
fn name(server: &Server, first: &Postgres) -> String {
    let mut config = first.config.clone();
    config
        .dbname(ADMIN_DATABASE)
        .target_session_attrs(TargetSessionAttrs::Any);
    let admin = Postgres::beside(server, &config, &first.origin);
    let version = admin.map(|admin| admin.first_text("show version"));
    match version {
        Ok(Ok(Some(version))) => version,
        Err(OpenError::Server { source, .. }) if source.to_string().starts_with("not allowed") => {
            "PgBouncer".to_owned()
        }
        Ok(_) | Err(_) => "a connection pooler".to_owned(),
    }
}

impl Postgres {
    fn served_by(&self) -> Result<Option<String>, Error> {
        self.first_text(SERVED_BY.postgres)
    }

    /// The first row of a query that is not prepared, its columns behind each other.
    fn first_text(&self, sql: &str) -> Result<Option<String>, Error> {
        let messages = self.wait(STATEMENT_LIMIT, self.client.simple_query(sql))?;
        let first = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(first.map(|row| {
            let columns = (0..row.len()).filter_map(|column| row.get(column));
            columns.collect::<Vec<_>>().join(" ")
        }))
    }
}
