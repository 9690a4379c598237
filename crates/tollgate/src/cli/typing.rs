//! What a person types: secrets that no terminal shows, and yes or no.

use std::io::{BufRead, IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use super::failed;

/// A line that is typed and not shown. `what` is said where it cannot be read. Ctrl-C is nothing typed: it ends no
/// process while the terminal shows nothing.
pub(super) fn typed(prompt: &str, what: &str) -> Result<String, String> {
    let says = |error: std::io::Error| format!("read {what}: {error}");
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(|error| says(error.into()))?;
    let mut silent = before.clone();
    silent
        .local_modes
        .remove(LocalModes::ECHO | LocalModes::ISIG);
    silent.local_modes.insert(LocalModes::ECHONL);
    let interrupts = interrupts(&before);
    // They end a line as Enter does, so that nobody has to press that, too.
    silent.special_codes[SpecialCodeIndex::VEOL] = interrupts[0];
    silent.special_codes[SpecialCodeIndex::VEOL2] = interrupts[1];
    tcsetattr(&stdin, OptionalActions::Flush, &silent).map_err(|error| says(error.into()))?;
    anstream::eprint!("{prompt}");
    let read = line_of(&mut stdin.lock(), interrupts);
    tcsetattr(&stdin, OptionalActions::Flush, &before).map_err(|error| says(error.into()))?;
    let line = read.map_err(says)?;
    if line.is_none() {
        anstream::eprintln!();
    }
    line.ok_or_else(|| format!("{what} was not typed"))
}

/// What ends a process that is typed to, and what ends it with a core: Ctrl-C and Ctrl-\, if nothing else is set.
fn interrupts(terminal: &Termios) -> [u8; 2] {
    [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT].map(|code| terminal.special_codes[code])
}

/// A line without its end; `None` where it was interrupted.
fn line_of(typed: &mut impl BufRead, interrupts: [u8; 2]) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let part = match typed.fill_buf() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            part => part?,
        };
        let end = part
            .iter()
            .position(|byte| *byte == b'\n' || interrupts.contains(byte));
        let is_interrupted = end.is_some_and(|end| part[end] != b'\n');
        line.extend_from_slice(&part[..end.unwrap_or(part.len())]);
        let is_ended = part.is_empty() || end.is_some();
        let read = end.map_or(part.len(), |end| end + 1);
        typed.consume(read);
        if is_interrupted {
            return Ok(None);
        }
        if is_ended {
            let line = String::from_utf8(line).map_err(|_| {
                std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no text in UTF-8")
            })?;
            return Ok(Some(line.trim_end_matches('\r').to_owned()));
        }
    }
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

/// The same for a command that goes by how it was called: without a terminal it is called wrongly. `doing` says in the
/// error what it was about to do.
pub(super) fn agreed_to(doing: &str, question: &str) -> Result<bool, ExitCode> {
    if !std::io::stdin().is_terminal() {
        anstream::eprintln!("error: {doing}: there is no terminal to ask at; add --yes");
        return Err(ExitCode::from(2));
    }
    agreed(question).map_err(|why| failed(&why))
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    #[test]
    fn what_is_interrupted_is_nothing_typed() {
        for (typed, line) in [
            ("tg_one\nmore", Some("tg_one")),
            ("tg_one\r\n", Some("tg_one")),
            ("tg_one", Some("tg_one")),
            ("\n", Some("")),
            ("tg_o\u{3}", None),
            ("\u{1c}\n", None),
        ] {
            // As a terminal hands it on: bit by bit.
            let (first, second) = typed.as_bytes().split_at(typed.len() / 2);
            let mut typed = BufReader::new(first.chain(second));
            let read = line_of(&mut typed, [3, 0x1c]).expect("it can be read");
            assert_eq!(read.as_deref(), line);
        }
    }
}
