//! What is wrong with a configuration, in one line: the key, what was found, what is wanted.

use tollgate_outbound::SettingError;

/// What is wrong with a configuration, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("read the configuration: line {line}: {message}")]
    Syntax {
        /// Where.
        line: usize,
        /// What the reader says.
        message: String,
    },
    /// A key is wrong.
    #[error("{key}: found {found}, wanted {wanted}")]
    Key {
        /// Its path.
        key: String,
        /// What stands there; never a secret.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// The file cannot be read.
    #[error("read {path}: {message}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        message: String,
    },
}

impl From<SettingError> for ConfigError {
    fn from(error: SettingError) -> ConfigError {
        let SettingError { key, found, wanted } = error;
        ConfigError::Key { key, found, wanted }
    }
}

impl ConfigError {
    pub(crate) fn key(
        key: impl Into<String>,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) -> Self {
        ConfigError::Key {
            key: key.into(),
            found: found.into(),
            wanted: wanted.into(),
        }
    }
}
