//! What is wrong with a setting, in one line.

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: found {found}, wanted {wanted}")]
pub struct SettingError {
    /// The configuration's key, with its section.
    pub key: String,
    /// What stands there; never a secret.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}
