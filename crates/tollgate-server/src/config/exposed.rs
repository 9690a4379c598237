//! What a configuration lays open that is right in form: whom it believes, who can read its secrets, what one leaked
//! secret opens.

use std::path::Path;

use ipnet::IpNet;
use toml::{Table, Value};

use super::{Config, Shop};

/// What a secret begins with that stands in the file itself.
const LITERAL: &str = "literal:";

impl Config {
    /// What an operator should know of who is believed and what is shared.
    pub(super) fn laid_open(&self) -> Vec<String> {
        let everybody = self.server.trusted_proxies.iter().filter(is_everybody);
        let mut warnings: Vec<String> = everybody
            .map(|network| {
                format!(
                    "server.trusted_proxies has {network}, so anybody may say to come from any address: name the \
                     proxies alone"
                )
            })
            .collect();
        warnings.extend(shared_secrets(&self.shops));
        warnings.extend(self.readable_by_all.clone());
        warnings
    }
}

fn is_everybody(network: &&IpNet) -> bool {
    network.prefix_len() == 0
}

/// Two sources with one secret: what one of them is sent verifies at the other.
fn shared_secrets(shops: &[Shop]) -> Vec<String> {
    let mut seen: Vec<(&str, &str, &[[u8; 32]])> = Vec::new();
    let mut warnings = Vec::new();
    for shop in shops {
        for configured in &shop.sources {
            let (name, secrets) = (configured.source.name(), configured.secrets.as_slice());
            let shares = |(_, _, others): &&(&str, &str, &[[u8; 32]])| {
                secrets.iter().any(|secret| others.contains(secret))
            };
            if let Some((other_shop, other, _)) = seen.iter().find(shares) {
                warnings.push(format!(
                    "source {other} of shop {other_shop} and source {name} of shop {} have a secret in common: what \
                     is sent to one can be sent to the other",
                    shop.name
                ));
            }
            seen.push((&shop.name, name, secrets));
        }
    }
    warnings
}

/// A file that everybody on this machine may read, with secrets in it.
pub(super) fn readable_by_all(path: &Path, text: &str) -> Option<String> {
    let is_open = is_readable_by_all(path);
    let holds = text.parse::<Table>().is_ok_and(|table| {
        let mut values = table.values();
        values.any(holds_secret)
    });
    (is_open && holds).then(|| {
        format!(
            "{} holds secrets and everybody on this machine may read it: `chmod 600` it, or write them as env: or file:",
            path.display()
        )
    })
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(LITERAL),
        Value::Array(values) => values.iter().any(holds_secret),
        Value::Table(table) => table.values().any(holds_secret),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => false,
    }
}

#[cfg(unix)]
fn is_readable_by_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS_READ: u32 = 0o004;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS_READ != 0)
}

#[cfg(not(unix))]
fn is_readable_by_all(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(text: &str) -> Vec<String> {
        let config = Config::from_toml_str(text).expect("it is right in form");
        config.laid_open()
    }

    #[test]
    fn networks_that_hold_everybody_are_warned_of() {
        for (proxies, count) in [
            (r#""10.0.0.0/8", "::1""#, 0),
            (r#""0.0.0.0/0""#, 1),
            (r#""::/0", "::ffff:0.0.0.0/96""#, 2),
        ] {
            let text = format!("[server]\ntrusted_proxies = [{proxies}]\n");
            let found = warnings(&text);
            assert_eq!(found.len(), count, "{proxies}: {found:?}");
            assert!(found.iter().all(|line| line.contains("trusted_proxies")));
        }
    }

    #[test]
    fn one_secret_of_two_sources_is_warned_of_and_not_said() {
        let source = |place: &str, secret: &str| {
            format!("[{place}]\nprovider = \"midtrans\"\nsecrets = [\"literal:{secret}\"]\n")
        };
        let two = |one: &str, other: &str| {
            let both = [
                source("sources.a", one),
                source("shops.tea.sources.b", other),
            ];
            warnings(&both.concat())
        };
        assert_eq!(two("first-key", "second-key"), [""; 0]);
        let found = two("one-key", "one-key");
        assert_eq!(found.len(), 1, "{found:?}");
        let told = "source a of shop main and source b of shop tea";
        assert!(found[0].starts_with(told), "{found:?}");
        assert!(!found[0].contains("one-key"), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_secrets_that_everybody_reads_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("tollgate.toml");
        let secret = "[api]\nbootstrap_key = \"literal:sixteen-letters-or-more\"\n";
        let elsewhere = "[api]\nbootstrap_key = \"env:KEY\"\n";
        for (mode, text, is_warned_of) in [
            (0o644, secret, true),
            (0o600, secret, false),
            (0o640, secret, false),
            (0o644, elsewhere, false),
        ] {
            std::fs::write(&path, text).expect("there is room");
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, mode).expect("it is ours");
            let found = readable_by_all(&path, text);
            assert_eq!(found.is_some(), is_warned_of, "{text}: {found:?}");
        }
    }
}
