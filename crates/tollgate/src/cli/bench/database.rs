//! The database that a bench is run on: a file of its own, or a database of its own on a server.

use std::path::{Path, PathBuf};

use tollgate_server::Config;
use tollgate_store::{Place, Scratch, ServerPlace};
use tollgate_traffic::bench::{BenchError, Database};

/// Where it is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A temporary file.
    Temporary,
    /// This file, which is not there yet: a bench never writes into an existing database.
    File(PathBuf),
    /// A server on which one is made, and dropped in the end.
    Server(ServerPlace),
}

/// A database that is there as long as this is.
pub(super) struct Made {
    pub(super) database: Database,
    /// On a server: dropping it drops the database.
    pub(super) scratch: Option<Scratch>,
}

/// Reads what `--store` says.
pub(super) fn place(url: Option<&str>) -> Result<Wanted, BenchError> {
    let Some(url) = url else {
        return Ok(Wanted::Temporary);
    };
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let text = format!("[store]\nurl = {}\n", toml::Value::from(url));
        let config = Config::from_toml_str(&text).map_err(|error| BenchError(error.to_string()))?;
        if let Place::Server(place) = config.place {
            return Ok(Wanted::Server(place));
        }
    }
    let path = match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() && path != ":memory:" => PathBuf::from(path),
        Some(_) | None => {
            return Err(BenchError(
                "--store: a URL like sqlite:FILE or postgres://USER@HOST:PORT/DATABASE is wanted"
                    .to_owned(),
            ));
        }
    };
    if path.exists() {
        return Err(BenchError(format!(
            "--store {url}: the file is there already; a bench only writes into a new one"
        )));
    }
    Ok(Wanted::File(path))
}

impl Wanted {
    /// Several servers can work on it.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Wanted::Server(_))
    }

    /// Makes it; a temporary file in `folder`.
    pub(super) fn make(self, folder: &Path) -> Result<Made, BenchError> {
        Ok(match self {
            Wanted::Temporary => Made::in_file(folder.join("bench.db")),
            Wanted::File(path) => Made::in_file(path),
            Wanted::Server(place) => {
                let scratch =
                    Scratch::create(&place).map_err(|error| BenchError(error.to_string()))?;
                Made {
                    database: Database::on_server(scratch.place().url),
                    scratch: Some(scratch),
                }
            }
        })
    }
}

impl Made {
    fn in_file(path: PathBuf) -> Made {
        Made {
            database: Database::in_file(path),
            scratch: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_file_or_a_server_is_a_store() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let there = folder.path().join("there.db");
        std::fs::write(&there, b"").expect("it can be written to");
        let url = |path: &Path| format!("sqlite:{}", path.display());
        assert!(place(Some(&url(&folder.path().join("new.db")))).is_ok());
        assert!(place(Some("postgres://h/d")).is_ok_and(|wanted| wanted.is_shared()));
        for url in [
            url(&there),
            "sqlite::memory:".to_owned(),
            "sqlite:".to_owned(),
            "x".to_owned(),
        ] {
            assert!(place(Some(&url)).is_err(), "{url}");
        }
    }
}
