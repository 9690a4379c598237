//! `tollgate profiles`: servers and the keys to them, as `tollgate login` keeps them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use toml::Table;

use super::columns::{Column, Is, whole_lines_of};
use super::{failed, print};

/// List the servers whose keys are kept, or make another one the default.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Make this one the default.
    #[arg(long, value_name = "NAME")]
    default: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What is shown of a profile; never its key.
const COLUMNS: &[Column] = &[
    Column("name", Is::Word("/name")),
    Column("", Is::Word("/is")),
    Column("url", Is::Word("/url")),
    Column("key", Is::Word("/key")),
];

pub(super) fn run(args: &Args) -> ExitCode {
    let done = match &args.default {
        None => Profiles::read(),
        Some(name) => Profiles::change(|profiles| {
            profiles.named(name)?;
            profiles.default = Some(name.clone());
            Ok(profiles.clone())
        }),
    };
    match done {
        Err(why) => failed(&why),
        Ok(profiles) if args.json => print(&format!("{}\n", profiles.document())),
        Ok(profiles) if profiles.all.is_empty() => {
            anstream::eprintln!("no key is kept; `tollgate login --url URL` keeps one");
            ExitCode::SUCCESS
        }
        Ok(profiles) => {
            let mut rows = profiles.document()["data"].take();
            for row in rows.as_array_mut().into_iter().flatten() {
                row["is"] = if row["default"] == true {
                    "default"
                } else {
                    ""
                }
                .into();
            }
            let rows: Vec<&Value> = rows.as_array().into_iter().flatten().collect();
            print(&whole_lines_of(COLUMNS, &rows))
        }
    }
}

/// A server and the key to it.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub(super) url: String,
    pub(super) key: SecretString,
    /// A PEM file with certificates to trust besides the system's.
    pub(super) root_certificate: Option<PathBuf>,
}

/// All that are kept: `$XDG_CONFIG_HOME/tollgate/profiles.toml`, which only its owner may read.
#[derive(Debug, Clone, Default)]
pub(super) struct Profiles {
    /// Which is used where nothing else is named.
    pub(super) default: Option<String>,
    pub(super) all: BTreeMap<String, Profile>,
}

/// As much of a key is shown, as the API does.
const SHOWN_OF_KEY: usize = 7;

/// The longest name of a profile.
const NAME_MAX: usize = 64;

impl Profiles {
    /// What is kept; nothing, where there is no file.
    pub(super) fn read() -> Result<Profiles, String> {
        match file() {
            Some(path) => Profiles::read_from(&path),
            None => Ok(Profiles::default()),
        }
    }

    fn read_from(path: &Path) -> Result<Profiles, String> {
        let says = |why: &str| format!("read {}: {why}", path.display());
        let mode = match std::fs::metadata(path) {
            Ok(found) => found.permissions().mode(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Profiles::default());
            }
            Err(error) => return Err(says(&error.to_string())),
        };
        if mode & 0o077 != 0 {
            let path = path.display();
            return Err(says(&format!(
                "keys stand in it, and others may read it; run `chmod 600 {path}`"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|error| says(&error.to_string()))?;
        // The parser's own text shows the line, and a key may stand there.
        let wrong = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| 1 + before.matches('\n').count());
            says(&format!("line {line}: {}", error.message()))
        };
        let table: Table = text.parse().map_err(wrong)?;
        Profiles::of(&table).map_err(|why| says(&why))
    }

    fn of(table: &Table) -> Result<Profiles, String> {
        let default = table.get("default").and_then(toml::Value::as_str);
        let mut all = BTreeMap::new();
        let kept = table.get("profiles").and_then(toml::Value::as_table);
        for (name, members) in kept.into_iter().flatten() {
            let text = |member: &str| members.get(member).and_then(toml::Value::as_str);
            let (Some(url), Some(key)) = (text("url"), text("key")) else {
                return Err(format!(
                    "profile {name} lacks its url or its key; `tollgate login --profile {name}` makes it anew"
                ));
            };
            let profile = Profile {
                url: url.to_owned(),
                key: SecretString::from(key),
                root_certificate: text("root_certificate").map(PathBuf::from),
            };
            all.insert(name.clone(), profile);
        }
        Ok(Profiles {
            default: default.map(str::to_owned),
            all,
        })
    }

    /// Changes what is kept, and keeps it. Whoever else wants to waits from the reading to the writing, so that no
    /// change is lost.
    pub(super) fn change<T>(
        to: impl FnOnce(&mut Profiles) -> Result<T, String>,
    ) -> Result<T, String> {
        let path = file().ok_or("keep a key: neither XDG_CONFIG_HOME nor HOME is set")?;
        Profiles::change_in(&path, to)
    }

    fn change_in<T>(
        path: &Path,
        to: impl FnOnce(&mut Profiles) -> Result<T, String>,
    ) -> Result<T, String> {
        // Beside it, because it is itself replaced.
        let lock = path.with_extension("lock");
        let says = |error: std::io::Error| format!("lock {}: {error}", lock.display());
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(says)?;
        let mut options = std::fs::OpenOptions::new();
        let locked = options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock);
        let locked = locked.map_err(says)?;
        // It ends with this, or with the process.
        locked.lock().map_err(says)?;
        let mut profiles = Profiles::read_from(path)?;
        let changed = to(&mut profiles)?;
        profiles.write_to(path)?;
        Ok(changed)
    }

    /// Keeps all of it in the place of what was kept: by a rename, so that the file is never half written.
    fn write_to(&self, path: &Path) -> Result<(), String> {
        let says = |error: &dyn std::fmt::Display| format!("write {}: {error}", path.display());
        let folder = path.parent().unwrap_or(Path::new("."));
        let text = toml::to_string(&self.table()).map_err(|error| says(&error))?;
        // It is made so that only its owner may read it.
        let mut part = tempfile::NamedTempFile::new_in(folder).map_err(|error| says(&error))?;
        part.write_all(text.as_bytes())
            .and_then(|()| part.as_file().sync_all())
            .map_err(|error| says(&error))?;
        part.persist(path).map_err(|error| says(&error.error))?;
        Ok(())
    }

    fn table(&self) -> Table {
        let profiles = self.all.iter().map(|(name, profile)| {
            let mut members = Table::new();
            members.insert("url".to_owned(), profile.url.clone().into());
            members.insert("key".to_owned(), profile.key.expose_secret().into());
            if let Some(path) = &profile.root_certificate {
                let path = path.to_string_lossy().into_owned();
                members.insert("root_certificate".to_owned(), path.into());
            }
            (name.clone(), toml::Value::Table(members))
        });
        let profiles: Table = profiles.collect();
        let mut table = Table::new();
        if let Some(default) = &self.default {
            table.insert("default".to_owned(), default.clone().into());
        }
        table.insert("profiles".to_owned(), profiles.into());
        table
    }

    /// The one of this name.
    pub(super) fn named(&self, name: &str) -> Result<&Profile, String> {
        self.all.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.all.keys().map(String::as_str).collect();
            let known = match known.is_empty() {
                true => "no key is kept".to_owned(),
                false => format!("there are {}", known.join(", ")),
            };
            format!(
                "there is no profile {name}: {known}; `tollgate login --profile {name}` makes it"
            )
        })
    }

    /// The one that is used where nothing else is named, with its name.
    pub(super) fn chosen(&self) -> Option<(&str, &Profile)> {
        let name = self.default.as_deref()?;
        Some((name, self.all.get(name)?))
    }

    fn document(&self) -> Value {
        let data: Vec<Value> = self
            .all
            .iter()
            .map(|(name, profile)| {
                let key: String = profile
                    .key
                    .expose_secret()
                    .chars()
                    .take(SHOWN_OF_KEY)
                    .collect();
                json!({
                    "name": name,
                    "default": self.default.as_ref() == Some(name),
                    "url": profile.url,
                    "key": format!("{key}…"),
                })
            })
            .collect();
        json!({ "data": data })
    }
}

/// Where they are kept, where this machine's user has a home.
fn file() -> Option<PathBuf> {
    let of = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let folder = of("XDG_CONFIG_HOME").or_else(|| of("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("tollgate/profiles.toml"))
}

/// A name that a profile may have.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_one = !text.is_empty()
        && text.len() <= NAME_MAX
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    match is_one {
        true => Ok(text.to_owned()),
        false => Err(format!("expected 1 to {NAME_MAX} of A-Z a-z 0-9 . _ -")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Profiles {
        let profile = Profile {
            url: "https://pay.example".to_owned(),
            key: SecretString::from("tg_AbCdEfGhIjKl"),
            root_certificate: Some(PathBuf::from("/etc/ca.pem")),
        };
        Profiles {
            default: Some("shop".to_owned()),
            all: BTreeMap::from([("shop".to_owned(), profile)]),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("tollgate/profiles.toml");
        let change = |profiles: &mut Profiles| {
            *profiles = kept();
            Ok(())
        };
        Profiles::change_in(&path, change).expect("it can be written");
        let read = Profiles::read_from(&path).expect("it can be read");
        let (name, profile) = read.chosen().expect("it has a default");
        assert_eq!(
            (name, profile.url.as_str()),
            ("shop", "https://pay.example")
        );
        assert_eq!(profile.key.expose_secret(), "tg_AbCdEfGhIjKl");
        assert_eq!(profile.root_certificate, Some(PathBuf::from("/etc/ca.pem")));
        let mode = |path: &Path| {
            let found = std::fs::metadata(path).expect("it is there");
            found.permissions().mode() & 0o777
        };
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().expect("it has one")), 0o700);

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640))
            .expect("it is ours");
        let why = Profiles::read_from(&path).expect_err("others may read it");
        assert!(why.contains("chmod 600"), "{why}");
    }

    #[test]
    fn of_changes_at_once_none_is_lost() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("tollgate/profiles.toml");
        let names: Vec<String> = (0..16).map(|number| format!("till-{number}")).collect();
        let profile = kept().all.remove("shop").expect("it is kept");
        let change = |name: &String| {
            Profiles::change_in(&path, |profiles| {
                profiles.all.insert(name.clone(), profile.clone());
                Ok(())
            })
        };
        std::thread::scope(|scope| {
            for name in &names {
                scope.spawn(|| change(name).expect("it can be written"));
            }
        });
        let read = Profiles::read_from(&path).expect("it can be read");
        for name in &names {
            assert!(read.all.contains_key(name), "{name}");
        }
        // What is not to be changed is left as it was.
        let refused: Result<(), String> = Profiles::change_in(&path, |profiles| {
            profiles.all.clear();
            Err("no".to_owned())
        });
        assert_eq!(refused, Err("no".to_owned()));
        let read = Profiles::read_from(&path).expect("it can be read");
        assert_eq!(read.all.len(), names.len());
    }

    #[test]
    fn no_text_shows_a_key() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("profiles.toml");
        for wrong in [
            "[profiles.shop]\nkey = \"tg_secret\" url = 1",
            "[profiles.shop]\nkey = \"tg_secret\"",
            "[profiles.shop]\nkey = \"tg_secret\"\nkey = \"tg_secret\"",
        ] {
            std::fs::write(&path, wrong).expect("it is ours");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
                .expect("it is ours");
            let why = Profiles::read_from(&path).expect_err(wrong);
            assert!(!why.contains("tg_secret"), "{why}");
        }
        let shown = kept().document().to_string();
        assert!(
            shown.contains("tg_AbCd…") && !shown.contains("AbCdE"),
            "{shown}"
        );
        assert!(!format!("{:?}", kept()).contains("AbCdE"));
    }

    #[test]
    fn a_name_is_plain() {
        assert_eq!(name("shop-1").as_deref(), Ok("shop-1"));
        let long = "a".repeat(65);
        for wrong in ["", "a b", "a/b", long.as_str()] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
