//! A database of one's own on a server, for a while: benches and suites write into no other.

use std::fmt::Write as _;

use crate::db::OpenError;
use crate::db::{Db, Postgres, Server};
use crate::options::ServerPlace;

/// A database that is there until this is dropped.
#[derive(Debug)]
pub struct Scratch {
    server: ServerPlace,
    name: String,
}

impl Scratch {
    /// Makes a database on the server of a URL; its user has to be allowed to (`createdb`).
    pub fn create(server: &ServerPlace) -> Result<Scratch, OpenError> {
        let mut name = "tollgate_scratch_".to_owned();
        let chance = crate::store::random();
        write!(name, "{chance:016x}").expect("a text can be written to");
        let scratch = Scratch {
            server: server.clone(),
            name,
        };
        scratch.run(&format!("create database {}", scratch.name))?;
        Ok(scratch)
    }

    /// Where it is.
    pub fn place(&self) -> ServerPlace {
        ServerPlace {
            url: with_database(&self.server.url, &self.name),
            ..self.server.clone()
        }
    }

    fn run(&self, statement: &str) -> Result<(), OpenError> {
        let server = Server::of(&self.server)?;
        crate::looking::apart(|| {
            let db = Db::Postgres(Box::new(Postgres::open_plain(&server)?));
            db.script(statement).map_err(|error| server.refuse(error))
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // With force: anyone who is still connected to it belongs to the bench that ends.
        let statement = format!("drop database if exists {} with (force)", self.name);
        if let Err(error) = self.run(&statement) {
            tracing::warn!(%error, database = self.name, "failed to drop a scratch database");
        }
    }
}

/// The URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (before, query) = match url.split_once('?') {
        Some((before, query)) => (before, format!("?{query}")),
        None => (url, String::new()),
    };
    let (scheme, rest) = before.split_once("://").unwrap_or(("postgres", before));
    let hosts = rest.split_once('/').map_or(rest, |(hosts, _)| hosts);
    format!("{scheme}://{hosts}/{name}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_is_another() {
        let table = [
            ("postgres://h", "postgres://h/x"),
            ("postgres://u:p@h:1,i:2/d", "postgres://u:p@h:1,i:2/x"),
            (
                "postgresql://h/d?sslmode=require",
                "postgresql://h/x?sslmode=require",
            ),
        ];
        for (url, wanted) in table {
            assert_eq!(with_database(url, "x"), wanted);
        }
    }
}
