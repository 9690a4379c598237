//! The veil over headers that are themselves secrets: what is kept of them is an HMAC under a key
//! of this instance.

use std::io::Write as _;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tollgate_store::Place;

/// What a veiled value begins with.
const MARK: &str = "hmac-sha256:";

/// Headers that are secrets whoever sends them.
const ALWAYS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-callback-token",
];

/// Veils secrets.
#[derive(Clone)]
pub(crate) struct Veil {
    key: [u8; 32],
}

impl Veil {
    /// Takes the instance's key from beside the database, or makes it. It has to outlive a restart:
    /// a kept delivery is verified again after a secret was mended and the server started anew.
    pub(crate) fn open(place: &Place) -> std::io::Result<Veil> {
        let mut key = [0; 32];
        let Place::File(database) = place else {
            getrandom::fill(&mut key).expect("the system has random numbers");
            return Ok(Veil { key });
        };
        let mut name = database.as_os_str().to_owned();
        name.push(".key");
        let path = Path::new(&name);
        match std::fs::read(path) {
            Ok(bytes) if bytes.len() == key.len() => key.copy_from_slice(&bytes),
            Ok(_) => {
                let told = format!("{} does not hold 32 bytes; remove it", path.display());
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, told));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                getrandom::fill(&mut key).expect("the system has random numbers");
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                options.open(path)?.write_all(&key)?;
            }
            Err(error) => return Err(error),
        }
        Ok(Veil { key })
    }

    /// Whether a header of this name is a secret.
    pub(crate) fn covers(name: &str, of_provider: &[&str]) -> bool {
        ALWAYS
            .iter()
            .chain(of_provider)
            .any(|secret| name.eq_ignore_ascii_case(secret))
    }

    /// What is kept of a value.
    pub(crate) fn over(&self, value: &[u8]) -> String {
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
        let veiled = Veil::open(&place).expect("it is made").over(b"secret");
        assert_eq!(
            Veil::open(&place).expect("it is read").over(b"secret"),
            veiled
        );
        assert_ne!(
            Veil::open(&Place::Memory)
                .expect("it is made")
                .over(b"secret"),
            veiled
        );
        assert!(veiled.starts_with(MARK) && !veiled.contains("secret"));
    }
}
