//! A list as a command shows it: a table for people, JSON for machines, once or again whenever it changes.

use std::collections::HashSet;
use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use serde_json::Value;
use tokio::io::Interest;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tollgate_outbound::remote::Server;

use super::columns::{Column, lines_of};
use super::listing::list;
use super::stream::{Heard, Stream};
use super::{failed, print};

/// A list of the API.
#[derive(Debug)]
pub(super) struct Listed {
    /// Where it is asked.
    pub(super) path: &'static str,
    /// Which messages of the live stream say that it may have changed.
    pub(super) topics: &'static [&'static str],
    pub(super) columns: &'static [Column],
}

/// What a list is cut to, by the names of the API.
pub(super) type Filters<'f> = [(&'f str, &'f Option<String>)];

/// How much of a list is shown, and how often.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// How many at the most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Show it again whenever it changes, until Ctrl-C: on a terminal in its place, else only what has
    /// changed.
    #[arg(long)]
    watch: bool,
}

/// Several words as one filter; none is no filter.
pub(super) fn several(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(","))
}

/// A list is drawn again at most this often.
const DRAWN_EVERY: Duration = Duration::from_millis(250);

impl Listed {
    pub(super) async fn show(
        &self,
        server: &Server,
        filters: &Filters<'_>,
        args: &ListArgs,
        json: bool,
    ) -> ExitCode {
        if args.watch {
            let watched = tokio::select! {
                _ = tokio::signal::ctrl_c() => Ok(()),
                () = reader_is_gone() => Ok(()),
                watched = self.watch(server, filters, args.limit, json) => watched,
            };
            return match watched {
                Ok(()) => ExitCode::SUCCESS,
                Err(why) => failed(&why),
            };
        }
        match list(server, self.path, filters, args.limit).await {
            Err(why) => failed(&why),
            Ok(document) if json => print(&format!("{document}\n")),
            Ok(document) => print(&lines_of(self.columns, &rows_of(&document), true)),
        }
    }

    /// Shows it again whenever the live stream has said something. Ends when its output is closed.
    async fn watch(
        &self,
        server: &Server,
        filters: &Filters<'_>,
        limit: u32,
        json: bool,
    ) -> Result<(), String> {
        let stream = Stream::new(server.clone(), self.topics, None)?;
        let mut told = listen(stream);
        let mut shown = Shown::new(self.columns, json);
        // The first thing that is told is that it is listened: what happens behind that is told again.
        while let Some(heard) = told.recv().await {
            heard?;
            match list(server, self.path, filters, limit).await {
                Ok(document) => {
                    if let Err(error) = shown.draw(&rows_of(&document)) {
                        return match error.kind() {
                            std::io::ErrorKind::BrokenPipe => Ok(()),
                            _ => Err(format!("write to stdout: {error}")),
                        };
                    }
                }
                Err(why) if shown.is_empty() => return Err(why),
                // It is asked again with the next beat, or when the server is back.
                Err(why) => anstream::eprintln!("error: {why}"),
            }
            tokio::time::sleep(DRAWN_EVERY).await;
        }
        Ok(())
    }
}

/// Ends when nobody reads the output any more (`| head`): where nothing changes, no writing would show it.
async fn reader_is_gone() {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    // It is only looked at, so that it need not be one that never blocks.
    match stdout.and_then(pipe::Sender::from_owned_fd_unchecked) {
        Ok(stdout) => {
            let _ = stdout.ready(Interest::ERROR).await;
        }
        // A file has no reader.
        Err(_) => std::future::pending().await,
    }
}

fn rows_of(document: &Value) -> Vec<&Value> {
    document["data"].as_array().into_iter().flatten().collect()
}

/// Listens in the background. What is told while nobody has looked is told once.
fn listen(mut stream: Stream) -> mpsc::Receiver<Result<(), String>> {
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let heard = match stream.next().await {
                // A beat tells, too: what no message is about has changed by then.
                Ok(Heard::Connected | Heard::Message(_)) => tell.try_send(Ok(())),
                Err(why) => {
                    let _ = tell.send(Err(why)).await;
                    return;
                }
            };
            if let Err(TrySendError::Closed(_)) = heard {
                return;
            }
        }
    });
    told
}

/// What stands on the screen, or was printed.
struct Shown {
    columns: &'static [Column],
    json: bool,
    /// On a terminal it is drawn in its place.
    in_place: bool,
    /// The rows that were shown last, as JSON; `None` before the first.
    rows: Option<HashSet<String>>,
}

impl Shown {
    fn new(columns: &'static [Column], json: bool) -> Shown {
        Shown {
            columns,
            json,
            in_place: !json && std::io::stdout().is_terminal(),
            rows: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_none()
    }

    fn draw(&mut self, rows: &[&Value]) -> std::io::Result<()> {
        let text = self.text(rows);
        self.rows = Some(rows.iter().map(|row| row.to_string()).collect());
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    fn text(&self, rows: &[&Value]) -> String {
        if self.in_place {
            let height = tcgetwinsize(std::io::stdout()).map_or(0, |size| size.ws_row);
            return framed(&lines_of(self.columns, rows, true), usize::from(height));
        }
        let former = self.rows.as_ref();
        let is_new = |row: &&&Value| former.is_none_or(|former| !former.contains(&row.to_string()));
        let changed: Vec<&Value> = rows.iter().filter(is_new).copied().collect();
        match self.json {
            true => changed.iter().map(|row| format!("{row}\n")).collect(),
            false => lines_of(self.columns, &changed, former.is_none()),
        }
    }
}

/// A screen with as many of the lines as it has room for, in the place of what stood there; 0 is one that does not say
/// how high it is. Line by line, so that it does not flicker.
fn framed(text: &str, height: usize) -> String {
    // What is longer than a line of the terminal is cut, not wrapped: a row is a line.
    const UNWRAPPED: &str = "\u{1b}[?7l";
    const WRAPPED: &str = "\u{1b}[?7h";
    const TO_THE_TOP: &str = "\u{1b}[H";
    const NO_MORE_IN_LINE: &str = "\u{1b}[K";
    const NO_MORE_BELOW: &str = "\u{1b}[J";
    let lines: Vec<&str> = text.lines().collect();
    // The last line is the cursor's.
    let room = height.saturating_sub(1);
    let fits = match height == 0 || lines.len() <= room {
        true => lines.len(),
        false => room.saturating_sub(1),
    };
    let mut screen = format!("{UNWRAPPED}{TO_THE_TOP}");
    for line in &lines[..fits] {
        screen.push_str(&format!("{line}{NO_MORE_IN_LINE}\n"));
    }
    if fits < lines.len() {
        let more = lines.len() - fits;
        screen.push_str(&format!("and {more} more{NO_MORE_IN_LINE}\n"));
    }
    screen + NO_MORE_BELOW + WRAPPED
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::columns::Is;

    const COLUMNS: &[Column] = &[
        Column("code", Is::Word("/code")),
        Column("status", Is::State("/status")),
    ];

    #[test]
    fn on_a_pipe_only_what_has_changed_is_shown_again() {
        let (a, b) = (
            json!({ "code": "A", "status": "new" }),
            json!({ "code": "B", "status": "new" }),
        );
        let paid = json!({ "code": "A", "status": "paid" });
        for (is_json, first, second) in [
            (
                false,
                " code  status\n B     new\n A     new\n",
                " A  paid\n",
            ),
            (
                true,
                "{\"code\":\"B\",\"status\":\"new\"}\n{\"code\":\"A\",\"status\":\"new\"}\n",
                "{\"code\":\"A\",\"status\":\"paid\"}\n",
            ),
        ] {
            let mut shown = Shown {
                columns: COLUMNS,
                json: is_json,
                in_place: false,
                rows: None,
            };
            assert_eq!(shown.text(&[&b, &a]), first);
            shown.rows = Some([&b, &a].map(Value::to_string).into());
            assert_eq!(shown.text(&[&b, &a]), "");
            assert_eq!(shown.text(&[&b, &paid]), second);
        }
    }

    #[test]
    fn a_screen_is_never_scrolled() {
        let lines = |text: &str| text.matches('\n').count();
        let four = "1\n2\n3\n4\n";
        for (height, shown) in [(0, 4), (9, 4), (5, 4), (4, 3), (2, 1), (1, 1)] {
            assert_eq!(lines(&framed(four, height)), shown, "{height}");
        }
        let screen = framed(four, 4).replace("\u{1b}[K", "");
        assert_eq!(
            screen,
            "\u{1b}[?7l\u{1b}[H1\n2\nand 2 more\n\u{1b}[J\u{1b}[?7h"
        );
    }
}
