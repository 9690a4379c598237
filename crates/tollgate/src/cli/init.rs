//! `tollgate init`: a configuration to begin with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::ExposeSecret;

use super::client::configured_url;
use super::send::quoted;
use super::{failed, misconfigured};
use tollgate_server::config::{Config, DEFAULTS};
use tollgate_server::keys;

/// Write a checked configuration that has what differs, a fresh API key, and a reference of every key beside it.
///
/// Nothing that exists is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Where to; the file of --config, or tollgate.toml, if absent.
    file: Option<PathBuf>,
}

/// The configuration that every command reads where none is named.
const USUAL: &str = "tollgate.toml";

/// A new configuration, with words for the reference's name and the key's place.
const TEMPLATE: &str = include_str!("init.template.toml");

/// What stands above the reference, which is no configuration.
const REFERENCE: &str = "\
# A reference of every key, written by `tollgate init` and read by nobody: what you change goes into FILE.
#
";

pub(super) fn run(args: Args, configured: Option<&Path>) -> ExitCode {
    let file = match (args.file, configured) {
        (Some(file), _) => file,
        (None, Some(file)) => file.to_owned(),
        (None, None) => PathBuf::from(USUAL),
    };
    let key_file = file.with_extension("key");
    if key_file == file {
        let file = file.display();
        anstream::eprintln!("error: {file}: the key goes there; name a file as tollgate.toml");
        return ExitCode::from(2);
    }
    let reference_file = file.with_extension("reference.toml");
    for file in [&file, &key_file, &reference_file] {
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
    let named = toml::Value::String(format!("file:{}", name_of(&key_file)));
    let reference_name = name_of(&reference_file);
    let text = configuration(&named, &reference_name);
    let reference = REFERENCE.replacen("FILE", &name_of(&file), 1) + DEFAULTS;
    let refuse =
        |path: &Path, error: std::io::Error| failed(&format!("write {}: {error}", path.display()));
    if let Err(error) = write_secret(&key_file, &key_text) {
        return refuse(&key_file, error);
    }
    let mut written = vec![&key_file];
    // Secrets may be written into the configuration, so it is its owner's alone from the beginning.
    let mut done = write_secret(&file, &text).map_err(|error| (&file, error));
    if done.is_ok() {
        written.push(&file);
        done = write_new(&reference_file, &reference).map_err(|error| (&reference_file, error));
    }
    if let Err((path, error)) = done {
        // Nothing is left half: no secret that nothing names, no configuration without its secret.
        for written in written {
            if let Err(error) = std::fs::remove_file(written) {
                anstream::eprintln!("warning: remove {}: {error}", written.display());
            }
        }
        return refuse(path, error);
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    match Config::from_toml_in(&text, folder) {
        Ok(config) => {
            anstream::eprintln!(
                "wrote {}, {} and, with every key explained, {}",
                file.display(),
                key_file.display(),
                reference_file.display()
            );
            let serve = match file.as_path() == Path::new(USUAL) {
                true => "tollgate serve".to_owned(),
                false => format!(
                    "tollgate serve --config {}",
                    quoted(&file.display().to_string())
                ),
            };
            anstream::eprintln!("next: {serve}");
            anstream::eprintln!("then: {}/", configured_url(&config));
            ExitCode::SUCCESS
        }
        Err(error) => misconfigured(&error),
    }
}

/// What a new configuration says: what differs from the defaults, and how a source begins.
fn configuration(key: &toml::Value, reference: &str) -> String {
    let template = TEMPLATE.replacen("REFERENCE", reference, 1);
    template.replacen("\"KEY\"", &key.to_string(), 1)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().display().to_string()
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

        // What differs, and no default of which a later version may know better.
        let typed: toml::Table = text.parse().expect("it is TOML");
        assert_eq!(typed.keys().collect::<Vec<_>>(), ["api"], "{typed:?}");
        // What is commented out is a configuration, too.
        let source = text.split_once("# [sources").expect("it shows a source").1;
        let source = format!(
            "[sources{}",
            source.replace("\n# ", "\n").replace("env:", "literal:")
        );
        let config = Config::from_toml_in(&format!("{text}{source}"), folder.path());
        assert_eq!(config.expect("it is one").shops[0].sources.len(), 1);
        let reference = folder.path().join("tollgate.reference.toml");
        let reference = std::fs::read_to_string(reference).expect("it was written");
        assert!(reference.ends_with(DEFAULTS) && reference.contains("goes into tollgate.toml"));
        Config::from_toml_str(&reference).expect("it is what it explains");
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
        let elsewhere = folder.path().join("b.toml");
        std::os::unix::fs::symlink("nowhere/else", folder.path().join("b.reference.toml"))
            .expect("a link");
        let refused = said(run(
            Args {
                file: Some(elsewhere),
            },
            None,
        ));
        assert_eq!(refused, said(ExitCode::from(1)));
        for name in ["b.toml", "b.key"] {
            assert!(!folder.path().join(name).exists(), "{name}");
        }
        let same = Args {
            file: Some(folder.path().join("x.key")),
        };
        assert_eq!(said(run(same, None)), said(ExitCode::from(2)));
    }
}
