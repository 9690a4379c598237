//! `tollgate init`: a configuration to begin with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::ExposeSecret;

use super::{failed, misconfigured};
use tollgate_server::config::{Config, DEFAULTS};
use tollgate_server::keys;

/// Write a checked configuration with every key explained and a fresh API key in a file beside it.
///
/// Nothing that exists is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Where to; the file of --config, or tollgate.toml, if absent.
    file: Option<PathBuf>,
}

/// The line of the defaults that the fresh key takes the place of.
const NO_KEY: &str = "bootstrap_key = \"\"";

pub(super) fn run(args: Args, configured: Option<&Path>) -> ExitCode {
    let file = match (args.file, configured) {
        (Some(file), _) => file,
        (None, Some(file)) => file.to_owned(),
        (None, None) => PathBuf::from("tollgate.toml"),
    };
    let key_file = file.with_extension("key");
    if key_file == file {
        let file = file.display();
        anstream::eprintln!("error: {file}: the key goes there; name a file as tollgate.toml");
        return ExitCode::from(2);
    }
    for file in [&file, &key_file] {
        if file.exists() {
            return failed(&format!(
                "{} is there already; nothing was written",
                file.display()
            ));
        }
    }
    let key = keys::fresh();
    let key_text = format!("{}\n", key.expose_secret());
    // A TOML string of the key's name, whatever characters it has. It is looked for beside the
    // configuration, so both can be moved together.
    let key_name = key_file.file_name().unwrap_or_default();
    let named = toml::Value::String(format!("file:{}", key_name.display()));
    let text = DEFAULTS.replacen(NO_KEY, &format!("bootstrap_key = {named}"), 1);
    let refuse =
        |path: &Path, error: std::io::Error| failed(&format!("write {}: {error}", path.display()));
    if let Err(error) = write_secret(&key_file, &key_text) {
        return refuse(&key_file, error);
    }
    if let Err(error) = write_new(&file, &text) {
        // A secret that nothing names is not left about.
        if let Err(error) = std::fs::remove_file(&key_file) {
            anstream::eprintln!("warning: remove {}: {error}", key_file.display());
        }
        return refuse(&file, error);
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    match Config::from_toml_in(&text, folder) {
        Ok(_) => {
            anstream::eprintln!("wrote {} and {}", file.display(), key_file.display());
            anstream::eprintln!("next: add a [sources.NAME], then `tollgate serve`");
            ExitCode::SUCCESS
        }
        Err(error) => misconfigured(&error),
    }
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .open(path)?
        .write_all(text.as_bytes())
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_what_it_can_read_and_overwrites_nothing() {
        assert_eq!(DEFAULTS.matches(NO_KEY).count(), 1);
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("tollgate.toml");
        let done = said(run(Args { file: None }, Some(&file)));
        assert_eq!(done, said(ExitCode::SUCCESS));
        let text = std::fs::read_to_string(&file).expect("it was written");
        assert!(text.contains("\nbootstrap_key = \"file:tollgate.key\"\n"));
        let config = Config::from_toml_in(&text, folder.path()).expect("it is a configuration");
        let key = config.bootstrap_key.expect("it has a key");
        assert!(key.expose_secret().starts_with(keys::PREFIX));
        let again = Args {
            file: Some(file.clone()),
        };
        assert_eq!(said(run(again, None)), said(ExitCode::from(1)));
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), text);
    }

    fn said(exit: ExitCode) -> String {
        format!("{exit:?}")
    }

    #[cfg(unix)]
    #[test]
    fn no_secret_is_left_where_no_configuration_could_be_written() {
        let folder = tempfile::tempdir().expect("there is room");
        // A link that leads nowhere is not there, and cannot be created.
        let file = folder.path().join("tollgate.toml");
        std::os::unix::fs::symlink("nowhere/else", &file).expect("a link");
        let refused = said(run(Args { file: Some(file) }, None));
        assert_eq!(refused, said(ExitCode::from(1)));
        assert!(!folder.path().join("tollgate.key").exists());
        let same = Args {
            file: Some(folder.path().join("x.key")),
        };
        assert_eq!(said(run(same, None)), said(ExitCode::from(2)));
    }
}
