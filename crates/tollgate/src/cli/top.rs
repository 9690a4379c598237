//! `tollgate top`: how a running server does, second by second.

mod figures;
mod reading;
mod screen;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use self::figures::History;
use self::reading::Reading;
use self::screen::View;
use super::client::{self, ServerArgs};
use super::serve::stop_signal;
use super::stream::{Heard, Stream};
use super::tail::in_words;
use super::{failed, print};
use tollgate_outbound::remote::Server;

/// Show how a running server does: rates, queues, latencies, what needs a person, and what happens.
///
/// Rates and counts are the shop's of the key; queue and latencies are those of the instance that answers. The arrow
/// keys move in what has happened, q ends it. Without a terminal, `--once` prints one picture.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    /// Print one picture as text and end.
    #[arg(long)]
    once: bool,
    /// How many seconds lie between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=60))]
    every: u64,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Messages that are remembered.
const MESSAGES_MAX: usize = 500;

/// How large the picture of `--once` is where there is no terminal: columns and rows.
const PICTURE: (u16, u16) = (100, 17);

/// How long a look for a key takes at the most; then it is seen whether anybody still wants one.
const KEY_POLL: Duration = Duration::from_millis(200);

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let server = match client::server(&args.server, file) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    let every = Duration::from_secs(args.every);
    if args.once {
        return once(&server, every).await;
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return failed("top wants a terminal; `tollgate top --once` prints one picture as text");
    }
    let listening = match client::server(&args.server, file) {
        Ok(server) => Stream::new(server, &[""; 0], None),
        Err(exit) => return exit,
    };
    // What is wrong with the URL or the key is said before the screen is taken.
    let first = match Reading::of(&server).await {
        Ok(first) => first,
        Err(why) => return failed(&why),
    };
    let watched = match listening {
        Ok(stream) => watch(&server, stream, every, first).await,
        Err(why) => Err(why),
    };
    match watched {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(&why),
    }
}

/// Two looks, for rates to be known, and one picture.
async fn once(server: &Server, every: Duration) -> ExitCode {
    let mut history = History::default();
    for pause in [Duration::ZERO, every] {
        match next_reading(server, pause).await {
            Ok(reading) => history.push(reading),
            Err(why) => return failed(&why),
        }
    }
    let messages = VecDeque::new();
    let view = View {
        url: server.url(),
        figures: history.figures(),
        trouble: None,
        has_keys: false,
        messages: &messages,
        scrolled: 0,
    };
    print(&screen::as_text(&view, PICTURE))
}

async fn next_reading(server: &Server, pause: Duration) -> Result<Reading, String> {
    tokio::time::sleep(pause).await;
    Reading::of(server).await
}

/// The screen, given back however this ends.
struct Screen(DefaultTerminal);

impl Screen {
    fn take() -> Result<Screen, String> {
        let terminal = ratatui::try_init();
        terminal
            .map(Screen)
            .map_err(|error| format!("take the terminal: {error}"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What somebody presses.
enum Pressed {
    Quit,
    /// So many lines back in what has happened; negative: forward.
    Back(isize),
    /// The window has another size.
    Other,
}

/// Why nothing is heard, as it was told last.
fn held(silent: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    silent.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws until somebody has seen enough.
async fn watch(
    server: &Server,
    stream: Stream,
    every: Duration,
    first: Reading,
) -> Result<(), String> {
    let mut history = History::default();
    history.push(first);
    let messages = RefCell::new(VecDeque::with_capacity(MESSAGES_MAX));
    let silent = Arc::new(Mutex::new(None));
    let told = Arc::clone(&silent);
    let mut stream = stream.telling(move |why| *held(&told) = Some(why.to_owned()));
    let following = async {
        loop {
            let message = match stream.next().await {
                Ok(Heard::Connected) => None,
                Ok(Heard::Message(message)) => Some(message.data).filter(|data| !data.is_empty()),
                Err(why) => break why,
            };
            *held(&silent) = None;
            if let Some(data) = message {
                let document = serde_json::from_str(&data).unwrap_or_default();
                let mut messages = messages.borrow_mut();
                messages.truncate(MESSAGES_MAX - 1);
                messages.push_front(in_words(&document));
            }
        }
    };
    tokio::pin!(following);
    let stop = stop_signal();
    tokio::pin!(stop);
    let mut screen = Screen::take()?;
    let mut keys = keys();
    let mut next = Box::pin(next_reading(server, every));
    let (mut scrolled, mut trouble) = (0_usize, None);
    loop {
        {
            let messages = messages.borrow();
            scrolled = scrolled.min(messages.len().saturating_sub(1));
            let view = View {
                url: server.url(),
                figures: history.figures(),
                trouble: trouble.clone().or_else(|| held(&silent).clone()),
                has_keys: true,
                messages: &messages,
                scrolled,
            };
            let drawn = screen.0.draw(|frame| screen::draw(frame, &view));
            drawn.map_err(|error| format!("draw: {error}"))?;
        }
        tokio::select! {
            why = &mut following => return Err(why),
            read = &mut next => {
                next = Box::pin(next_reading(server, every));
                trouble = read.map(|reading| history.push(reading)).err();
            }
            pressed = keys.recv() => match pressed {
                Some(Pressed::Quit) | None => return Ok(()),
                Some(Pressed::Back(lines)) => scrolled = scrolled.saturating_add_signed(lines),
                Some(Pressed::Other) => {}
            },
            // What has happened is drawn also where nothing else has.
            () = tokio::time::sleep(KEY_POLL) => {}
            () = &mut stop => return Ok(()),
        }
    }
}

/// What is pressed, read by a thread of its own: a terminal is read by waiting.
fn keys() -> mpsc::Receiver<Pressed> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        while !sender.is_closed() {
            let pressed = match event::poll(KEY_POLL) {
                Ok(false) => continue,
                Ok(true) => event::read().map(|event| meant(&event)),
                Err(error) => Err(error),
            };
            let Ok(pressed) = pressed else { return };
            if sender.blocking_send(pressed).is_err() {
                return;
            }
        }
    });
    receiver
}

fn meant(event: &Event) -> Pressed {
    let Event::Key(key) = event else {
        return Pressed::Other;
    };
    if key.kind == KeyEventKind::Release {
        return Pressed::Other;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Pressed::Quit,
        KeyCode::Char('c' | 'd') if is_control => Pressed::Quit,
        KeyCode::Down => Pressed::Back(1),
        KeyCode::Up => Pressed::Back(-1),
        KeyCode::PageDown => Pressed::Back(10),
        KeyCode::PageUp => Pressed::Back(-10),
        KeyCode::End => Pressed::Back(MESSAGES_MAX.cast_signed()),
        KeyCode::Home => Pressed::Back(-MESSAGES_MAX.cast_signed()),
        _ => Pressed::Other,
    }
}
