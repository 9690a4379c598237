//! What a person types: secrets that no terminal shows, and yes or no.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// A line that is typed and not shown. `what` is said where it cannot be read.
pub(super) fn typed(prompt: &str, what: &str) -> Result<String, String> {
    let says = |error: std::io::Error| format!("read {what}: {error}");
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(|error| says(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&stdin, OptionalActions::Flush, &silent).map_err(|error| says(error.into()))?;
    anstream::eprint!("{prompt}");
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Flush, &before).map_err(|error| says(error.into()))?;
    read.map_err(says)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The first line of a file, `-` for the standard input.
pub(super) fn first_line(file: &Path, what: &str) -> Result<String, String> {
    let mut text = String::new();
    if file == Path::new("-") {
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| format!("read {what}: {error}"))?;
    } else {
        text = std::fs::read_to_string(file)
            .map_err(|error| format!("read {what} in {}: {error}", file.display()))?;
    }
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Whether a person agrees; without a terminal nobody can be asked.
pub(super) fn agreed(question: &str) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err("there is no terminal to ask at; add --yes".to_owned());
    }
    anstream::eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stderr()
        .flush()
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer))
        .map_err(|error| format!("read the answer: {error}"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
