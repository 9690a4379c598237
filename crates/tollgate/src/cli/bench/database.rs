//! The measured database: a file of its own, or a database of its own on a server.

use std::path::{Path, PathBuf};

use tollgate_store::{Place, Scratch, ServerPlace};

use super::BenchError;
use tollgate_server::config::Config;

/// Where it is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A temporary file.
    Temporary,
    /// This file, which is not there yet: a bench never writes into somebody's database.
    File(PathBuf),
    /// A server on which one is made, and dropped in the end.
    Server(ServerPlace),
}

/// A database that is there as long as this is.
pub(super) enum Database {
    /// A file.
    File(PathBuf),
    /// On a server.
    Server(
        #[expect(dead_code, reason = "dropping it drops the database")] Scratch,
        ServerPlace,
    ),
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
    pub(super) fn make(self, folder: &Path) -> Result<Database, BenchError> {
        Ok(match self {
            Wanted::Temporary => Database::File(folder.join("bench.db")),
            Wanted::File(path) => Database::File(path),
            Wanted::Server(place) => {
                let scratch =
                    Scratch::create(&place).map_err(|error| BenchError(error.to_string()))?;
                let place = scratch.place();
                Database::Server(scratch, place)
            }
        })
    }
}

impl Database {
    /// As a server is configured with it.
    pub(super) fn url(&self) -> String {
        match self {
            Database::File(path) => format!("sqlite:{}", path.display()),
            Database::Server(_, place) => place.url.clone(),
        }
    }

    /// `sqlite` or `postgres`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Database::File(_) => "sqlite",
            Database::Server(..) => "postgres",
        }
    }

    /// The folder it lies in, where that is known.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Database::File(path) => Some(match path.parent() {
                Some(folder) if folder != Path::new("") => folder,
                Some(_) | None => Path::new("."),
            }),
            Database::Server(..) => None,
        }
    }

    /// The file of its log; one that is never there on a server.
    pub(super) fn log(&self) -> PathBuf {
        match self {
            Database::File(path) => {
                let mut name = path.as_os_str().to_owned();
                name.push("-wal");
                PathBuf::from(name)
            }
            Database::Server(..) => PathBuf::new(),
        }
    }

    /// How large it is, where that is known.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Database::File(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Database::Server(..) => 0,
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

    #[test]
    fn the_log_lies_beside_its_database() {
        let database = Database::File(PathBuf::from("/a/b.db"));
        assert_eq!(database.log(), Path::new("/a/b.db-wal"));
    }
}
