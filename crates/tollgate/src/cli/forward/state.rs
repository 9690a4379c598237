//! What `forward` keeps: the secret it signs with and the position it has got to, in a file that is replaced as a
//! whole.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tollgate_outbound::calls::SigningSecret;

/// The state of one handler, at one server.
#[derive(Debug)]
pub(super) struct State {
    file: PathBuf,
    server: String,
    /// What is signed with, as long as there is the file.
    pub(super) secret: SigningSecret,
    /// Where it has got to.
    pub(super) begun: Begun,
}

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It begins with what happens now.
    Now,
    /// Everything up to this position was handed on.
    Before(i64),
}

impl State {
    /// Reads the file, or makes it with a new secret. One of another server is refused: its positions say nothing
    /// about this one.
    pub(super) fn open(file: &Path, server: &str) -> Result<State, String> {
        let wrong = |why: &str| {
            let file = file.display();
            format!("go on from {file}: {why}; name another file with --state, or remove this one")
        };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let state = State {
                    file: file.to_owned(),
                    server: server.to_owned(),
                    secret: SigningSecret::fresh(),
                    begun: Begun::Now,
                };
                return state.write().map(|()| state);
            }
            Err(error) => return Err(format!("read {}: {error}", file.display())),
        };
        let kept: Value = serde_json::from_str(&text)
            .map_err(|error| wrong(&format!("it is not what was written there ({error})")))?;
        match kept["server"].as_str() {
            Some(known) if known == server => {}
            Some(known) => return Err(wrong(&format!("it is of {known}"))),
            None => return Err(wrong("it is no file of `tollgate forward`")),
        }
        let secret = SigningSecret::parse(kept["secret"].as_str().unwrap_or_default());
        let begun = match (&kept["position"], kept["position"].as_i64()) {
            (Value::Null, _) => Begun::Now,
            (_, Some(position)) => Begun::Before(position),
            (_, None) => return Err(wrong("its position is no whole number")),
        };
        Ok(State {
            file: file.to_owned(),
            server: server.to_owned(),
            secret: secret.map_err(|error| wrong(&error.to_string()))?,
            begun,
        })
    }

    /// The position behind which it goes on.
    pub(super) fn position(&self) -> Option<i64> {
        match self.begun {
            Begun::Now => None,
            Begun::Before(position) => Some(position),
        }
    }

    /// Keeps that everything up to this position was handed on. It is on disk before this returns.
    pub(super) fn keep(&mut self, position: i64) -> Result<(), String> {
        if self.begun == Begun::Before(position) {
            return Ok(());
        }
        self.begun = Begun::Before(position);
        self.write()
    }

    /// Writes the file anew beside itself and puts it in its own place: whoever is killed leaves the old one or the
    /// new one.
    fn write(&self) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("write {}: {error}", self.file.display());
        let folder = match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let document = json!({
            "server": self.server,
            "secret": self.secret.text().expose_secret(),
            "position": self.position(),
        });
        // Readable by its owner only, as temporary files are.
        let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        writeln!(fresh, "{document}").map_err(failed)?;
        fresh.as_file().sync_all().map_err(failed)?;
        fresh
            .persist(&self.file)
            .map_err(|error| failed(error.error))?;
        #[cfg(unix)]
        std::fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "http://127.0.0.1:8080";

    #[test]
    fn the_secret_and_the_position_stay_with_the_file() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("state.json");
        let mut first = State::open(&file, SERVER).expect("it is made");
        assert_eq!(first.position(), None);
        first.keep(7).expect("it is written");
        let again = State::open(&file, SERVER).expect("it is read");
        assert_eq!(again.position(), Some(7));
        let text = |state: &State| state.secret.text().expose_secret().to_owned();
        assert_eq!(text(&again), text(&first));
        assert!(!format!("{again:?}").contains(text(&again).trim_start_matches("whsec_")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).expect("it is there").permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .expect("it can be listed")
            .collect();
        assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");
    }

    #[test]
    fn a_file_that_says_nothing_here_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("state.json");
        for (text, why) in [
            ("", "not what was written"),
            ("{}", "no file of `tollgate forward`"),
            (
                r#"{"server":"https://pay.example"}"#,
                "of https://pay.example",
            ),
            (
                r#"{"server":"http://127.0.0.1:8080","secret":"x"}"#,
                "signing secret",
            ),
        ] {
            std::fs::write(&file, text).expect("it is ours");
            let refused = State::open(&file, SERVER).expect_err(text);
            assert!(
                refused.contains(why) && refused.contains("--state"),
                "{refused}"
            );
        }
        let nowhere = folder.path().join("no/such/folder.json");
        let refused = State::open(&nowhere, SERVER).expect_err("there is no folder");
        assert!(refused.starts_with("write "), "{refused}");
    }
}
