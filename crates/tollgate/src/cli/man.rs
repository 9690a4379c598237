//! `tollgate man`: man pages, made of the commands themselves.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use super::{Arguments, failed, print};

/// Print the man page of a command, or write all of them.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Of which command, as `orders list`; of tollgate itself if absent.
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
    /// Write the page of every command into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "words")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let pages = match pages() {
        Ok(pages) => pages,
        Err(error) => return failed(&format!("make the man pages: {error}")),
    };
    if let Some(folder) = &args.out {
        return match write(folder, &pages) {
            Ok(()) => {
                anstream::eprintln!("{} pages in {}", pages.len(), folder.display());
                ExitCode::SUCCESS
            }
            Err(why) => failed(&why),
        };
    }
    let wanted = ["tollgate"]
        .into_iter()
        .chain(args.words.iter().map(String::as_str));
    let wanted = wanted.collect::<Vec<_>>().join("-");
    match pages.iter().find(|(name, _)| *name == wanted) {
        Some((_, page)) => print(&String::from_utf8_lossy(page)),
        None => failed(&format!(
            "there is no command {}; `tollgate --help` lists them",
            args.words.join(" ")
        )),
    }
}

fn write(folder: &Path, pages: &[(String, Vec<u8>)]) -> Result<(), String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("make {}: {error}", folder.display()))?;
    for (name, page) in pages {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page)
            .map_err(|error| format!("write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// The page of every command, by its whole name: `tollgate-orders-list`.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    // Names and global flags are handed down.
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let mut page = Vec::new();
    Man::new(command.clone()).title(name).render(&mut page)?;
    pages.push((name.to_owned(), page));
    command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
        .try_for_each(|inner| add(inner, pages))
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    use super::*;

    /// They are made of what is typed, so that none is old; and none is left out.
    #[test]
    fn every_command_has_a_man_page_and_completions() {
        fn names(command: &clap::Command, so_far: &str, all: &mut Vec<String>) {
            all.push(so_far.to_owned());
            for inner in command.get_subcommands() {
                names(inner, &format!("{so_far}-{}", inner.get_name()), all);
            }
        }
        let mut all = Vec::new();
        names(&Arguments::command(), "tollgate", &mut all);
        let made = pages().expect("they can be made");
        let made: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(made, all);
        assert!(all.contains(&"tollgate-orders-list".to_owned()), "{all:?}");

        let mut script = Vec::new();
        let mut command = Arguments::command();
        clap_complete::generate(Shell::Bash, &mut command, "tollgate", &mut script);
        let script = String::from_utf8(script).expect("it is text");
        for name in &all {
            // Bash has a case for each, as `tollgate__subcmd__orders__subcmd__list`.
            let last = name.rsplit('-').next().unwrap_or_default();
            assert!(script.contains(last), "{name}");
        }
    }

    #[test]
    fn a_page_tells_of_every_flag() {
        let pages = pages().expect("they can be made");
        let page = pages.iter().find(|(name, _)| name == "tollgate-stock-set");
        let (_, page) = page.expect("it is a command");
        let page = String::from_utf8_lossy(page);
        for part in [
            "tollgate\\-stock\\-set",
            "low\\-at",
            "\\-\\-json",
            "\\-\\-profile",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
    }
}
