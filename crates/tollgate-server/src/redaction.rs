//! Redaction of headers that are themselves secrets: only an HMAC of them is kept. Its key is in a file
//! beside a SQLite database, and in the database itself on PostgreSQL, where all instances share it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tollgate_store::{OpenError, Place, SecretKeys, Store};

/// What a redacted value begins with.
const MARK: &str = "hmac-sha256:";

/// Headers that are secrets from any sender.
const ALWAYS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-callback-token",
];

/// Why there is no key. Each message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum RedactionError {
    /// It cannot be read.
    #[error("read the instance's key {path}: {source}; give this user read access to it")]
    Read {
        /// The key's file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It cannot be made.
    #[error("make the instance's key {path}: {source}; give this user write access to its folder")]
    Make {
        /// The key's file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is in the database, which does not give it.
    #[error("read the instances' key: {0}")]
    Shared(#[from] OpenError),
    /// It is no key.
    #[error(
        "read the instance's key {path}: it holds {found} bytes instead of 32; restore it, or \
         remove it and a new one is made"
    )]
    Length {
        /// The key's file.
        path: PathBuf,
        /// How many bytes it holds.
        found: usize,
    },
}

/// Writes a new key, or leaves nothing.
fn make(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(key).inspect_err(|_| {
        // The first failure is what counts.
        let _ = std::fs::remove_file(path);
    })
}

/// Replaces secrets by an HMAC of them.
#[derive(Clone)]
pub(crate) struct Redactor {
    key: [u8; 32],
}

impl Redactor {
    /// Takes the key from beside the database, or makes it. It has to outlive a restart:
    /// a kept delivery is verified again after a secret was corrected and the server restarted.
    ///
    /// The store has to be open: only then is the file beside which the key is made a database.
    pub(crate) fn open(place: &Place, keys: &SecretKeys) -> Result<Redactor, RedactionError> {
        let mut key = [0; 32];
        let database = match place {
            Place::File(database) => database,
            Place::Memory => {
                getrandom::fill(&mut key).expect("the system has random numbers");
                return Ok(Redactor { key });
            }
            Place::Server(server) => {
                getrandom::fill(&mut key).expect("the system has random numbers");
                let key = Store::shared_key(server, key, keys)?.unwrap_or_else(|| {
                    tracing::error!(
                        "the instances' key that redacts secrets in headers is sealed under a key that is not \
                         configured; until it is, what is kept redacted cannot be verified again"
                    );
                    key
                });
                return Ok(Redactor { key });
            }
        };
        let mut name = database.as_os_str().to_owned();
        name.push(".key");
        let path = PathBuf::from(name);
        match std::fs::read(&path) {
            Ok(bytes) if bytes.len() == key.len() => key.copy_from_slice(&bytes),
            Ok(bytes) => {
                let found = bytes.len();
                return Err(RedactionError::Length { path, found });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                getrandom::fill(&mut key).expect("the system has random numbers");
                if let Err(source) = make(&path, &key) {
                    return Err(RedactionError::Make { path, source });
                }
            }
            Err(source) => return Err(RedactionError::Read { path, source }),
        }
        Ok(Redactor { key })
    }

    /// Whether a header of this name is a secret.
    pub(crate) fn covers(name: &str, of_provider: &[&str]) -> bool {
        ALWAYS
            .iter()
            .chain(of_provider)
            .any(|secret| name.eq_ignore_ascii_case(secret))
    }

    /// What is kept of a value.
    pub(crate) fn redact(&self, value: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length is a key");
        mac.update(value);
        format!("{MARK}{}", hex::encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_outlives_a_restart() {
        let folder = tempfile::tempdir().expect("there is room");
        let place = Place::File(folder.path().join("t.db"));
        let redacted = Redactor::open(&place, &SecretKeys::default())
            .expect("it is made")
            .redact(b"secret");
        assert_eq!(
            Redactor::open(&place, &SecretKeys::default())
                .expect("it is read")
                .redact(b"secret"),
            redacted
        );
        assert_ne!(
            Redactor::open(&Place::Memory, &SecretKeys::default())
                .expect("it is made")
                .redact(b"secret"),
            redacted
        );
        assert!(redacted.starts_with(MARK) && !redacted.contains("secret"));
    }

    #[test]
    fn a_file_that_is_no_key_is_named_with_the_remedy() {
        let folder = tempfile::tempdir().expect("there is room");
        let database = folder.path().join("t.db");
        std::fs::write(folder.path().join("t.db.key"), b"short").expect("it can be written");
        let Err(error) = Redactor::open(&Place::File(database), &SecretKeys::default()) else {
            panic!("five bytes are no key");
        };
        let message = error.to_string();
        assert!(
            message.contains("t.db.key") && message.contains("remove it"),
            "{message}"
        );
    }
}
