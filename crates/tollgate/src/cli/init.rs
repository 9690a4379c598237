//! `tollgate init`: a configuration to begin with.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use secrecy::ExposeSecret;

use super::{failed, misconfigured};
use crate::config::{Config, DEFAULTS};
use crate::keys;

/// Write a checked configuration with every key explained and a fresh API key in a file beside it.
///
/// Nothing that exists is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Where to.
    #[arg(default_value = "tollgate.toml")]
    file: PathBuf,
}

/// The line of the defaults that the fresh key takes the place of.
const NO_KEY: &str = "bootstrap_key = \"\"";

pub(super) fn run(args: Args) -> ExitCode {
    let key_file = args.file.with_extension("key");
    for file in [&args.file, &key_file] {
        if file.exists() {
            return failed(&format!(
                "{} is there already; nothing was written",
                file.display()
            ));
        }
    }
    let key = keys::fresh();
    let key_text = format!("{}\n", key.expose_secret());
    // A TOML string of the path, whatever characters it has.
    let named = toml::Value::String(format!("file:{}", key_file.display()));
    let text = DEFAULTS.replacen(NO_KEY, &format!("bootstrap_key = {named}"), 1);
    let written = write_secret(&key_file, &key_text).and_then(|()| write_new(&args.file, &text));
    if let Err(error) = written {
        return failed(&format!("write {}: {error}", args.file.display()));
    }
    match Config::from_toml_str(&text) {
        Ok(_) => {
            anstream::eprintln!("wrote {} and {}", args.file.display(), key_file.display());
            anstream::eprintln!("next: add a [sources.NAME], then `tollgate serve`");
            ExitCode::SUCCESS
        }
        Err(error) => misconfigured(&error),
    }
}

fn write_new(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .open(path)?
        .write_all(text.as_bytes())
}

fn write_secret(path: &std::path::Path, text: &str) -> std::io::Result<()> {
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
        let done = run(Args { file: file.clone() });
        assert_eq!(format!("{done:?}"), format!("{:?}", ExitCode::SUCCESS));
        let text = std::fs::read_to_string(&file).expect("it was written");
        let config = Config::from_toml_str(&text).expect("it is a configuration");
        let key = config.bootstrap_key.expect("it has a key");
        assert!(key.expose_secret().starts_with(keys::PREFIX));
        let again = run(Args { file: file.clone() });
        assert_eq!(format!("{again:?}"), format!("{:?}", ExitCode::from(1)));
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), text);
    }
}
