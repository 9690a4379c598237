//! Servers that are expected to end by themselves, with one line.

use std::process::Command;

use super::home::Home;
use super::process::{Ended, command, finish};

/// Serves on the home and expects it to end by itself.
pub(crate) fn serve(home: &Home) -> Ended {
    finish(&mut serving(home))
}

pub(crate) fn serving(home: &Home) -> Command {
    let mut serve = command();
    serve
        .arg("serve")
        .arg("--config")
        .arg(home.write_config())
        .current_dir(home.path());
    serve
}

/// What it says: one line on stderr, nothing on stdout, no success.
#[track_caller]
pub(crate) fn one_line(ended: &Ended) -> &str {
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(ended.code.is_some(), "it ends, it is not ended: {ended:?}");
    assert_eq!(ended.stdout, "", "only data goes to stdout");
    let lines: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    lines[0]
}

#[track_caller]
pub(crate) fn assert_names(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
}
