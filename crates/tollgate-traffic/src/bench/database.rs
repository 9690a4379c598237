//! The measured database, as far as one can see it from outside.

use std::path::{Path, PathBuf};

/// Where it is. Its creator removes it.
#[derive(Debug, Clone)]
pub struct Database {
    url: String,
    /// Of a file, its path.
    file: Option<PathBuf>,
}

impl Database {
    /// A file.
    pub fn in_file(path: PathBuf) -> Database {
        Database {
            url: format!("sqlite:{}", path.display()),
            file: Some(path),
        }
    }

    /// On a server.
    pub fn on_server(url: String) -> Database {
        Database { url, file: None }
    }

    /// As a server is configured with it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// `sqlite` or `postgres`.
    pub(super) fn kind(&self) -> &'static str {
        match self.file {
            Some(_) => "sqlite",
            None => "postgres",
        }
    }

    /// The folder it lies in, where that is known.
    pub fn folder(&self) -> Option<&Path> {
        let file = self.file.as_ref()?;
        Some(match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            Some(_) | None => Path::new("."),
        })
    }

    /// The file of its log; one that is never there on a server.
    pub(super) fn log(&self) -> PathBuf {
        let Some(file) = &self.file else {
            return PathBuf::new();
        };
        let mut name = file.as_os_str().to_owned();
        name.push("-wal");
        PathBuf::from(name)
    }

    /// How large it is, where that is known.
    pub(super) fn bytes(&self) -> u64 {
        let length = |file: &PathBuf| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        self.file.as_ref().map_or(0, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_lies_beside_its_database() {
        let database = Database::in_file(PathBuf::from("/a/b.db"));
        assert_eq!(database.log(), Path::new("/a/b.db-wal"));
    }
}
